"""Every setting, once: its name, type, default, and a sentence. Read by `wiring` and the command line alone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import Field, dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

from opendata.beside import find_instance_folder
from opendata.errors import N_, UsageError
from opendata.instance_file import read_instance_file
from opendata.setting_groups import SparkSettings, parse_issuer
from opendata.setting_groups import declare as _setting
from opendata.setting_values import (
    REVIEW_CHECKS,
    is_bucket,
    parse_address,
    parse_contacts,
    parse_hosts,
    parse_index_pattern,
    parse_mail,
    parse_metrics_token,
    parse_networks,
    parse_or_never,
    parse_plain,
    parse_port,
    parse_prefix,
    parse_queue,
    parse_review_checks,
    parse_scanner,
    parse_sender,
    parse_source_hosts,
    parse_store,
    parse_timezone,
    show_default,
)
from opendata.setting_values import variable_of as variable_of

SOURCE_LANGUAGE = "en"
"""The language of the texts in the code."""

TRANSLATIONS = Path(__file__).resolve().parent / "wording" / "translations"
LANGUAGES = (*sorted(path.name for path in TRANSLATIONS.iterdir() if path.is_dir()), SOURCE_LANGUAGE)
"""The languages the program speaks: each that has a folder of translations, and English."""

KEEP_TRUNCATED, KEEP_FULL, KEEP_NONE = "truncated", "full", "none"
"""How much of a network address is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(SparkSettings):
    """All settings of one instance. The variable of a setting is `OPENDATA_` and its name in capitals."""

    home: Path = _setting(find_instance_folder(), "The instance folder: database, stores, keys, queue.")
    database_url: str = _setting(
        "", "SQLAlchemy address of the database; empty: SQLite in the instance folder.", has_password=True
    )
    database_seconds: int = _setting(
        30,
        "How long PostgreSQL may take to answer a statement of the web server or the worker; after that the request"
        " gets 503.",
        unit="seconds",
    )
    store: str = _setting(
        "", "Folder or address (s3://bucket/prefix) of the public store; empty: `store` in the instance folder."
    )
    private_store: str = _setting(
        "", "Folder or address of originals, drafts and reports; empty: `private` in the instance folder."
    )
    base_url: str = _setting("", "Public address of the portal, without a final slash; empty: that of the request.")
    other_hosts: tuple[str, ...] = _setting(
        (),
        "Further hosts that requests may name once `OPENDATA_BASE_URL` is set (comma-separated), such as"
        " 10.0.0.5:8000.",
    )
    security_contact: tuple[str, ...] = _setting(
        (),
        "Where to report weaknesses, for `/.well-known/security.txt`: mailto:, https: or tel: addresses"
        " (comma-separated); empty: no such file.",
    )
    title: str = _setting("", "Name of the portal on its pages; empty: a general name.")
    languages: tuple[str, ...] = _setting(
        ("zh", "en"), "Languages of the portal, the default first (comma-separated: zh, en)."
    )
    timezone: str = _setting("Asia/Shanghai", "Time zone in which pages show times.")
    review: str = _setting(
        "two-person", "`two-person`: another person approves before publication; `none`: submitting publishes."
    )
    review_checks: tuple[str, ...] = _setting(
        REVIEW_CHECKS,
        "Checks that a reviewer signs before a draft can be approved (comma-separated)."
        " `secrecy` and `privacy` can't be left out.",
    )
    second_factor: str = _setting(
        "optional", "`required`: those who publish or look after the portal need a second factor; `optional`: they may."
    )
    secret_key: str = _setting(
        "", "Signs the cookie that guards forms; empty: a random one kept in the instance folder.", secret=True
    )
    max_upload_bytes: int = _setting(
        4 * 1024**3, "Largest request accepted, and largest file sent in pieces.", unit="bytes"
    )
    max_pending_bytes: int = _setting(
        20 * 1024**3, "Largest total size of one publisher's uploads that aren't in a draft yet.", unit="bytes"
    )
    free_bytes: int = _setting(
        1024**3, "Room that the disk of the private store keeps: with less, files are refused (507).", unit="bytes"
    )
    upload_hours: int = _setting(
        24, "How long an upload is kept after its last piece, and a finished one for drafts to refer to.", unit="hours"
    )
    report_limit: int = _setting(
        100_000, "Findings stored of each rule and column of a table; counts stay exact.", unit="findings"
    )
    lease_seconds: int = _setting(
        60, "How long a worker may be silent before another takes over its draft.", unit="seconds"
    )
    max_attempts: int = _setting(
        5, "How often processing of a draft is tried before it counts as failed.", unit="tries"
    )
    sweep_seconds: int = _setting(15, "How often the worker looks for lost work.", unit="seconds")
    queue_url: str = _setting(
        "",
        "Address of a Redis that several machines share as their queue (redis://, rediss:// or unix://);"
        " empty: the database, if that is PostgreSQL, else SQLite in the instance folder.",
        has_password=True,
    )
    mail_url: str = _setting(
        "",
        "Mail server: smtps://, smtp+starttls:// or smtp:// (unencrypted), such as"
        " smtp+starttls://user:password@mail.example.org:587; empty: no mail is sent.",
        has_password=True,
    )
    mail_from: str = _setting("", "Sender of the portal's mail, such as noreply@data.example.org.")
    mail_seconds: int = _setting(30, "How long the mail server may take for each answer.", unit="seconds")
    fsck_days: int = _setting(
        30,
        "Within how many days the worker hashes every published file again, a slice at a time; 0: never.",
        unit="days",
    )
    part_rows: int = _setting(20_000_000, "Larger tables are published in parts of this size; 0: never.", unit="rows")
    private_retention_days: int = _setting(
        365, "How long “gc” keeps originals and reports of drafts that were published.", unit="days"
    )
    purge_url: str = _setting(
        "", 'Address that gets a POST of `{"prefix": …}` when caches must drop these addresses; empty: none.'
    )
    derived: str = _setting(
        "", "Folder of files made on demand, which can be deleted at any time; empty: `derived` in the instance folder."
    )
    search: str = _setting("", "Folder of this machine's search index; empty: `search` in the instance folder.")
    derived_bytes: int = _setting(
        20 * 1024**3, "Largest total size of the files made on demand; the least used are deleted first.", unit="bytes"
    )
    encoded_bytes: int = _setting(
        32 * 1024**2, "Largest CSV or JSON file of which compressed variants are made and kept.", unit="bytes"
    )
    accel_prefix: str = _setting(
        "",
        "Path under which nginx sends files (`X-Accel-Redirect`), such as /_files; empty: the web process sends them.",
    )
    work_memory_bytes: int = _setting(
        3 * 1024**3, "Memory that the work on one draft may take, beyond what an idle process has.", unit="bytes"
    )
    preview_memory_bytes: int = _setting(
        1024**3, "Memory that showing how a file is read may take, beyond what an idle process has.", unit="bytes"
    )
    preview_seconds: int = _setting(20, "How long showing how a file is read may take.", unit="seconds")
    query_seconds: int = _setting(
        10, "How long the engine may take for a query; for all rows of an answer six times as long.", unit="seconds"
    )
    query_memory_bytes: int = _setting(1024**3, "Memory that a query may take.", unit="bytes")
    query_processes: int = _setting(
        2, "How many queries each process of the web server runs at once.", unit="processes"
    )
    work_processes: int = _setting(
        2,
        "How many drafts a worker checks at once. No publisher holds all of them, if there are more.",
        unit="processes",
    )
    work_seconds: int = _setting(
        600,
        "How long the work on a draft may go without progress. In total it may take four times as long, and a second"
        " more for each MB.",
        unit="seconds",
    )
    scanner: str = _setting(
        "",
        "Address of the virus scanner clamd (unix:/run/clamav/clamd.ctl or tcp://127.0.0.1:3310), which checks every"
        " file before it is read; empty: none.",
    )
    source_hosts: tuple[str, ...] = _setting(
        (),
        "Hosts and networks inside your network that sources may fetch from (comma-separated), such as"
        " files.example.org:22 or 10.1.0.0/16; empty: public addresses alone.",
    )
    source_folder: str = _setting("", "Folder of SQLite files that sources may read; empty: none.")
    source_seconds: int = _setting(600, "How long fetching from a source may take.", unit="seconds")
    requests_per_minute: int = _setting(
        3000,
        "How many changes and costly requests each account, each token, and each address without an account may send in"
        " a minute, and as many searches besides; 0: any number.",
        unit="requests",
    )
    queries_per_minute: int = _setting(
        1500, "How many queries of rows each of them may send in a minute; 0: any number.", unit="requests"
    )
    exports_per_minute: int = _setting(
        120,
        "How many exports of whole results, and queries that join tables, each of them may send in a minute;"
        " 0: any number.",
        unit="requests",
    )
    queries_at_once: int = _setting(
        6, "How many queries run at once on a machine. Exports and joins take at most half of that.", unit="queries"
    )
    client_queries_at_once: int = _setting(
        3, "How many queries of one account, token or address run at once on a machine.", unit="queries"
    )
    trusted_proxies: tuple[str, ...] = _setting(
        (),
        "Addresses or networks of the web servers in front (comma-separated), whose `X-Forwarded-For` is believed;"
        " empty: none.",
    )
    audit_addresses: str = _setting(
        KEEP_TRUNCATED,
        "Addresses in the audit log and the list of sessions: `truncated` (IPv4 /24, IPv6 /48), `full` or `none`.",
    )
    audit_retention_days: int = _setting(
        1095, "How long the audit log keeps events; the worker cuts older ones off.", unit="days"
    )
    session_idle_minutes: int = _setting(
        120, "After how long without a request a person has to sign in again.", unit="minutes"
    )
    session_hours: int = _setting(12, "After how long a person has to sign in again in any case.", unit="hours")
    secure_cookies: bool = _setting(
        False,
        "Send cookies over HTTPS only, also where `OPENDATA_BASE_URL` doesn't begin with https.",
    )

    @property
    def has_https(self) -> bool:
        """Whether readers reach the portal over HTTPS."""
        return self.secure_cookies or self.base_url.startswith("https://")

    @property
    def sends_mail(self) -> bool:
        """Whether the portal sends mail: links in it need the public address."""
        return bool(self.mail_url and self.mail_from and self.base_url)

    @property
    def database(self) -> str:
        """The database address in force."""
        return self.database_url or f"sqlite:///{self.home / 'opendata.sqlite'}"

    @property
    def public_folder(self) -> Path:
        """Where the public store lies, unless it is in a bucket."""
        return self.home / Path("store" if is_bucket(self.store) else self.store or "store").expanduser()

    @property
    def receiving_folder(self) -> Path:
        """Where uploads are written while they arrive: on the disk of the private store, where they will stay."""
        return self.private_folder / "work"

    @property
    def upload_folder(self) -> Path:
        """Where files sent in pieces lie until they expire: on the disk of the private store."""
        return self.private_folder / "uploads"

    @property
    def derived_folder(self) -> Path:
        """The folder of files made on demand, outside both stores."""
        return self.home / Path(self.derived or "derived").expanduser()

    @property
    def search_folder(self) -> Path:
        """The folder of the search index."""
        return self.home / Path(self.search or "search").expanduser()

    @property
    def private_folder(self) -> Path:
        """Where work in progress lies, and the private store unless that is in a bucket."""
        return (
            self.home
            / Path("private" if is_bucket(self.private_store) else self.private_store or "private").expanduser()
        )

    @property
    def queue_file(self) -> Path:
        """The queue's SQLite file."""
        return self.home / "queue.sqlite"

    @property
    def key_folder(self) -> Path:
        """Where signing keys and the session secret lie, outside both stores."""
        return self.home / "keys"


@dataclass(frozen=True, slots=True)
class SettingInfo:
    """One line of `opendata config`."""

    variable: str
    name: str
    default: str
    unit: str
    about: str
    secret: bool


def list_settings() -> tuple[SettingInfo, ...]:
    """Every setting there is, in declaration order."""
    return tuple(
        SettingInfo(
            variable=variable_of(item.name),
            name=item.name,
            default=show_default(item.default),
            unit=item.metadata["unit"],
            about=item.metadata["about"],
            secret=item.metadata["secret"],
        )
        for item in _list_fields()
    )


def _list_fields() -> list[Field[Any]]:
    """The fields of the settings: their own first, then those of groups."""
    grouped = {item.name for item in fields(SparkSettings)}
    return sorted(fields(Settings), key=lambda item: item.name in grouped)


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings: the environment wins over the instance file, which wins over the defaults.

    Raises `UsageError` naming the variable whose value is not allowed.
    """
    environ = os.environ if environ is None else environ
    home = Path(environ.get("OPENDATA_HOME") or find_instance_folder()).expanduser().absolute()
    found = {**read_instance_file(home), **environ}
    values: dict[str, object] = {"home": home}
    for item in _list_fields():
        text = found.get(variable_of(item.name), "")
        if item.name != "home" and text != "":
            check = _CHECKS.get(item.name) or partial(parse_plain, choices=_CHOICES.get(item.name, ()))
            values[item.name] = check(item.name, item.default, text)
    for name, needed in _NEEDED:
        if values.get(name) and not values.get(needed):
            text = N_("%(name)s is set, so %(variable)s must be set too")
            raise UsageError(text, name=variable_of(name), variable=variable_of(needed))
    return Settings(**values)  # type: ignore[arg-type]


_NEEDED = (
    *(("mail_url", "mail_from"), ("mail_url", "base_url")),
    *(("oidc_issuer", "oidc_client_id"), ("oidc_issuer", "base_url")),
    ("s3_secret", "s3_key_id"),
)
"""Settings, and what each needs as well."""

_CHOICES = {
    "review": ("none", "two-person"),
    "second_factor": ("optional", "required"),
    "languages": LANGUAGES,
    "audit_addresses": (KEEP_TRUNCATED, KEEP_FULL, KEEP_NONE),
    "downloads": ("stream", "redirect"),
    "s3_encryption": ("AES256", "aws:kms"),
    "log": ("json", "text"),
    "otel": ("on", "off"),
}


_CHECKS = {
    **dict.fromkeys(("fsck_days", "part_rows", "drain_seconds", "page_cache_bytes"), parse_or_never),
    **dict.fromkeys(("requests_per_minute", "queries_per_minute", "exports_per_minute"), parse_or_never),
    "metrics_port": parse_port,
    "metrics_token": parse_metrics_token,
    "accel_prefix": parse_prefix,
    "base_url": parse_address,
    "other_hosts": parse_hosts,
    "security_contact": parse_contacts,
    "index_number": parse_index_pattern,
    "mail_from": parse_sender,
    "mail_url": parse_mail,
    "oidc_issuer": parse_issuer,
    "queue_url": parse_queue,
    "review_checks": parse_review_checks,
    "scanner": parse_scanner,
    "s3_endpoint": parse_address,
    "source_hosts": parse_source_hosts,
    **dict.fromkeys(("store", "private_store"), parse_store),
    "timezone": parse_timezone,
    "trusted_proxies": parse_networks,
}
