"""Addresses of the portal → keys of the mirror: which file holds what an address answers.

    /datasets/x            → datasets/x/index.html        a page, in the default language
    /datasets/x?lang=en    → en/datasets/x/index.html     in another one
    /datasets?cursor=…     → datasets/~2/index.html       the second page of a list
    /datasets/x.json       → datasets/x.json              a document
    /api/v1/datasets/x     → api/v1/datasets/x/index.json a document of REST; in a bucket api/v1/datasets/x

No id begins with a tilde, so numbered pages take no address away.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from urllib.parse import quote, unquote

PAGE_FILE = "index.html"
DOCUMENT_FILE = "index.json"

_SUFFIXES = {
    ".arrow": "application/vnd.apache.arrow.file",
    ".atom": "application/atom+xml",
    ".bib": "application/x-bibtex; charset=utf-8",
    ".bin": "application/octet-stream",
    ".css": "text/css; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".jsonld": "application/ld+json",
    ".md": "text/markdown; charset=utf-8",
    ".nt": "application/n-triples",
    ".parquet": "application/vnd.apache.parquet",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ttl": "text/turtle; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".webp": "image/webp",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".xml": "application/xml",
    ".yaml": "application/yaml",
}
"""Suffix → the media type that an object store gives a file, where the portal's own isn't known."""

_BINARY = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Place:
    """A path of the portal, as it is written in addresses, in a language; `number` counts the pages of a list."""

    path: str
    language: str = ""
    """Empty: the default language, or there is only one."""
    number: int = 1

    def next(self) -> Place:
        """The next page of the list."""
        return replace(self, number=self.number + 1)

    @property
    def address(self) -> str:
        """What a link of the mirror leads to."""
        prefix = f"/{self.language}" if self.language else ""
        path = self.path if self.number == 1 else f"{self.path.rstrip('/')}/~{self.number}"
        return f"{prefix}{path}"

    @property
    def folder(self) -> str:
        """The address as a folder of the mirror, with a slash at its end unless it is the root."""
        found = unquote(self.address).strip("/")
        return f"{found}/" if found else ""


def page_key(place: Place) -> str:
    """The key of a page."""
    return place.folder + PAGE_FILE


def file_key(place: Place, *, is_flat: bool = False) -> str:
    """The key of a document or file; where names may also be folders (`is_flat`), it is the address itself."""
    path = place.folder.rstrip("/")
    is_folder = path.startswith("api/") and not path.endswith(".json") and not is_flat
    return f"{path}/{DOCUMENT_FILE}" if is_folder else path


def is_safe(path: str) -> bool:
    """Whether a path of the portal can be a key: it stays inside, and no part of it is hidden but `.well-known`."""
    parts = unquote(path).split("/")
    return (
        path.startswith("/")
        and not any(part in (".", "..") or "\\" in part or not part.isprintable() for part in parts)
        and not any(part.startswith(".") for part in parts[1:] if part != ".well-known")
        and quote(unquote(path), safe="/~@:!$&'()*+,;=%").count("%00") == 0
        and all(len(part.encode()) <= 255 for part in parts)
    )


def media_type(key: str, known: str = "") -> str:
    """The media type that a key is stored with."""
    return known or _SUFFIXES.get(PurePosixPath(key).suffix, _BINARY)
