"""The names of files inside archives: their encoding detected, made harmless, and made distinct.

A name is only ever a label: nothing is written under it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from opendata.errors import N_
from opendata.intake.text.frequencies import measure
from opendata.intake.understanding import Decision

# What packers write who do not say, each with the model that weighs its text.
_CANDIDATES = {
    "gb18030": "gb18030",
    "big5hkscs": "big5hkscs",
    "cp949": "cp949",
    "cp932": "cp932",
    "cp437": "cp1252",
}
_SURE_BITS = 3.0
_SYSTEM_FILES = frozenset({".ds_store", "thumbs.db", "desktop.ini", "__macosx"})
_UNSHOWABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_MAX_NAME = 500


def decode_names(raw_names: Sequence[bytes], archive: str, decisions: list[Decision]) -> list[str]:
    """Names of one archive, all in the same unknown encoding; what was settled is reported in `decisions`."""
    joined = b"\n".join(raw_names)
    if joined.isascii():
        return [raw.decode("ascii") for raw in raw_names]
    encoding, sure = _weigh(joined)
    text = N_("The names of the files in “%(name)s” are written in %(encoding)s")
    details = {"name": archive, "encoding": encoding.upper()}
    decisions.append(Decision(rule="member-names", text=text, details=details, sure=sure))
    return [raw.decode(encoding, "replace") for raw in raw_names]


def _weigh(joined: bytes) -> tuple[str, float]:
    bits: dict[str, float] = {}
    for encoding, model in {"utf-8": "utf-8", **_CANDIDATES}.items():
        try:
            bits[encoding] = measure(joined.decode(encoding), model)
        except UnicodeDecodeError:
            continue
    if "utf-8" in bits:
        # Bytes of another encoding are hardly ever valid UTF-8.
        return "utf-8", 1.0
    best = min(bits, key=bits.__getitem__)
    others = [bits[name] for name in bits if name != best and joined.decode(name) != joined.decode(best)]
    sure = 1.0 - 0.5 ** (1 + (min(others) - bits[best]) / _SURE_BITS) if others else 1.0
    return best, sure


def clean_name(name: str) -> str:
    """A name as a path of plain parts: no drive, no root, no way upwards, nothing invisible."""
    name = _UNSHOWABLE.sub("\ufffd", name.partition("\0")[0].replace("\\", "/"))
    parts = [part for part in name.split("/") if part.strip(" .") and not re.fullmatch("[A-Za-z]:", part)]
    return "/".join(parts)[-_MAX_NAME:].lstrip("/") or "\ufffd"


def is_leftover(name: str) -> bool:
    """True for what operating systems and office programs leave in folders: previews, locks, forks."""
    parts = name.lower().split("/")
    return any(part in _SYSTEM_FILES for part in parts) or parts[-1].startswith(("~$", "._", ".~lock."))


def number_twins(names: Sequence[str]) -> list[str]:
    """The names, with a number on each that occurred before; all are different."""
    taken: set[str] = set(names)
    used: set[str] = set()
    counts: dict[str, int] = {}
    told = []
    for name in names:
        label = name
        while label in used or (label != name and label in taken):
            counts[name] = counts.get(name, 1) + 1
            label = f"{name} ({counts[name]})"
        used.add(label)
        told.append(label)
    return told
