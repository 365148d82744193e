"""How a setting is declared, and the settings that belong together: each group is a base of `Settings`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from opendata.errors import N_, UsageError
from opendata.setting_values import variable_of


def declare(default: object, about: str, *, unit: str = "", secret: bool = False, has_password: bool = False) -> Any:
    """A setting. One that is a secret, or an address that may have a password in it, isn't in any `repr`."""
    metadata = {"about": about, "unit": unit, "secret": secret}
    return field(default=default, repr=not (secret or has_password), metadata=metadata)


REDIRECT = "redirect"
"""Readers fetch files from the object store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Settings:
    """Stores in buckets of an object store, and how downloads come out of them."""

    s3_endpoint: str = declare(
        "", "Address of the object store for stores at s3:// addresses, such as https://s3.example.org; empty: AWS."
    )
    s3_region: str = declare("us-east-1", "Region that requests to the object store are signed for.")
    s3_key_id: str = declare(
        "", "Name of the key for the object store; empty: the key that the machine has (`AWS_…`, instance roles)."
    )
    s3_secret: str = declare("", "Secret of that key.", secret=True)
    s3_secret_file: str = declare("", "File with the secret of that key, instead of `OPENDATA_S3_SECRET`.")
    s3_path_style: bool = declare(
        True, "Whether the bucket is a part of the path (https://host/bucket) or of the host (https://bucket.host)."
    )
    s3_encryption: str = declare(
        "", "Encryption that the object store is asked for: `AES256` (SSE-S3) or `aws:kms`; empty: its own choice."
    )
    s3_encryption_key: str = declare("", "ID of the key at the key management service, for `aws:kms`.")
    s3_seconds: int = declare(
        10, "How long the object store may take for an answer, and six times as long to take a part.", unit="seconds"
    )
    cache: str = declare(
        "", "Folder of files of an object store that this machine has fetched; empty: `cache` in the instance folder."
    )
    cache_bytes: int = declare(
        20 * 1024**3, "Largest total size of these files; the least used are deleted first.", unit="bytes"
    )
    downloads: str = declare(
        "stream",
        "`stream`: the portal sends files of an object store itself; `redirect`: it sends readers there, for files that"
        " anybody may have.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenidSettings(S3Settings):
    """Signing in through another system (OpenID Connect)."""

    oidc_issuer: str = declare(
        "",
        "Address of the system through which people may sign in (OpenID Connect), exactly as its discovery document"
        " names it, such as https://login.example.org/realms/gov; empty: none.",
    )
    oidc_client_id: str = declare("", "What that system calls the portal (client ID).")
    oidc_client_secret: str = declare(
        "", "The portal's secret at that system; empty: it is a public client.", secret=True
    )
    oidc_name: str = declare("", "What the button calls that system; empty: its host.")
    oidc_create: bool = declare(
        False,
        "Whether people whom that system knows, and the portal doesn't, get a reader's account when they first sign"
        " in.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenSettings(OpenidSettings):
    """What is seen of the instance from outside, and how a node of it goes out of service."""

    metrics_port: int = declare(
        0,
        "Port of this machine (127.0.0.1) at which figures for Prometheus are given at `/metrics`; 0: none.",
        unit="port",
    )
    metrics_token: str = declare(
        "",
        "Bearer token with which `/metrics` of the portal itself gives these figures; empty: that address answers 404.",
        secret=True,
    )
    log: str = declare(
        "",
        "`json` or `text`: log a line for each request and each job, in this form; empty: only what goes wrong, as"
        " text.",
    )
    otel: str = declare(
        "",
        "`on`: send traces by OpenTelemetry, as the variables `OTEL_*` say; `off`: never; empty: if"
        " `OTEL_EXPORTER_OTLP_ENDPOINT` is set.",
    )
    drain_seconds: int = declare(
        0,
        "After SIGTERM, how long `opendata serve` still serves while `/readyz` says that it isn't ready, so that the"
        " web server in front stops sending; 0: not at all.",
        unit="seconds",
    )
    finish_seconds: int = declare(
        20,
        "After that, how long requests and drafts at hand may take to finish. Requests are then cut off; drafts go to"
        " another worker.",
        unit="seconds",
    )
    page_cache_bytes: int = declare(
        64 * 1024**2,
        "Memory that each web process may use to keep finished pages for readers who aren't signed in; 0: none.",
        unit="bytes",
    )
    page_cache_seconds: int = declare(
        30,
        "How long such a page may be given again. A change is seen at once; what changes with time alone, after this.",
        unit="seconds",
    )

    @property
    def gives_figures(self) -> bool:
        """Whether processes count for Prometheus."""
        return bool(self.metrics_port or self.metrics_token)


@dataclass(frozen=True, slots=True, kw_only=True)
class GovernanceSettings(SeenSettings):
    """Who answers for what: the inventory, duties, requests, the portal's own lists. One group is built on another."""

    lists_publisher: str = declare(
        "", "The publisher under whose name the portal publishes its own lists every day; empty: it publishes none."
    )
    index_number: str = declare(
        "{uscc}/{year}-{serial}",
        "Pattern of the index numbers that items of the inventory get, from `{uscc}` (the publisher's unified social"
        " credit code), `{organisation}` (the nine characters of the organisation in it), `{year}`, `{month}` and"
        " `{serial}`.",
    )
    remind_days: int = declare(
        5, "How many working days before a duty is due people are reminded by mail.", unit="working days"
    )
    access_days: int = declare(
        15, "How long a publisher may take to answer an application for data.", unit="working days"
    )
    objection_days: int = declare(3, "How long a publisher may take to answer an objection.", unit="working days")
    asker_days: int = declare(180, "How long the portal keeps who made a request, after it ends.", unit="days")
    register_check_days: int = declare(
        20,
        "How long the register office of public data resources may take for its formal check of an application that it"
        " accepted. Your register office sets this.",
        unit="working days",
    )
    register_notice_days: int = declare(
        10,
        "How long the register office shows an application to the public (公示). Your register office sets this.",
        unit="working days",
    )
    register_valid_years: int = declare(
        3, "How long a registration is valid. Your register office sets this.", unit="years"
    )
    register_renewal_days: int = declare(
        60,
        "How long before its end a registration must be renewed. Your register office sets this.",
        unit="days",
    )
    register_apply_days: int = declare(
        20,
        "How long a publisher may take to apply for the registration of a dataset under authorised operation, and of a"
        " change. The national rules name no number, so the portal has this one.",
        unit="working days",
    )
    register_all_changes: bool = declare(
        True,
        "Whether every new version of a registered dataset makes the registration of a change due; otherwise only one"
        " in which tables or columns changed (the first number of the version rises).",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SparkSettings(GovernanceSettings):
    """The cluster that checks tables which are large for one machine."""

    spark_url: str = declare(
        "",
        "Master of a Spark cluster that checks large tables, such as spark://10.0.0.5:7077; empty: this machine checks"
        " all. Needs the extra `spark`.",
    )
    spark_folder: str = declare(
        "",
        "Folder for tables at the cluster, which all its machines see under the same path; empty: the system's folder"
        " for temporary files, for a cluster on one machine.",
    )
    spark_bytes: int = declare(
        1024**3, "Tables from this size on are checked by the cluster, if there is one.", unit="bytes"
    )


def parse_issuer(name: str, default: object, text: str) -> str:  # noqa: ARG001 - all take the same
    """The address of another system: encrypted, unless it is this machine. Raises `UsageError`."""
    host = r"[A-Za-z0-9.-]+(:[0-9]{1,5})?"
    if not re.fullmatch(rf"(https://{host}|http://(localhost|127\.0\.0\.1)(:[0-9]{{1,5}})?)(/[^?#\s]*)?", text):
        raise UsageError(
            N_(
                "%(variable)s must be an address such as https://login.example.org/realms/gov, not “%(value)s”."
                " Without encryption (http) it can only be on this machine"
            ),
            variable=variable_of(name),
            value=re.sub(r"(?<=://).*@", "…@", text)[:100],
        )
    return text
