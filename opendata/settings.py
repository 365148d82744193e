"""Every setting, once: its name, type, default, and a sentence. Read by `wiring` and the command line alone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from opendata.errors import N_, UsageError

INSTANCE_FILE = "opendata.env"
"""The file in the instance folder that keeps the settings `init` and `demo` chose (`NAME=value` lines)."""

_CHECKOUT = Path(__file__).resolve().parent.parent


def _setting(default: object, about: str, *, unit: str = "", secret: bool = False) -> Any:
    return field(default=default, metadata={"about": about, "unit": unit, "secret": secret})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of one instance. The variable of a setting is `OPENDATA_` and its name in capitals."""

    home: Path = _setting(_CHECKOUT / "var", "The instance folder: database, stores, keys, queue.")
    database_url: str = _setting("", "SQLAlchemy address of the database; empty: SQLite in the instance folder.")
    store: str = _setting("", "Folder of the public store; empty: `store` in the instance folder.")
    private_store: str = _setting(
        "", "Folder of originals, drafts and reports; empty: `private` in the instance folder."
    )
    base_url: str = _setting("", "Public address of the portal, without a final slash; empty: that of the request.")
    title: str = _setting("", "Name of the portal as its pages show it; empty: a general name.")
    languages: tuple[str, ...] = _setting(
        ("zh", "en"), "Languages of the portal, the default first (comma-separated: zh, en)."
    )
    timezone: str = _setting("Asia/Shanghai", "Time zone in which pages show times.")
    review: str = _setting(
        "two-person", "`two-person`: another person approves before publication; `none`: submitting publishes."
    )
    secret_key: str = _setting("", "Signs sessions; empty: a random one kept in the instance folder.", secret=True)
    max_upload_bytes: int = _setting(4 * 1024**3, "Largest request accepted.", unit="bytes")
    report_limit: int = _setting(1000, "Errors listed in a report; counts stay exact.", unit="errors")
    lease_seconds: int = _setting(
        60, "How long a worker may be silent before another takes over its draft.", unit="seconds"
    )
    max_attempts: int = _setting(
        5, "How often processing of a draft is tried before it counts as failed.", unit="tries"
    )
    sweep_seconds: int = _setting(15, "How often the worker looks for lost work.", unit="seconds")
    secure_cookies: bool = _setting(
        False, "Send session cookies over HTTPS only; set it wherever the portal has HTTPS."
    )

    @property
    def database(self) -> str:
        """The database address in force."""
        return self.database_url or f"sqlite:///{self.home / 'opendata.sqlite'}"

    @property
    def public_folder(self) -> Path:
        """Where the public store lies."""
        return Path(self.store) if self.store else self.home / "store"

    @property
    def private_folder(self) -> Path:
        """Where the private store lies."""
        return Path(self.private_store) if self.private_store else self.home / "private"

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
            default=_show(item.default),
            unit=item.metadata["unit"],
            about=item.metadata["about"],
            secret=item.metadata["secret"],
        )
        for item in fields(Settings)
    )


def variable_of(name: str) -> str:
    """The environment variable of a setting."""
    return f"OPENDATA_{name.upper()}"


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings: the environment wins over the instance file, which wins over the defaults.

    Raises `UsageError` naming the variable whose value is not allowed.
    """
    environ = os.environ if environ is None else environ
    home = Path(environ.get("OPENDATA_HOME") or _CHECKOUT / "var").expanduser().absolute()
    found = {**read_instance_file(home), **environ}
    values: dict[str, object] = {"home": home}
    for item in fields(Settings):
        text = found.get(variable_of(item.name), "")
        if item.name != "home" and text != "":
            values[item.name] = _parse(item.name, item.default, text)
    return Settings(**values)  # type: ignore[arg-type]


def read_instance_file(home: Path) -> dict[str, str]:
    """The `NAME=value` lines of the instance file, or nothing where there is none."""
    try:
        lines = (home / INSTANCE_FILE).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.lstrip().startswith("#"))
    return {name.strip(): value.strip() for name, value in pairs}


def write_instance_file(home: Path, values: Mapping[str, str]) -> None:
    """Keep settings in the instance folder, replacing those of the same name."""
    merged = {**read_instance_file(home), **values}
    text = "".join(f"{name}={value}\n" for name, value in sorted(merged.items()))
    (home / INSTANCE_FILE).write_text(text, encoding="utf-8")


_CHOICES = {"review": ("none", "two-person")}


def _parse(name: str, default: object, text: str) -> object:
    if name in _CHOICES and text not in _CHOICES[name]:
        raise UsageError(
            N_("%(variable)s must be one of %(choices)s, not “%(value)s”"),
            variable=variable_of(name),
            choices=", ".join(_CHOICES[name]),
            value=text,
        )
    if isinstance(default, bool):
        return text.lower() in {"1", "true", "yes", "on"}
    if isinstance(default, int):
        if not text.isdigit() or int(text) < 1:
            raise UsageError(
                N_("%(variable)s must be a whole number above 0, not “%(value)s”"),
                variable=variable_of(name),
                value=text,
            )
        return int(text)
    if isinstance(default, tuple):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    return text


def _show(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Path):
        return "./var"
    return str(value)
