"""Attachments: files that go beside the tables of a version, described without a schema and named so that they travel.

The name of such a file is one part of a path: normalised (NFC), without separators, control or invisible characters and
without what addresses or file systems read in their own way; it ends in an ending of its kind.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from opendata.metadata.dataset import MAX_TITLE

FOLDER = "files"
MAX_NAME_BYTES = 180
"""Of the whole name in UTF-8, so that it fits every file system with room for a number."""

_IN_THE_WAY = re.compile(r"[\s\\/:*?\"<>|#%]+")
_DEVICES = re.compile(r"con|prn|aux|nul|com[0-9]|lpt[0-9]", re.IGNORECASE)
"""Names that Windows keeps for itself, whatever ending follows."""
_EDGES = "._-~ "


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentFile:
    """One published attachment. `sha256` is hexadecimal, `bytes` its size; `filename` is as `make_file_name` says."""

    name: str
    filename: str
    format: str
    mediatype: str
    sha256: str
    bytes: int
    title: str = ""
    description: str = ""
    i18n: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def describe(self) -> dict[str, Any]:
        """The resource descriptor."""
        found: dict[str, Any] = {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "path": f"{FOLDER}/{self.filename}",
            "format": self.format,
            "mediatype": self.mediatype,
            "bytes": self.bytes,
            "hash": f"sha256:{self.sha256}",
        }
        if self.i18n:
            found["opendata"] = {"i18n": {key: dict(value) for key, value in self.i18n.items()}}
        return {key: value for key, value in found.items() if value != ""}


def is_attachment(resource: Mapping[str, Any]) -> bool:
    """Whether a resource of a manifest of ours is an attachment: a table always has a schema."""
    return "schema" not in resource


def list_tables(resources: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The tables among the resources of a manifest."""
    return [item for item in resources if not is_attachment(item)]


def list_attachments(resources: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The attachments among them."""
    return [item for item in resources if is_attachment(item)]


def name_file(resource: Mapping[str, Any]) -> str:
    """The name of an attachment's file, the last part of its path."""
    return str(resource["path"]).removeprefix(f"{FOLDER}/")


def make_file_name(given: str, endings: Sequence[str]) -> str:
    """The name a sender's file is kept under; `endings` are those of its kind, such as `.jpg`, the usual one first."""
    stem, ending = _split(_clean(_last_part(given)), endings)
    stem = stem.strip(_EDGES) or "file"
    if _DEVICES.fullmatch(stem.partition(".")[0]):
        stem = f"_{stem}"
    return _join(stem, ending)


def tell_apart(name: str, taken: Container[str]) -> str:
    """The name, or the same with a number where it is among `taken`, which are casefolded."""
    stem, dot, ending = name.rpartition(".")
    found, number = name, 2
    while found.casefold() in taken:
        found, number = _join(stem, f"-{number}{dot}{ending}"), number + 1
    return found


def make_title(given: str, endings: Sequence[str]) -> str:
    """A sender's name of a file as a title: as it is written, without folders and ending."""
    words = "".join(letter for letter in _last_part(given) if unicodedata.category(letter)[0] != "C")
    return _split(" ".join(words.split()), endings)[0].strip()[:MAX_TITLE]


def _last_part(given: str) -> str:
    return re.split(r"[\\/]", given)[-1]


def _clean(name: str) -> str:
    """Without what is in the way; doing it again changes nothing."""
    shown = _IN_THE_WAY.sub("_", unicodedata.normalize("NFC", name))
    return unicodedata.normalize("NFC", "".join(item for item in shown if unicodedata.category(item)[0] != "C"))


def _split(name: str, endings: Sequence[str]) -> tuple[str, str]:
    """A name's stem, and its own ending in lower case where that is of the kind, else the usual one."""
    for ending in sorted(endings, key=len, reverse=True):
        if name.lower().endswith(ending):
            return name[: -len(ending)], ending
    return name, endings[0]


def _join(stem: str, ending: str) -> str:
    room = MAX_NAME_BYTES - len(ending.encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(_EDGES) + ending
