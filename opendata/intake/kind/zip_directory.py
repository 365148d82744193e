"""The table of contents of a ZIP archive, read entry by entry from bytes that nobody has checked.

Our own and not zipfile's, which takes the whole directory into memory, fails on names that are not of their declared
encoding and does not see entries that overlap. Source: PKWARE APPNOTE 6.3.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from opendata.errors import N_, UnreadableFileError

_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")
_CENTRAL = struct.Struct("<4s4B4HL2L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_FULL_16, _FULL_32 = 0xFFFF, 0xFFFFFFFF
_ZIP64_EXTRA, _UNICODE_EXTRA = 0x0001, 0x7075
_UNIX = (3, 19)  # Unix, and macOS


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One record of the directory: `offset` is where its local header lies, `mode` its Unix mode or 0.

    `name` is set where the archive itself says how the name is written; `raw_name` are the bytes of the name.
    """

    raw_name: bytes
    name: str | None
    encrypted: bool
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    mode: int


@dataclass(frozen=True, slots=True)
class Directory:
    """Where the directory lies; `shift` is what the archive's own offsets lack."""

    start: int
    size: int
    shift: int


def read_directory(stream: BinaryIO, name: str) -> Iterator[Entry]:
    """The entries as the directory lists them. Raises `UnreadableFileError` where it is missing or damaged."""
    directory = find_directory(stream, name)
    place, end = directory.start, directory.start + directory.size
    while place < end:
        # Others may read from the stream between two entries.
        stream.seek(place)
        fixed = stream.read(_CENTRAL.size)
        if len(fixed) < _CENTRAL.size or not fixed.startswith(b"PK\x01\x02"):
            raise _damaged(name)
        values = _CENTRAL.unpack(fixed)
        _, _, system, _, _, flags, method, _, _, crc, packed, size = values[:12]
        lengths = values[12:15]
        attributes, offset = values[17], values[18]
        variable = stream.read(sum(lengths))
        if len(variable) < sum(lengths):
            raise _damaged(name)
        place += _CENTRAL.size + len(variable)
        raw = variable[: lengths[0]]
        extras = dict(_split_extra(variable[lengths[0] : lengths[0] + lengths[1]]))
        entry = Entry(
            raw_name=raw,
            name=_declared_name(raw, flags, extras.get(_UNICODE_EXTRA, b"")),
            encrypted=bool(flags & 0x2041),
            method=method,
            crc=crc,
            packed=packed,
            size=size,
            offset=offset,
            mode=attributes >> 16 if system in _UNIX else 0,
        )
        entry = _widen(entry, extras.get(_ZIP64_EXTRA, b""), name)
        yield replace(entry, offset=entry.offset + directory.shift)


def find_directory(stream: BinaryIO, name: str) -> Directory:
    """Find the directory by the record at the end.

    Raises `UnreadableFileError` if it is missing or for one part only.
    """
    size = stream.seek(0, 2)
    tail_start = max(0, size - _END.size - _FULL_16)
    stream.seek(tail_start)
    tail = stream.read()
    at = _find_end(tail)
    if at is None:
        raise _damaged(name)
    _, disk, first_disk, _, _, length, offset, _ = _END.unpack_from(tail, at)
    end = tail_start + at
    if _FULL_16 in (disk, first_disk) or _FULL_32 in (length, offset):
        found = _find_end_64(stream, end)
        if found:
            end, disk, length, offset = found
    if disk not in (0, _FULL_16):
        raise UnreadableFileError(
            N_("“%(name)s” is the last part of a split ZIP archive. Pack the files again into a single archive"),
            name=name,
        )
    start = end - length
    if start < offset or start < 0:
        raise _damaged(name)
    return Directory(start, length, start - offset)


def find_data(stream: BinaryIO, entry: Entry, name: str) -> int:
    """Where the packed bytes of an entry begin. Raises `UnreadableFileError` where its local header is missing."""
    stream.seek(entry.offset)
    header = stream.read(_LOCAL.size)
    if len(header) < _LOCAL.size or not header.startswith(b"PK\x03\x04"):
        raise _damaged(name)
    *_, name_length, extra_length = _LOCAL.unpack(header)
    return int(entry.offset + _LOCAL.size + name_length + extra_length)


def read_start(stream: BinaryIO, entry: Entry, limit: int, name: str) -> bytes:
    """The first bytes of an entry, stored or deflated; nothing of one packed otherwise or damaged."""
    stream.seek(find_data(stream, entry, name))
    data = stream.read(min(limit, entry.packed))
    if entry.encrypted or entry.method not in (0, 8):
        return b""
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, limit) if entry.method else data
    except zlib.error:
        return b""


def _find_end(tail: bytes) -> int | None:
    """The last record whose comment fills the rest of the file, else the last one: a comment may hold a false one."""
    places: list[int] = []
    at = tail.rfind(b"PK\x05\x06")
    while at >= 0 and len(places) < 100:
        if at + _END.size <= len(tail):
            places.append(at)
            if at + _END.size + int.from_bytes(tail[at + 20 : at + 22], "little") == len(tail):
                return at
        at = tail.rfind(b"PK\x05\x06", 0, at)
    return places[0] if places else None


def _find_end_64(stream: BinaryIO, end: int) -> tuple[int, int, int, int] | None:
    """Place, disk, length and offset out of the large end record, if there is one."""
    place = end - _LOCATOR_64.size
    if place < _END_64.size:
        return None
    stream.seek(place)
    locator = stream.read(_LOCATOR_64.size)
    if not locator.startswith(b"PK\x06\x07"):
        return None
    stated = int(_LOCATOR_64.unpack(locator)[2])
    for at in (place - _END_64.size, stated):
        if not 0 <= at <= place - _END_64.size:
            continue
        stream.seek(at)
        record = stream.read(_END_64.size)
        if record.startswith(b"PK\x06\x06"):
            _, _, _, _, disk, _, _, _, length, offset = _END_64.unpack(record)
            return at, disk, length, offset
    return None


def _split_extra(data: bytes) -> Iterator[tuple[int, bytes]]:
    place = 0
    while place + 4 <= len(data):
        kind, length = struct.unpack_from("<2H", data, place)
        yield kind, data[place + 4 : place + 4 + length]
        place += 4 + length


def _declared_name(raw: bytes, flags: int, unicode_extra: bytes) -> str | None:
    """By the UTF-8 flag, or by Info-ZIP's field if it was made for this very name."""
    try:
        if flags & 0x800:
            return raw.decode("utf-8")
        if len(unicode_extra) > 5 and struct.unpack_from("<BL", unicode_extra) == (1, zlib.crc32(raw)):
            return unicode_extra[5:].decode("utf-8")
    except UnicodeDecodeError:
        pass  # some packers set the flag and write their own encoding
    return None


def _widen(entry: Entry, extra: bytes, name: str) -> Entry:
    """Put the 64-bit values in the place of those that do not fit into 32."""
    place = 0
    values = []
    for value in (entry.size, entry.packed, entry.offset):
        if value == _FULL_32 and extra:
            if place + 8 > len(extra):
                raise _damaged(name)
            value = int.from_bytes(extra[place : place + 8], "little")
            place += 8
        values.append(value)
    return replace(entry, size=values[0], packed=values[1], offset=values[2]) if place else entry


def _damaged(name: str) -> UnreadableFileError:
    return UnreadableFileError(
        N_(
            "“%(name)s” is cut off or damaged: its list of contents is missing or wrong. Copy or download"
            " the file again"
        ),
        name=name,
    )
