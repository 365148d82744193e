"""Addresses of sources in their parts, and what is wrong with a text that isn't one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self
from urllib.parse import unquote, urlsplit

from opendata.errors import N_, Fault, fault


class SourceKind(StrEnum):
    """How a source is asked."""

    HTTP = "http"
    SFTP = "sftp"
    SQL = "sql"


class Encryption(StrEnum):
    """How the connection to a database is encrypted. The words are those of PostgreSQL's `sslmode`."""

    VERIFIED = "verify-full"
    REQUIRED = "require"
    OFFERED = "prefer"


SECRET_PLACE = "{secret}"  # noqa: S105 - the text that marks its place
"""What an address has in place of the secret, where that belongs into its query."""

_ENCRYPTION = "sslmode"

_KINDS: Mapping[str, tuple[SourceKind, int]] = {
    "http": (SourceKind.HTTP, 80),
    "https": (SourceKind.HTTP, 443),
    "sftp": (SourceKind.SFTP, 22),
    "postgresql": (SourceKind.SQL, 5432),
    "sqlite": (SourceKind.SQL, 0),
}
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|[0-9A-Fa-f:.]+")
_MOST_CHARACTERS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceAddress:
    """An address in its parts; `path` is decoded for SFTP and SQL, and as it was written for HTTP, with its query."""

    scheme: str
    host: str
    port: int
    user: str
    path: str
    options: str = ""

    @property
    def kind(self) -> SourceKind:
        """How it is asked."""
        return _KINDS[self.scheme][0]

    @property
    def party(self) -> tuple[str, str, int, str]:
        """Who gets the secret: another party has no use of it."""
        return self.scheme, self.host, self.port, self.user

    @classmethod
    def parse(cls, text: str) -> Self | Fault:
        """The parts of an address, or what is wrong with it."""
        try:
            found = urlsplit(text)
            port = found.port
        except ValueError:
            return _refuse_address()
        if len(text) > _MOST_CHARACTERS or not text.isprintable() or " " in text or found.scheme not in _KINDS:
            return _refuse_address()
        if found.password is not None:
            return fault("/url", N_("Leave the password out of the address. Enter it as the secret"))
        if found.fragment:
            return fault("/url", N_("Leave out the part of the address that begins with “#”"))
        host = (found.hostname or "").lower()
        is_file = found.scheme == "sqlite"
        if is_file:
            is_right = not found.netloc and found.path.startswith("/") and len(found.path) > 1 and not found.query
        else:
            is_right = bool(_HOST.fullmatch(host)) and port != 0
        kind, usual = _KINDS[found.scheme]
        if kind != SourceKind.HTTP and not is_file:
            is_right = is_right and len(found.path) > 1 and bool(found.username)
            is_right = is_right and (kind == SourceKind.SQL or not found.query)
        if not is_right:
            return _refuse_address()
        path = unquote(found.path)
        if kind == SourceKind.HTTP:
            path = (found.path or "/") + (f"?{found.query}" if found.query else "")
        return cls(
            scheme=found.scheme,
            host=host,
            port=port or usual,
            user=unquote(found.username or ""),
            path=path,
            options=found.query if kind == SourceKind.SQL else "",
        )


def split_encryption(url: str) -> tuple[str, str]:
    """The address of a database without what it says of encryption, and that; empty if it says nothing we offer."""
    place, mark, options = url.partition("?")
    name, _, mode = options.partition("=")
    return (place, mode) if mark and name == _ENCRYPTION and mode in list(Encryption) else (url, "")


def join_encryption(url: str, mode: str) -> str:
    """The address of a PostgreSQL database with what is chosen for encryption, in place of what it says itself."""
    place, _, options = url.partition("?")
    is_chosen = mode in list(Encryption) and place.partition(":")[0].lower() == "postgresql"
    return f"{place}?{_ENCRYPTION}={mode}" if is_chosen and options.partition("=")[0] in ("", _ENCRYPTION) else url


def _refuse_address() -> Fault:
    return fault(
        "/url",
        N_(
            "Enter an address such as https://example.org/levels.csv, sftp://user@example.org/levels.csv or"
            " postgresql://user@example.org/database"
        ),
    )
