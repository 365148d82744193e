"""What a Compound File (MS-CFB) holds, told by the streams at its root.

The library reads the whole directory of the file, which a hostile file can make as large as itself: a file that isn't
small is looked at in a process of its own.
"""

from __future__ import annotations

import struct
from pathlib import Path

from opendata.confined import Bounds, BrokenOffError, answer_one, ask

_SMALL_BYTES = 2 << 20
_BOUNDS = Bounds(seconds=10, memory=256 << 20)
_STREAMS = {
    "workbook": "xls",
    "book": "xls",
    "encryptedpackage": "xlsx",  # an Office file under a password; its reader tells what it was
    "worddocument": "word",
    "powerpoint document": "powerpoint",
    "visiodocument": "visio",
    "__properties_version1.0": "outlook",
}
_DAMAGED = "xls"


def detect_compound(path: Path) -> str:
    """The form of a Compound File; a damaged one counts as a workbook, whose reader says what is wrong."""
    if path.stat().st_size <= _SMALL_BYTES:
        return find_form(path)
    try:
        return ask("opendata.intake.kind.compound", str(path).encode(), _BOUNDS).decode()
    except BrokenOffError:
        return _DAMAGED


def find_form(path: Path) -> str:
    """The same in this process."""
    import olefile

    try:
        with olefile.OleFileIO(path) as file:
            names = {entry[0].lower() for entry in file.listdir() if len(entry) == 1}
    except (OSError, ValueError, IndexError, TypeError, AttributeError, RecursionError, struct.error):
        # olefile promises OSError for damage, but forged headers reach its arithmetic.
        return _DAMAGED
    return next((form for name, form in _STREAMS.items() if name in names), "office")


if __name__ == "__main__":
    answer_one(lambda path: find_form(Path(path.decode())).encode())
