"""dBase tables (.dbf), as they are in Shapefiles and as old systems of offices write them.

Sources: the dBase III+ and IV file structures, Visual FoxPro's table file structure, the ESRI Shapefile description.
"""

from __future__ import annotations

import codecs
import datetime as dt
import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from opendata.errors import N_, UnreadableFileError
from opendata.intake.grid import Grid, TableInfo
from opendata.intake.understanding import Decision

_DESCRIPTOR = 32
_BATCH = 1024
_DELETED = ord("*")
_JULIAN_ORDINAL = 1_721_425  # the Julian day of 1 January of the year 1, less its ordinal
_LANGUAGES = {
    **{0x01: "cp437", 0x02: "cp850", 0x03: "cp1252", 0x57: "cp1252", 0x64: "cp852", 0x65: "cp866", 0x66: "cp865"},
    **{0x6A: "cp737", 0x6B: "cp857", 0x78: "cp950", 0x79: "cp949", 0x7A: "gb18030", 0x7B: "cp932", 0x7C: "cp874"},
    **{0x13: "cp932", 0x4D: "gb18030", 0x4E: "cp949", 0x4F: "cp950", 0x50: "cp874", 0xC8: "cp1250", 0xC9: "cp1251"},
    **{0xCA: "cp1254", 0xCB: "cp1253", 0x7D: "cp1255", 0x7E: "cp1256"},
}
_WIDER = {"gbk": "gb18030", "gb2312": "gb18030", "big5": "big5hkscs", "cp950": "big5hkscs", "ascii": "utf-8"}
_MEMOS = frozenset("MGP")
_TRUE, _FALSE = frozenset(b"TtYy"), frozenset(b"FfNn")

_LEFT_OUT = N_("%(count)s records are marked as deleted and are left out")
_MEMO = N_("The columns %(columns)s refer to texts in another file (.dbt, .fpt), which isn't read. They are empty")
_GUESSED = N_("The file doesn't say which encoding its texts are in. They are read as %(encoding)s")
_CONTRADICTED = N_("The texts aren't valid %(stated)s, which the file says they are. They are read as %(encoding)s")


@dataclass(frozen=True, slots=True)
class _Field:
    name: bytes
    type: str
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class _Table:
    """The head of a table: how many records, where the first is, how long each is, its fields, its encoding."""

    records: int
    start: int
    length: int
    fields: Sequence[_Field]
    encoding: str | None


def list_tables(path: Path, *, encoding: str | None = None) -> list[TableInfo]:  # noqa: ARG001 - as all readers
    """The one table of the file. Raises `UnreadableFileError` for a damaged one."""
    table = _read_head(path)
    return [TableInfo(name="", place="", rows=table.records, columns=len(table.fields))]


def open_table(path: Path, place: str = "", *, encoding: str | None = None) -> Grid:  # noqa: ARG001 - as all readers
    """The records as rows of text, the names of the fields first.

    Raises `UnreadableFileError` where the file is damaged, or its texts aren't in the encoding that is given.
    """
    table = _read_head(path)
    stated = encoding or table.encoding
    settled = next((name for name in (stated, "utf-8", "gb18030") if name and _fits(path, table, name)), None)
    decisions = []
    if settled is None:
        if encoding:
            raise UnreadableFileError(N_("The texts of the table aren't valid %(encoding)s"), encoding=encoding)
        settled = "cp1252"
    if settled != stated:
        has_others = not _fits(path, table, "ascii")
        text = _CONTRADICTED if stated else _GUESSED
        details = {"encoding": settled, "stated": stated or ""}
        if has_others:
            sure = 0.9 if settled == "utf-8" and not stated else 0.6
            decisions.append(Decision(rule="encoding", text=text, details=details, sure=sure))
    memos = [_decode(item.name, settled) for item in table.fields if item.type in _MEMOS]
    if memos:
        decisions.append(Decision(rule="memo-columns", text=_MEMO, details={"columns": ", ".join(memos)}, sure=0.5))
    grid = Grid(rows=iter(()), has_header=True, encoding=settled, decisions=decisions)
    grid.rows = _read_rows(path, table, settled, decisions)
    return grid


def read_code_page(text: bytes) -> str | None:
    """The encoding that a .cpg file names, as Python calls it; None for none that is known."""
    label = text.decode("latin-1").strip().strip("\ufeff\0").lower()
    number = re.fullmatch(r"(?:ansi|oem|cp|windows|ms)?[ _-]?(\d{3,5})", label)
    if number:
        label = {"65001": "utf-8", "1200": "utf-16-le"}.get(number[1], f"cp{number[1]}")
        label = re.sub(r"^cp8859(\d{1,2})$", r"iso8859-\1", label)
    label = {"cp936": "gb18030"}.get(label, label)
    try:
        name = codecs.lookup(label).name
        "a".encode(name)
    except (LookupError, ValueError):
        return None
    return _WIDER.get(name, name)


def _read_head(path: Path) -> _Table:
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(0)
        head = stream.read(_DESCRIPTOR)
        if len(head) < _DESCRIPTOR:
            raise _damaged()
        records, start, length = struct.unpack_from("<LHH", head, 4)
        described = stream.read(max(0, start - _DESCRIPTOR))
    fields: list[_Field] = []
    place = 1
    for at in range(0, len(described) - _DESCRIPTOR + 1, _DESCRIPTOR):
        if described[at] == 0x0D:
            break
        name, kind = described[at : at + 11].partition(b"\0")[0], chr(described[at + 11])
        # dBase and Clipper keep the length of a long text in the place of the decimals too.
        wide = struct.unpack_from("<H", described, at + 16)[0]
        width = wide if kind == "C" else described[at + 16]
        is_hidden = described[at + 18] & 1 and head[0] & 0x30 == 0x30
        if kind != "0" and not is_hidden:  # which cells are null, in Visual FoxPro
            fields.append(_Field(name, kind, place, width))
        place += width
    if not fields or length < 1 or place > length or size < start + records * length:
        raise _damaged()
    return _Table(records, start, length, fields, _LANGUAGES.get(head[29]))


def _damaged() -> UnreadableFileError:
    return UnreadableFileError(N_("The dBase table is cut off or damaged. Copy or download the file again"))


def _fits(path: Path, table: _Table, encoding: str) -> bool:
    """Whether all texts are valid in an encoding."""
    texts = [item for item in table.fields if item.type == "C"]
    try:
        for item in table.fields:
            item.name.decode(encoding)
        for record in _read_records(path, table):
            for item in texts:
                record[item.start : item.start + item.length].rstrip(b" \0").decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return False
    return True


def _read_records(path: Path, table: _Table) -> Iterator[bytes]:
    with path.open("rb") as stream:
        stream.seek(table.start)
        left = table.records
        while left:
            count = min(left, _BATCH)
            data = stream.read(count * table.length)
            yield from (data[at : at + table.length] for at in range(0, count * table.length, table.length))
            left -= count


def _read_rows(path: Path, table: _Table, encoding: str, decisions: list[Decision]) -> Iterator[list[str]]:
    yield [_decode(item.name, encoding).strip() for item in table.fields]
    deleted = 0
    for record in _read_records(path, table):
        if record[0] == _DELETED:
            deleted += 1
            continue
        yield [_write(item.type, record[item.start : item.start + item.length], encoding) for item in table.fields]
    if deleted:
        decisions.append(Decision(rule="deleted-records", text=_LEFT_OUT, details={"count": deleted}, sure=0.95))


def _write(kind: str, data: bytes, encoding: str) -> str:
    """A value as text; what isn't of its type stays as it is written."""
    if kind == "C":
        return _decode(data.rstrip(b" \0"), encoding)
    if kind in _MEMOS:
        return ""
    if kind in ("I", "+") and len(data) == 4:
        return str(struct.unpack("<l", data)[0])
    if kind in ("B", "O") and len(data) == 8:
        return repr(struct.unpack("<d", data)[0]).removesuffix(".0")
    if kind == "Y" and len(data) == 8:
        whole, part = divmod(abs(value := struct.unpack("<q", data)[0]), 10_000)
        return f"{'-' if value < 0 else ''}{whole}.{part:04}"
    if kind in ("T", "@") and len(data) == 8:
        return _write_moment(*struct.unpack("<2l", data))
    text = data.decode("latin-1").strip(" \0")
    if kind == "D" and re.fullmatch(r"\d{8}", text):
        return f"{text[:4]}-{text[4:6]}-{text[6:]}"
    if kind == "L":
        return "true" if data[:1] and data[0] in _TRUE else "false" if data[:1] and data[0] in _FALSE else ""
    return "" if kind in "NF" and text.strip("*") == "" else text  # stars: a number too long for its field


def _write_moment(day: int, milliseconds: int) -> str:
    if not day:
        return ""
    try:
        moment = dt.datetime.fromordinal(day - _JULIAN_ORDINAL + 1) + dt.timedelta(milliseconds=milliseconds)
    except (ValueError, OverflowError):
        return f"{day} {milliseconds}"
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds")


def _decode(data: bytes, encoding: str) -> str:
    return data.decode(encoding, "replace")
