"""A dBase table and what is beside it in a Shapefile, byte by byte: no library here writes one."""

from __future__ import annotations

import struct

Field = tuple[str, str, int]
SHP = b"\0\0\x27\x0a" + bytes(96)
WKT = b'PROJCS["CGCS2000_3_Degree_GK_CM_120E",GEOGCS["GCS_China_2000"]]'


def dbf(fields: list[Field], records: list[list[bytes]], *, language: int = 0, encoding: str = "gbk") -> bytes:
    """A dBase table; a record whose first value begins with `*D` is marked as deleted."""
    length = 1 + sum(width for _, _, width in fields)
    described = b"".join(
        name.encode(encoding).ljust(11, b"\0")
        + kind.encode()
        + bytes(4)
        + struct.pack("<H" if kind == "C" else "<Bx", width)
        + bytes(14)
        for name, kind, width in fields
    )
    head = struct.pack("<4BL2H", 3, 124, 1, 2, len(records), 33 + len(described), length) + bytes(17)
    body = b"".join(
        (b"*" if values[0].startswith(b"*D") else b" ")
        + b"".join(
            value.removeprefix(b"*D").ljust(width)[:width] for value, (_, _, width) in zip(values, fields, strict=True)
        )
        for values in records
    )
    return head + bytes([language]) + bytes(2) + described + b"\r" + body + b"\x1a"
