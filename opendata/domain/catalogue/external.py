"""Resources elsewhere: an address at another portal, with the kind of what answers there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self
from urllib.parse import urlsplit


class ExternalKind(StrEnum):
    """What is at an address: a file to download, an interface for programs, a map service, or a page for people."""

    FILE = "file"
    API = "api"
    MAP = "map"
    PAGE = "page"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalResource:
    """An address elsewhere. `format` is a suffix in small letters, such as `csv`; what isn't known is empty.

    `address` begins with http or https. `bytes` is what the other portal says.
    """

    address: str
    title: str = ""
    description: str = ""
    format: str = ""
    media_type: str = ""
    kind: ExternalKind = ExternalKind.FILE
    bytes: int | None = None

    def to_json(self) -> dict[str, Any]:
        """As it is kept and sent; what is empty is left out."""
        found = {
            "url": self.address,
            "title": self.title,
            "description": self.description,
            "format": self.format,
            "mediaType": self.media_type,
            "kind": str(self.kind),
            "bytes": self.bytes,
        }
        return {name: value for name, value in found.items() if value not in ("", None)}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Self:
        """The value of what `to_json` wrote."""
        kind = said.get("kind")
        size = said.get("bytes")
        return cls(
            address=str(said.get("url") or ""),
            title=str(said.get("title") or ""),
            description=str(said.get("description") or ""),
            format=str(said.get("format") or ""),
            media_type=str(said.get("mediaType") or ""),
            kind=ExternalKind(kind) if kind in list(ExternalKind) else ExternalKind.FILE,
            bytes=size if isinstance(size, int) else None,
        )


def is_web_address(text: str) -> bool:
    """Whether a text is an address that a browser can open: http or https, with a host, without spaces."""
    if not text.isprintable() or " " in text or len(text) > 2000:
        return False
    try:
        found = urlsplit(text)
        return found.scheme in ("http", "https") and bool(found.hostname) and found.username is None
    except ValueError:
        return False
