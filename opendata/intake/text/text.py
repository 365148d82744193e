"""Delimited text: its encoding, its dialect and its layout settled, its bytes left where they lie if they can be.

If columns or a joined header must be cut out, the table is written again; footnotes are only left out.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

from opendata.errors import N_
from opendata.intake.grid import Grid
from opendata.intake.layout.footnotes import find_footnotes
from opendata.intake.layout.layout import find_layout, join_header
from opendata.intake.layout.plain import choose, drop_answered, new_file, write_plain
from opendata.intake.layout.replay import ask_positions, follow_end, follow_start, take_landmarks
from opendata.intake.layout.workbook_facts import SheetFacts
from opendata.intake.tables import FoundTable, OpenedTable
from opendata.intake.text.delimited import Ends, find_dialect, read_ends
from opendata.intake.text.encodings import decode_sample, find_encoding
from opendata.intake.understanding import Choices, Decision, Layout, Understanding
from opendata.tables.text.decoding import DecodingFault, read_rows
from opendata.tables.text.dialect import DELIMITERS, Dialect, read_dialect
from opendata.tables.text.lines import count_line_ends, split_lines

QUICK_BYTES = 16 * 1024 * 1024
"""Of larger text only the ends are looked at first."""

_HEAD_BYTES = 1024 * 1024
_LOOKED_AT_COLUMNS = 200
_NUMBER = re.compile(r"[\d.]{1,20}")
_TAIL_BYTES = 64 * 1024
_FIRST_BYTES = 64
_NAMED_SEPARATOR = re.compile(r'"?sep=(?P<mark>[^\w\s"]|\t| )"?(?P=mark)*[ \t]*(?:\r\n|\r|\n)', re.IGNORECASE)


def open_text(
    found: FoundTable, folder: Path, choices: Choices, known: Collection[str], *, thorough: bool
) -> OpenedTable:
    """Delimited text as a table. Raises `InvalidPackageError` for a dialect that cannot be followed."""
    path = found.path
    decisions: list[Decision] = list(found.decisions)
    encoding = choices.encoding
    if encoding is None and choices.kept is not None and choices.kept.encoding is not None:
        encoding, asked = _follow_encoding(path, choices.kept.encoding)
        decisions += asked
    quick = not thorough and encoding in (None, "utf-8") and _looks_like_utf8(path)
    if encoding is None:
        if quick:
            encoding = "utf-8"
        else:
            verdict = find_encoding(path)
            encoding = verdict.encoding
            decisions += verdict.decisions
    mark = (
        None
        if choices.exact or choices.dialect
        else _find_named_separator(path, read_dialect(None, encoding=encoding).encoding)
    )
    expected = _find_expected(path, encoding, choices, known) if mark is None else None
    if expected is not None:
        descriptor: Mapping[str, Any] = {"delimiter": expected}
    else:
        descriptor, why = find_dialect(path, encoding, {"delimiter": mark} if mark else choices.dialect)
        decisions += [*why, *_describe_separator(mark)]
    dialect = read_dialect(descriptor, encoding=encoding)
    ends = _look_at_ends(path, dialect) if quick else read_ends(path, encoding, descriptor)
    is_plain = expected is not None or choices.exact
    above = 1 if mark else 0
    layout, why = (Layout(), []) if is_plain else find_layout(ends.head[above:], known=known)
    layout = layout.shift(above)
    kept = choices.kept if not choices.exact else None
    if kept is not None:
        layout, why = follow_start(kept, layout, ends.head, why, ())
    layout, why = choose(layout, choices, ends.head), drop_answered(why, choices)
    if choices.last_row is None and not choices.exact:
        if kept is not None and quick:
            ends = read_ends(path, encoding, descriptor)  # rows are named by their true numbers
        last, notes, more = find_footnotes(ends.tail, layout, ends.head[layout.first_row - 1 :])
        if last is not None and quick:
            ends = read_ends(path, encoding, descriptor)
            last, notes, more = find_footnotes(ends.tail, layout, ends.head[layout.first_row - 1 :])
        if kept is not None:
            body = ends.head[layout.first_row - 1 :]
            last, notes, more = follow_end(kept, ends.tail, layout, body, (last, notes, more))
            why += [item for item in more if item.rule == "kept-end" and not notes]
        if notes:  # blank rows alone aren't an end: the report names them
            layout = replace(layout, last_row=last, footnotes=notes)
        why += more if notes else [item for item in more if item.rule == "total-row"]
    if kept is not None:
        why += ask_positions(kept, layout, ends.rows)
    decisions += [*why, *_find_months(ends)]
    below = islice(_read(path, dialect), layout.last_row, None) if choices.last_row is not None else ()
    understanding = Understanding(
        name=found.name,
        form="csv",
        members=found.members,
        encoding=encoding,
        dialect=dict(descriptor),
        layout=layout,
        decisions=decisions,
        landmarks=take_landmarks(choices, layout, ends.head, below),
    )
    settled = _lay_out(dialect, layout)
    end = _find_end(path, dialect, ends, layout)
    is_cut = layout.first_column > 1 or layout.last_column is not None or end is None
    if is_cut or _needs_joining(ends.head, layout):
        return _write_anew(understanding, found, folder, dialect, choices, known)
    if end:
        settled = replace(settled, table_bytes=end)
    renames = choices.columns if known else {**_trim_labels(ends.head, layout), **choices.columns}
    return OpenedTable(understanding=understanding, path=path, dialect=settled, is_whole=True, renames=renames)


def _follow_encoding(path: Path, kept: str) -> tuple[str | None, list[Decision]]:
    """The encoding chosen for an earlier file, or None and the question where this one is plainly UTF-8."""
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    if kept == "utf-8" or head.isascii() or not _is_utf8(head):
        return kept, []
    text = N_(
        "The encoding %(encoding)s was chosen for an earlier file. This file is UTF-8 and is read as such. Check that"
        " the text is readable"
    )
    return None, [Decision(rule="kept-encoding", text=text, details={"encoding": kept}, sure=0.3, asks=True)]


def _find_named_separator(path: Path, encoding: str) -> str | None:
    """The separator that the first line names for spreadsheets: `sep=;`."""
    found = _NAMED_SEPARATOR.match(decode_sample(path, encoding, _FIRST_BYTES))
    return found["mark"] if found else None


def _describe_separator(mark: str | None) -> list[Decision]:
    if mark is None:
        return []
    text = N_("The first line names the separator “%(delimiter)s” and isn't part of the table")
    return [Decision(rule="separator-line", text=text, details={"delimiter": "Tab" if mark == "\t" else mark})]


def _find_months(ends: Ends) -> list[Decision]:
    """The decisions to report about months that a spreadsheet has turned into numbers, 2016.10 into 2016.1."""
    facts = SheetFacts()
    for column, cells in enumerate(islice(zip_longest(*ends.head, fillvalue=""), _LOOKED_AT_COLUMNS), start=1):
        texts = [cell.strip() for cell in cells]
        facts.numbers(column, range(1, len(texts) + 1), [text if _NUMBER.fullmatch(text) else "" for text in texts])
    return [decision for decision in facts.decisions() if decision.rule == "month-as-number"]


def _find_expected(path: Path, encoding: str, choices: Choices, known: Collection[str]) -> str | None:
    """The usual delimiter under which the first row has the most names that are expected, or None."""
    is_chosen = choices.header_rows is not None or (choices.kept is not None and choices.kept.header is not None)
    if not known or choices.dialect or is_chosen:
        return None
    lines = split_lines(decode_sample(path, encoding, _HEAD_BYTES))
    counts = {}
    for delimiter in DELIMITERS:
        try:
            first = next(Dialect(delimiter=delimiter).split(lines), [])
        except csv.Error:
            continue
        counts[delimiter] = sum(label.strip() in known for label in first)
    best = max(counts, key=counts.__getitem__, default=None)  # the first of equals: comma
    return best if best is not None and counts[best] else None


def _trim_labels(head: Sequence[Sequence[str]], layout: Layout) -> Mapping[str, str]:
    """Labels with spaces around them, and the same without; only where nobody expects certain names."""
    if len(layout.header_rows) != 1 or layout.header_rows[0] > len(head):
        return {}
    return {label: label.strip() for label in head[layout.header_rows[0] - 1] if label.strip() not in ("", label)}


def _lay_out(dialect: Dialect, layout: Layout) -> Dialect:
    left_out = {*dialect.comment_rows, *range(max(layout.header_rows, default=0) + 1, layout.first_row)}
    return replace(dialect, header_rows=layout.header_rows, comment_rows=tuple(sorted(left_out)))


def _needs_joining(head: Sequence[Sequence[str]], layout: Layout) -> bool:
    """Whether the names of columns must be put together from several rows, with gaps to fill."""
    if len(layout.header_rows) < 2:
        return False
    joined = join_header(head, layout)
    return any(list(head[number - 1]) != row for number, row in zip(layout.header_rows, joined, strict=True))


def _write_anew(
    understanding: Understanding,
    found: FoundTable,
    folder: Path,
    dialect: Dialect,
    choices: Choices,
    known: Collection[str],
) -> OpenedTable:
    target = new_file(folder)
    layout = understanding.layout
    fixed = replace(
        choices,
        kept=None,
        header_rows=layout.header_rows,
        first_row=layout.first_row,
        last_row=layout.last_row or None,
        first_column=layout.first_column,
        last_column=layout.last_column,
    )
    grid = Grid(rows=_read(found.path, dialect), has_header=None)
    table = write_plain(grid, target, choices=fixed, known=known)
    settled = replace(understanding, layout=replace(layout, last_row=layout.last_row or table.layout.last_row))
    return OpenedTable(
        understanding=settled,
        path=target,
        dialect=replace(
            _lay_out(Dialect(delimiter=",", comment_rows=dialect.comment_rows), layout),
            header_rows=layout.header_rows[-1:],
        ),
        is_whole=False,
        renames=choices.columns,
    )


def _read(path: Path, dialect: Dialect) -> Any:
    """The records of a text; one that cannot be split any more ends them, and the engine says why."""
    try:
        yield from read_rows(path, dialect)
    except DecodingFault:
        return


def _find_end(path: Path, dialect: Dialect, ends: Ends, layout: Layout) -> int | None:
    """How many bytes of the file hold the table; 0 for all, None where that is not easily told."""
    if layout.last_row is None or ends.rows is None or layout.last_row >= ends.rows:
        return 0
    after = [row for number, row in ends.tail if number > layout.last_row]
    if len(after) != ends.rows - layout.last_row or "16" in dialect.encoding or "32" in dialect.encoding:
        return None
    lines = sum(1 + sum(map(count_line_ends, row)) for row in after)
    return _find_lines_from_end(path, lines)


def _find_lines_from_end(path: Path, lines: int) -> int | None:
    """Where the last `lines` lines begin; None if they begin too far from the end."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        stream.seek(max(0, size - _HEAD_BYTES))
        found = stream.read().splitlines(keepends=True)  # of bytes: at the same ends as `split_lines`
    return size - sum(map(len, found[-lines:])) if lines < len(found) else None


def _looks_like_utf8(path: Path) -> bool:
    size = path.stat().st_size
    if size <= QUICK_BYTES:
        return False
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
        stream.seek(-_TAIL_BYTES, 2)
        tail = stream.read()
    if b"\0" in head or (head.isascii() and tail.isascii()):
        return b"\0" not in head
    return _is_utf8(head) and _is_utf8(tail)


def _is_utf8(data: bytes) -> bool:
    """Whether bytes cut out of a text are UTF-8, but for a character cut at either end."""
    start = next((place for place in range(4) if (data[place : place + 1] or b"a")[0] & 0xC0 != 0x80), 4)
    for cut in range(4):
        try:
            data[start : len(data) - cut].decode("utf-8")
        except UnicodeDecodeError:
            continue
        return True
    return False


def _look_at_ends(path: Path, dialect: Dialect) -> Ends:
    """The first records, and as many of the last ones as can be split without reading what is between.

    The numbers of the last ones are made up: they only follow each other and the first ones.
    """
    csv.field_size_limit(_HEAD_BYTES)
    head_lines = split_lines(decode_sample(path, dialect.encoding, _HEAD_BYTES))[:400]
    with path.open("rb") as stream:
        stream.seek(-_TAIL_BYTES, 2)
        tail_lines = split_lines(stream.read().decode(dialect.encoding, "replace"))[1:]
    head = _split(dialect, head_lines)[:200]
    tail = _split(dialect, tail_lines)[-60:]
    return Ends(head, list(enumerate(tail, start=len(head) + 1)), None)


def _split(dialect: Dialect, lines: Sequence[str]) -> list[list[str]]:
    try:
        return list(dialect.split(lines))
    except csv.Error:
        return []
