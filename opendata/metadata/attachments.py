"""The names of attachments, the files that go beside the tables of a version: such that they travel.

The name of a file is one part of a path: normalised (NFC), without separators, control or invisible characters and
without what addresses or file systems read in their own way; it ends in an ending of its kind.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Sequence

from opendata.metadata.dataset import MAX_TITLE

MAX_NAME_BYTES = 180
"""Of the whole name in UTF-8, so that it fits every file system with room for a number."""

_IN_THE_WAY = re.compile(r"[\s\\/:*?\"<>|#%]+")
_DEVICES = re.compile(r"con|prn|aux|nul|com[0-9]|lpt[0-9]", re.IGNORECASE)
"""Names that Windows keeps for itself, whatever ending follows."""
_EDGES = "._-~ "


def make_file_name(given: str, endings: Sequence[str]) -> str:
    """The name a sender's file is kept under; `endings` are those of its kind, such as `.jpg`, the usual one first."""
    stem, ending = _split(_clean(_last_part(given)), endings)
    stem = stem.strip(_EDGES) or "file"
    if _DEVICES.fullmatch(stem.partition(".")[0]):
        stem = f"_{stem}"
    return _join(stem, ending)


def make_distinct(name: str, taken: Container[str]) -> str:
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
