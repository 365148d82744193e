"""What a ZIP or a tar archive holds: its files, with links, devices, secrets and overlaps found out.

Sources: PKWARE APPNOTE 6.3; POSIX.1-2001 pax and ustar; the long names of GNU tar.
"""

from __future__ import annotations

import bz2
import stat
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from opendata.errors import N_, UnreadableFileError
from opendata.intake.kind.zip_directory import Entry, find_data, find_directory, read_directory
from opendata.intake.unpack.budget import Budget
from opendata.intake.unpack.inflating import BLOCK, Inflater, inflate

_METHODS = {1: "Shrink", 6: "Implode", 9: "Deflate64", 14: "LZMA", 93: "Zstandard", 95: "XZ", 98: "PPMd"}
_RECORD = 512
_MAX_LONG_NAME = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A file inside an archive. `name` is set if the archive says how names are encoded; `blocks` reads it.

    `blocks` raises `UnreadableFileError` for a member that cannot be read.
    """

    raw_name: bytes
    name: str | None
    size: int
    blocks: Callable[[], Iterator[bytes]]


def list_zip(stream: BinaryIO, name: str, budget: Budget) -> list[Packed]:
    """The files of a ZIP, folders left out. Raises `UnreadableFileError` for damage, `TooLargeError` for too many."""
    entries = []
    for entry in read_directory(stream, name):
        entries.append(entry)
        if len(entries) > budget.limits.seen:
            raise budget.too_many()
    # Where each entry has to end: at the next one, and the last one at the directory.
    borders = sorted([*(entry.offset for entry in entries), find_directory(stream, name).start])
    if len(set(borders)) < len(borders):
        raise _overlap(name)

    def read(entry: Entry) -> Callable[[], Iterator[bytes]]:
        end = borders[bisect_right(borders, entry.offset)] if entry.offset < borders[-1] else 0
        return lambda: _read_zip_member(stream, entry, end, name)

    return [
        Packed(raw_name=entry.raw_name, name=entry.name, size=entry.size, blocks=read(entry))
        for entry in entries
        if not _is_folder(entry)
    ]


def _is_folder(entry: Entry) -> bool:
    name = entry.raw_name if entry.name is None else entry.name.encode()
    return name.endswith(b"/") or stat.S_ISDIR(entry.mode) or (name.endswith(b"\\") and not entry.size)


def _read_zip_member(stream: BinaryIO, entry: Entry, end: int, name: str) -> Iterator[bytes]:
    label = entry.name or entry.raw_name.decode("ascii", "replace")
    if entry.encrypted:
        raise UnreadableFileError(
            N_("“%(member)s” in “%(name)s” is locked with a password. Pack it again without one"),
            member=label,
            name=name,
        )
    if stat.S_IFMT(entry.mode) not in (0, stat.S_IFREG):
        raise _link(label, name)
    if entry.method not in (0, 8, 12):
        raise UnreadableFileError(
            N_(
                "“%(member)s” in “%(name)s” uses a compression method that isn't supported (%(method)s)."
                " Pack it as a plain ZIP archive"
            ),
            member=label,
            name=name,
            method=_METHODS.get(entry.method, str(entry.method)),
        )
    start = find_data(stream, entry, name)
    if start + entry.packed > end:
        raise _overlap(name)
    window = _Window(stream, start, entry.packed)
    if entry.method == 0:
        blocks: Iterator[bytes] = iter(lambda: window.read(BLOCK), b"")
    else:
        blocks = inflate(Inflater() if entry.method == 8 else bz2.BZ2Decompressor(), window.read, name)
    count = crc = 0
    for block in blocks:
        count += len(block)
        crc = zlib.crc32(block, crc)
        if count > entry.size:
            break
        yield block
    if count != entry.size or crc != entry.crc:
        raise _broken(label, name)


class _Window:
    """A part of a file that others read from too."""

    def __init__(self, stream: BinaryIO, start: int, size: int) -> None:
        self._stream = stream
        self._place = start
        self._left = size

    def read(self, count: int) -> bytes:
        self._stream.seek(self._place)
        data = self._stream.read(min(count, self._left))
        self._place += len(data)
        self._left -= len(data)
        return data


def list_tar(stream: BinaryIO, name: str, budget: Budget) -> list[Packed]:
    """The files of a tar archive, folders left out. Raises as `list_zip` does."""
    found: list[Packed] = []
    place = 0
    end = stream.seek(0, 2)
    given: dict[str, bytes] = {}  # what the extra records before a member say of it
    for _ in range(budget.limits.seen):
        stream.seek(place)
        header = stream.read(_RECORD)
        if not header.strip(b"\0"):
            return found
        size = _number(given.get("size") or header[124:136], name, 10 if "size" in given else 8)
        kind = b"S" if "sparse" in given else header[156:157]
        start = place + _RECORD
        place = start + -(-size // _RECORD) * _RECORD
        if start + size > end:
            raise UnreadableFileError(
                N_("“%(name)s” is cut off: its end is missing. Copy or download the file again"), name=name
            )
        if not _is_checked(header):
            raise _broken(_text(header[:100]), name)
        if kind in (b"x", b"g", b"L", b"K"):
            if size > _MAX_LONG_NAME:
                raise _broken(_text(header[:100]), name)
            if kind == b"L":
                given["path"] = stream.read(size).rstrip(b"\0")
            elif kind == b"x":
                given |= _read_pax(stream.read(size))
            continue
        raw = given.get("path") or _ustar_name(header)
        given = {}
        if kind != b"5" and not raw.endswith(b"/"):
            found.append(
                Packed(raw_name=raw, name=None, size=size, blocks=_reader(stream, start, size, kind, raw, name))
            )
    raise budget.too_many()


def _reader(
    stream: BinaryIO, start: int, size: int, kind: bytes, raw: bytes, name: str
) -> Callable[[], Iterator[bytes]]:
    def read() -> Iterator[bytes]:
        if kind not in (b"0", b"\0", b"7"):
            raise _link(_text(raw), name)
        window = _Window(stream, start, size)
        yield from iter(lambda: window.read(BLOCK), b"")

    return read


def _number(field: bytes, name: str, base: int) -> int:
    """Digits, or GNU's binary numbers."""
    if field[:1] == b"\x80":
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \0")
    if digits.strip(b"01234567" if base == 8 else b"0123456789") or len(digits) > 20:
        raise _broken("", name)
    return int(digits or b"0", base)


def _is_checked(header: bytes) -> bool:
    stated = header[148:156].strip(b" \0")
    if not stated or stated.strip(b"01234567"):
        return False
    return int(stated, 8) == sum(header) - sum(header[148:156]) + 8 * 0x20


def _ustar_name(header: bytes) -> bytes:
    own = header[:100].partition(b"\0")[0]
    # GNU tar keeps times where ustar keeps the folder.
    folder = header[345:500].partition(b"\0")[0] if header[257:263] == b"ustar\0" else b""
    return folder + b"/" + own if folder else own


def _read_pax(data: bytes) -> dict[str, bytes]:
    """The path and the size from records such as `30 path=…`; anything else ends the reading."""
    found = {}
    place = 0
    while place < len(data):
        digits, blank, _ = data[place : place + 20].partition(b" ")
        if not blank or not digits.isdigit() or int(digits) <= len(digits) + 1:
            break
        record = data[place + len(digits) + 1 : place + int(digits)]
        key, _, value = record.removesuffix(b"\n").partition(b"=")
        if key in (b"path", b"size"):
            found[key.decode()] = value
        elif key.startswith(b"GNU.sparse."):
            found["sparse"] = value
        place += int(digits)
    return found


def _text(raw: bytes) -> str:
    return raw.rstrip(b"\0").decode("utf-8", "replace")


def _overlap(name: str) -> UnreadableFileError:
    return UnreadableFileError(N_("“%(name)s” isn't built correctly: its files overlap. Pack them again"), name=name)


def _link(member: str, name: str) -> UnreadableFileError:
    return UnreadableFileError(
        N_("“%(member)s” in “%(name)s” isn't a file but a link or a device. Pack the file itself"),
        member=member,
        name=name,
    )


def _broken(member: str, name: str) -> UnreadableFileError:
    return UnreadableFileError(
        N_("“%(member)s” in “%(name)s” is damaged. Copy or download “%(name)s” again"), member=member, name=name
    )
