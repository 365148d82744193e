"""How a delimited text file is split into cells, found in the file; and its first and last records, numbered.

Names of properties: Table Dialect v2. Records are numbered from 1 as the engine numbers them, blank ones included.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from opendata.errors import N_
from opendata.intake.understanding import Decision
from opendata.tables.text.decoding import MAX_CELL_CHARACTERS, MAX_LINE_CHARACTERS
from opendata.tables.text.dialect import DELIMITERS, Dialect, flatten_dialect, read_dialect
from opendata.tables.text.lines import count_line_ends, split_lines

BLOCK_BYTES = 1 << 19
"""This many bytes are read at once; the result is the same for any number."""

_RARE_DELIMITERS = ("^", "~", "，", "；")
_HEAD_BYTES = 1 << 16
_PART_BYTES = 1 << 15
_END = "\0"
_DECIMAL_COMMA = re.compile(r"[+-]?\d{1,3}(?:[. \u00a0\u202f]\d{3})*,\d+|[+-]?\d+,\d+")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+")
_STRAY = re.compile(r"[;\t|]|,(?! )(?!\d+$)|(?<!^)\"(?!$)")


@dataclass(frozen=True, slots=True)
class Ends:
    """The first and the last records, the last ones with their numbers, and how many there are.

    `rows` is None and `tail` empty if a quote is unclosed: then it is unknown where records end.
    """

    head: list[list[str]]
    tail: list[tuple[int, list[str]]]
    rows: int | None


def find_dialect(
    path: Path, encoding: str, declared: Mapping[str, Any] | None
) -> tuple[Mapping[str, Any], list[Decision]]:
    """The Table Dialect descriptor of a delimited file and what it was found by; what is declared stays.

    Looks at the beginning, the middle and the end of the file; the width that most records agree on decides, so that
    titles and footnotes do not. Raises `InvalidPackageError` where what is declared cannot be followed.
    """
    given = flatten_dialect(declared)
    if given.get("delimiter") is None:
        given.pop("delimiter", None)
    given_dialect = read_dialect(given, encoding=encoding)
    parts = _read_parts(path, encoding)
    lines = [line for part in parts for line in part if line.strip()]
    decisions: list[Decision] = []
    found: dict[str, Any] = {}
    reading = _choose(given_dialect, given.get("delimiter"), lines)
    delimiter = reading.dialect.delimiter
    if "delimiter" not in given:
        found["delimiter"] = delimiter
        decisions.append(reading.decide())
    if "quoteChar" not in given:
        quote = _find_quote(lines, delimiter)
        found["quoteChar"] = None if quote in (delimiter, given.get("escapeChar")) else quote
        if quote != '"':
            text = N_("Cells are quoted with %(quote)s") if quote else N_("Quotation marks are part of the cells")
            decisions.append(Decision(rule="quote", text=text, details={"quote": quote or ""}, sure=0.85))
    quote = given["quoteChar"] if "quoteChar" in given else found["quoteChar"]
    if quote and "escapeChar" not in given and _is_escaped(lines, delimiter, quote):
        found["escapeChar"] = "\\"
        text = N_("A backslash before a quotation mark makes it part of the cell")
        decisions.append(Decision(rule="escape", text=text, sure=0.85))
    if quote and "skipInitialSpace" not in given and _is_spaced(lines, delimiter, quote):
        found["skipInitialSpace"] = True
        decisions.append(Decision(rule="spaces", text=N_("Spaces after a delimiter aren't part of the cell")))
    settled = {**found, **given}
    records = _records(lines, read_dialect(settled, encoding=encoding))
    if "commentChar" not in given and (comments := _count_comments(records, reading.width)):
        settled["commentChar"] = "#"
        text = N_("Lines at the beginning that start with # are comments: %(count)s")
        decisions.append(Decision(rule="comments", text=text, details={"count": comments}, sure=0.9))
    decisions += _find_decimal_comma(records, reading.width)
    return settled, decisions


def read_ends(path: Path, encoding: str, dialect: Mapping[str, Any], *, head: int = 200, tail: int = 60) -> Ends:
    """The first and the last records and their number, in one pass and constant memory.

    Text without quotation marks is only counted, not split. Wrong bytes become U+FFFD. Raises `InvalidPackageError`
    for a dialect that cannot be followed.
    """
    csv.field_size_limit(MAX_CELL_CHARACTERS)
    settled = read_dialect(dialect, encoding=encoding)
    special = [mark for mark in (settled.quote_char, settled.escape_char) if mark]
    first: list[list[str]] = []
    pieces: list[tuple[int, list[list[str]] | str, int]] = []  # first number, records or text of them, how many
    blocks = _line_blocks(path, encoding)
    count = 0
    for block in blocks:
        piece: list[list[str]] | str = block
        if len(first) < head or any(mark in block for mark in special):
            # The records that begin in this block; the last one may draw lines of the blocks after it.
            records, closed = _split_block(block, blocks, settled)
            first += records[: max(0, head - len(first))]
            if not closed:
                return Ends(first, [], None)
            number, piece = len(records), records[-tail:] if tail else []
            pieces.append((count + number - len(piece) + 1, piece, len(piece)))
        else:
            number = count_line_ends(block)
            pieces.append((count + 1, piece, number))
        count += number
        held = sum(size for _, _, size in pieces)
        while held - pieces[0][2] >= tail and len(pieces) > 1:
            held -= pieces.pop(0)[2]
    last = [
        pair
        for start, piece, _ in pieces
        for pair in enumerate(_records(split_lines(piece), settled) if isinstance(piece, str) else piece, start)
    ]
    return Ends(first, last[len(last) - tail :] if len(last) > tail else last, count)


@dataclass(frozen=True, slots=True)
class _Reading:
    """The sample split by one delimiter. `width` is what most records have, `share` how many of them."""

    dialect: Dialect
    width: int
    share: float
    score: float

    def decide(self) -> Decision:
        name = {"\t": "Tab"}.get(self.dialect.delimiter, self.dialect.delimiter)
        if self.width < 2:
            text = N_("The file has one column")
            return Decision(
                rule="delimiter", text=text, details={"delimiter": name}, sure=0.9 if self.share == 1 else 0.6
            )
        text = N_("Cells are separated by “%(delimiter)s”: %(share)s%% of the records have %(columns)s cells")
        details = {"delimiter": name, "share": round(100 * self.share), "columns": self.width}
        return Decision(rule="delimiter", text=text, details=details, sure=round(min(0.99, 0.4 + 0.6 * self.share), 2))


def _choose(given: Dialect, delimiter: str | None, lines: Sequence[str]) -> _Reading:
    special = (given.quote_char, given.escape_char)
    names = [delimiter] if delimiter else [*DELIMITERS, *_RARE_DELIMITERS]
    readings = [_read(replace(given, delimiter=name), lines) for name in names if name not in special]
    best = max(readings, key=lambda reading: reading.score)  # the first of equals: comma
    if best.width == 1 and best.share < 1 and _is_prose(best.dialect, lines):
        return next((reading for reading in readings if reading.width == 1 and reading.share == 1), best)
    return best


def _is_prose(dialect: Dialect, lines: Sequence[str]) -> bool:
    """Whether a space follows wherever a record is split: such commas belong to sentences."""
    return all(cell.startswith(" ") for record in _records(lines, dialect) for cell in record[1:])


def _read(dialect: Dialect, lines: Sequence[str]) -> _Reading:
    """The better of two candidates: as records, and line by line, which an unclosed quote doesn't spoil."""
    best = _Reading(dialect, 1, 0.0, -1.0)
    alone = [record for line in lines for record in _records([line], dialect)]
    for records in (_records(lines, dialect), alone):
        filled = [record for record in records if any(record)]
        if not filled:
            continue
        # Of widths that are equally frequent the larger: titles are narrow.
        width, agreeing = max(Counter(map(len, filled)).items(), key=lambda item: (item[1], item[0]))
        share = agreeing / len(filled)
        usual = islice((record for record in filled if len(record) == width), 300)
        cells = [cell for record in usual for cell in record]
        clean = sum(not _STRAY.search(cell) for cell in cells) / len(cells)
        score = (share + 0.02 * min(width, 20) / 20) * (0.1 + clean) if width > 1 else 0.01
        if dialect.delimiter in _RARE_DELIMITERS:
            score *= 0.7 if share > 0.8 else 0.1
        if score > best.score:
            best = _Reading(dialect, width, share, score)
    return best


def _records(lines: Sequence[str], dialect: Dialect) -> list[list[str]]:
    records: list[list[str]] = []
    try:
        records.extend(dialect.split(lines))
    except csv.Error:  # a cell beyond the limit: what came before it is known
        pass
    return records


def _find_quote(lines: Sequence[str], delimiter: str) -> str | None:
    """The mark that cells begin and end with. None only where marks begin cells and none of them ends one."""
    text = "".join(lines)
    edge = re.escape(delimiter)
    whole = {
        mark: len(re.findall(rf"(?:^|(?<={edge})) ?{mark}[^{mark}\r\n]*{mark}(?={edge}|\r?$)", text, re.MULTILINE))
        for mark in "\"'"
    }
    if whole["'"] > 1 and whole["'"] > whole['"']:
        return "'"
    begun = len(re.findall(rf'(?:^|(?<={edge}))"', text, re.MULTILINE))
    ended = len(re.findall(rf'"(?={edge}|\r?$)', text, re.MULTILINE))
    return None if begun > 1 and not ended else '"'


def _is_escaped(lines: Sequence[str], delimiter: str, quote: str) -> bool:
    text = "".join(lines)
    inside = re.findall(
        rf"(?<!{re.escape(delimiter)})(?<!\\)(?:\\\\)*\\{quote}(?!{re.escape(delimiter)}|[\r\n{quote}]|$)", text
    )
    return bool(inside) and quote * 2 not in text.replace(delimiter + quote * 2, "")


def _is_spaced(lines: Sequence[str], delimiter: str, quote: str) -> bool:
    text = "".join(lines)
    return delimiter != " " and text.count(f"{delimiter} {quote}") > text.count(delimiter + quote)


def _count_comments(records: Sequence[Sequence[str]], width: int) -> int:
    """Lines with # above all others. A column may be named #, so that none may be as wide as the table."""
    if width < 2 or any(record[0].startswith("#") and len(record) == width for record in records if record):
        return 0
    return next((count for count, record in enumerate(records) if record and not record[0].startswith("#")), 0)


def _find_decimal_comma(records: Sequence[Sequence[str]], width: int) -> list[Decision]:
    body = [record for record in records if len(record) == width]
    columns = []
    for column in range(width):
        cells = [cell for record in body[1:] if (cell := record[column].strip())]
        commas = [cell for cell in cells if _DECIMAL_COMMA.fullmatch(cell)]
        # 1,234 may be a thousand: only another number of digits tells.
        if len(commas) * 2 > len(cells) and not all(map(_THOUSANDS.fullmatch, commas)):
            columns.append(column)
    if not columns:
        return []
    names = ", ".join(body[0][column] or str(column + 1) for column in columns)
    text = N_("Numbers are written with a decimal comma in: %(columns)s")
    details = {"columns": names, "numbers": [column + 1 for column in columns]}
    return [Decision(rule="decimal-comma", text=text, details=details, sure=0.95)]


def _read_parts(path: Path, encoding: str) -> list[list[str]]:
    """Whole lines from the beginning, the middle and the end of the file."""
    size = path.stat().st_size
    if size <= _HEAD_BYTES + 2 * _PART_BYTES:
        places = [(0, size)]
    else:
        places = [(0, _HEAD_BYTES), (size // 8 * 4, _PART_BYTES), ((size - _PART_BYTES) // 4 * 4, _PART_BYTES + 4)]
    parts = []
    with path.open("rb") as stream:
        for start, length in places:
            stream.seek(start)
            data = stream.read(length)
            if start and not encoding.startswith(("utf-16", "utf-32")):
                data = (
                    data[max(data.find(b"\n"), data.find(b"\r")) + 1 :]
                    if b"\n" not in data
                    else data[data.find(b"\n") :]
                )
            lines = split_lines(codecs.getincrementaldecoder(encoding)("replace").decode(data).removeprefix("\ufeff"))
            if start + length < size and len(lines) > 1:
                lines.pop()  # cut short by the end of the part
            parts.append([line.replace("\0", "") for line in (lines[1:] if start else lines)])
    return parts


def _line_blocks(path: Path, encoding: str) -> Iterator[str]:
    """The text in pieces of whole lines."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    rest: list[str] = []
    held = 0
    first = True
    with path.open("rb") as stream:
        while data := stream.read(BLOCK_BYTES):
            text = decoder.decode(data)
            if first and text:
                text, first = text.removeprefix("\ufeff"), False
            cut = text.rfind("\n") + 1
            if not cut:  # lines may end with CR alone, but the last CR may be the first half of CRLF
                cut = text.rfind("\r", 0, -1) + 1
            if cut or held > MAX_LINE_CHARACTERS:
                cut = cut or len(text)
                yield "".join([*rest, text[:cut]])
                rest, held = [], 0
            rest.append(text[cut:])
            held += len(text) - cut
    last = "".join([*rest, decoder.decode(b"", final=True)])
    if last:  # its end shows an open quote: that one draws in the line end
        yield last if last.endswith(("\n", "\r")) else last + "\n"


def _split_block(block: str, blocks: Iterator[str], dialect: Dialect) -> tuple[list[list[str]], bool]:
    """The records that begin in a block, the last one with its lines from the blocks after; False if it never ends."""
    left = 0
    ended = False

    def feed() -> Iterator[str]:
        nonlocal left, ended
        for text in chain([block], blocks):
            lines = split_lines(text)
            left = len(lines)
            for line in lines:
                left -= 1
                yield line
        ended = True
        yield _END  # alone in its record, or swallowed by an open quote

    records: list[list[str]] = []
    try:
        for record in dialect.split(feed()):
            if ended:
                return records, record == [_END]
            records.append(record)
            if not left:
                break
    except csv.Error:
        return records, False
    return records, True
