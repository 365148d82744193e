"""From a file as it came to tables the engine reads: unpacked, its kind told by its bytes, its tables found, laid out.

Delimited text is read where it lies, whatever its encoding. Every other form becomes plain delimited text whose record
numbers are the row numbers of the source.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from opendata.errors import N_, UnreadableFileError, UnsupportedFormatError
from opendata.intake.attachments import find_form
from opendata.intake.grid import Grid, TableInfo
from opendata.intake.landmarks import Landmarks
from opendata.intake.layout.footnotes import is_prose
from opendata.intake.layout.merged import copy_merged
from opendata.intake.layout.plain import MOST_BYTES, PlainTable, new_file, write_plain
from opendata.intake.layout.stacked import MOST_ROWS, Part, cut_out, find_parts, read_start
from opendata.intake.layout.workbook_facts import merged_body
from opendata.intake.shapefiles import join_shapefiles
from opendata.intake.tables import FoundAttachment, FoundContents, FoundTable, OpenedTable
from opendata.intake.text.text import open_text
from opendata.intake.understanding import Choices, Decision, Understanding
from opendata.intake.unpack.archives import Leaf, unpack
from opendata.intake.unpack.budget import Limits
from opendata.tables.text.dialect import Dialect

WORKBOOKS = frozenset(["xlsx", "xls", "xlsb", "ods", "spreadsheetml"])
COLUMNAR = frozenset(["parquet", "arrow"])
MOST_TABLES = 100
_MOST_SHEETS = 1000
NO_TABLE = N_("“%(file)s” is %(kind)s, not a table. Send the table itself, for example as a CSV or Excel file")
_ATTACHED = N_("%(count)s files aren't tables and are included as attachments: %(names)s")
_LOOKED_AT = 1000
"""A sheet with this many blank rows at its beginning counts as empty."""

_SHORT_BYTES = 1 << 20
"""So small is a workbook with sheets on which people have put several tables."""

_USUAL_BYTES = 512 << 20
_RATIO = 200
"""A table whose text has more than the usual bytes may have at most this many times the bytes of its file."""

_PART_MARK = "#"


def find_tables(path: Path, name: str, folder: Path, *, limits: Limits | None = None) -> Sequence[FoundTable]:
    """The tables in a file called `name`; raises as `find_contents` does."""
    return find_contents(path, name, folder, limits=limits).tables


def find_contents(path: Path, name: str, folder: Path, *, limits: Limits | None = None) -> FoundContents:
    """What a file called `name` holds, containers unpacked into `folder`: its tables, and the documents beside them.

    Raises `UnsupportedFormatError` where it holds no table, `UnreadableFileError`, `TooLargeError`.
    """
    leaves, encodings = join_shapefiles(unpack(path, name, folder, limits or Limits()), name)
    tables = [leaf for leaf in leaves if leaf.kind.role == "table"]
    if not tables:
        raise UnsupportedFormatError(
            NO_TABLE,
            file=name,
            kind=leaves[0].kind.name if leaves else N_("an empty archive"),
        )
    attachments = [item for leaf in leaves if (item := _attach(leaf)) is not None]
    attached = {item.path for item in attachments}
    others = [leaf.members for leaf in leaves if leaf.kind.role != "table" and leaf.path not in attached]
    decisions = (
        *_describe_members("attachments", _ATTACHED, [item.members for item in attachments]),
        *_describe_members("no-tables", N_("%(count)s files aren't tables and are left out: %(names)s"), others),
    )
    found: list[FoundTable] = []
    for leaf in tables:
        stem = _stem(leaf.members[-1] if leaf.members else name)
        surveyed = [*islice(_survey(leaf.path, leaf.kind.form), MOST_TABLES + 1 - len(found))]
        infos = [info for info, _ in surveyed]
        visible = [info for info in infos if not (info.hidden or info.is_prose)]
        told = (*leaf.decisions, *decisions, *_describe_hidden(infos))
        if visible:
            told = (*told, *_describe_prose(infos))
            surveyed = [(info, part) for info, part in surveyed if not info.is_prose]
        for info, part in surveyed:
            alone = info.hidden is False and len(visible) == 1
            found.append(
                FoundTable(
                    name=stem if alone or not info.name else f"{stem} {info.name}",
                    path=leaf.path,
                    form=leaf.kind.form,
                    place=info.place or (leaf.members[-1] if leaf.path in encodings else None),
                    members=leaf.members,
                    hidden=info.hidden,
                    decisions=told,
                    part=part,
                    encoding=encodings.get(leaf.path),
                    is_joined=leaf.path in encodings,
                )
            )
        if len(found) > MOST_TABLES:  # before another sheet is opened
            raise UnreadableFileError(
                N_("“%(file)s” contains more than %(limit)s tables. Send at most %(limit)s at a time"),
                file=name,
                limit=MOST_TABLES,
            )
    if not any(not table.hidden for table in found):
        raise UnreadableFileError(N_("“%(file)s” has no visible table"), file=name)
    return FoundContents(tables=sorted(found, key=lambda table: table.hidden), attachments=attachments)


def _attach(leaf: Leaf) -> FoundAttachment | None:
    if leaf.kind.role != "document" or not leaf.members:
        return None
    form = find_form(leaf.path, leaf.kind, leaf.members[-1])
    return FoundAttachment(path=leaf.path, members=leaf.members, form=form) if form is not None else None


def _describe_members(rule: str, text: str, members: Sequence[Sequence[str]]) -> Iterator[Decision]:
    if members:
        names = ", ".join(names[-1] for names in members[:10] if names)
        yield Decision(rule=rule, text=text, details={"count": len(members), "names": names})


def open_table(
    found: FoundTable,
    folder: Path,
    *,
    choices: Choices | None = None,
    known: Collection[str] = (),
    thorough: bool = True,
) -> OpenedTable:
    """Read a table up to the point where the checker takes over; `known` are names its columns may have.

    Of large text in UTF-8 only the ends are looked at unless `thorough`: the checker proves the encoding as it reads.
    Raises `UnreadableFileError`, `TooLargeError`, `InvalidPackageError` for a dialect that cannot be followed.
    """
    choices = choices or Choices()
    if found.form == "csv":
        return open_text(found, folder, choices, known, thorough=thorough)
    target = new_file(folder)
    base = Understanding(
        name=found.name, form=found.form, members=found.members, sheet=found.place, hidden=found.hidden
    )
    if found.form in COLUMNAR:
        from opendata.intake.columnar.columnar import propose_fields, write_csv

        facts = write_csv(found.path, found.form, target, limit=MOST_BYTES)
        understanding = replace(base, decisions=(*found.decisions, *facts.decisions))
        fields = propose_fields(found.path, found.form)
        return _plain(understanding, target, choices, fields)
    grid = _open(found, choices)
    most = min(MOST_BYTES, max(_USUAL_BYTES, _RATIO * found.path.stat().st_size))
    table = write_plain(grid, target, choices=choices, known=known, limit=most)
    understanding = replace(
        base,
        encoding=grid.encoding,
        layout=table.layout,
        fill_merged=choices.fill_merged,
        decisions=(*found.decisions, *table.decisions),
        landmarks=_mark(table, found, choices),
    )
    return replace(_plain(understanding, target, choices, left_out=table.left_out), marks=table.marks)


def _mark(table: PlainTable, found: FoundTable, choices: Choices) -> Landmarks | None:
    """The landmarks of a table, and whether all tables of its sheet were chosen to be read as one."""
    last = found.part.last_row if found.part is not None else None
    is_whole = last is not None and (choices.last_row or 0) > last
    return replace(table.landmarks, is_whole_sheet=is_whole) if table.landmarks is not None else None


def _plain(
    understanding: Understanding,
    target: Path,
    choices: Choices,
    fields: Sequence[Mapping[str, Any]] | None = None,
    left_out: tuple[int, ...] = (),
) -> OpenedTable:
    layout = understanding.layout
    between = range(max(layout.header_rows, default=0) + 1, layout.first_row)
    dialect = Dialect(delimiter=",", header_rows=layout.header_rows[-1:], comment_rows=(*between, *left_out))
    return OpenedTable(
        understanding=understanding,
        path=target,
        dialect=dialect,
        is_whole=False,
        renames=choices.columns,
        fields=fields,
    )


def _list(path: Path, form: str) -> Sequence[TableInfo]:
    if form in ("csv", *COLUMNAR):
        return [TableInfo(name="", place="")]
    tables: Sequence[TableInfo] = _reader(form).list_tables(path)
    return tables


def _describe_hidden(infos: Sequence[TableInfo]) -> tuple[Decision, ...]:
    names = [info.name for info in infos if info.hidden]
    if not names:
        return ()
    text = N_("Hidden sheets are left out: %(names)s")
    return (Decision(rule="hidden-sheet", text=text, details={"names": ", ".join(names)}, sure=0.8),)


def _describe_prose(infos: Sequence[TableInfo]) -> Iterator[Decision]:
    names = [info.name for info in infos if info.is_prose]
    if names:
        text = N_("Sheets that have only lines of text are left out: %(names)s")
        yield Decision(rule="prose-sheet", text=text, details={"names": ", ".join(names)}, sure=0.9)


def _survey(path: Path, form: str) -> Iterator[tuple[TableInfo, Part | None]]:
    """The tables in a file; of a workbook those below one another apart, and without the empty sheets of a new one."""
    if form not in WORKBOOKS:
        yield from ((info, None) for info in _list(path, form))
        return
    from opendata.intake.workbook.workbooks import Book

    is_short = path.stat().st_size <= _SHORT_BYTES
    with closing(Book(path, form)) as book:  # once: every sheet of it needs its texts and styles
        if len(book.sheets) > _MOST_SHEETS:
            raise UnreadableFileError(
                N_("The workbook has %(count)s sheets. At most %(limit)s are accepted"),
                count=len(book.sheets),
                limit=_MOST_SHEETS,
            )
        if len(book.sheets) == 1 and not is_short:
            yield book.sheets[0], None
            return
        kept = 0
        for info in book.sheets:
            start = book.open(info.place).rows
            rows = read_start(start, MOST_ROWS + 1) if is_short else []
            if not any(any(map(str.strip, row)) for row in (rows if is_short else islice(start, _LOOKED_AT))):
                continue
            kept += 1
            stacked = is_short and len(rows) <= MOST_ROWS and not info.hidden
            parts = find_parts(info.place, rows) if stacked else []
            for part in parts:
                mark = f"{_PART_MARK}{part.number}" if part.number > 1 else ""
                yield replace(info, name=f"{info.name}{mark}", place=f"{info.place}{mark}"), part
            if not parts:
                yield replace(info, is_prose=stacked and is_prose(rows)), None
        if not kept:
            yield book.sheets[0], None


def _open(found: FoundTable, choices: Choices) -> Grid:
    if found.form in WORKBOOKS:
        from opendata.intake.workbook.workbooks import open_sheet

        sheet = found.part.sheet if found.part else found.place or ""
        opened = open_sheet(found.path, found.form, sheet, fill_merged=choices.fill_merged, encoding=choices.encoding)
        return cut_out(opened, found.part, choices) if found.part else opened
    kept = choices.kept.encoding if choices.kept is not None else None
    encoding = choices.encoding or kept or found.encoding
    grid: Grid = _reader(found.form).open_table(found.path, found.place or "", encoding=encoding)
    if choices.fill_merged and grid.merges:
        grid.rows = copy_merged(grid.rows, grid.merges)
    elif told := merged_body(grid.merges):
        grid.decisions.append(told)
    return grid


def _reader(form: str) -> Any:
    """The module that reads a form of documents."""
    if form in ("json", "jsonl", "geojson"):
        from opendata.intake.document import json_tables

        return json_tables
    if form == "xml":
        from opendata.intake.document import xml_tables

        return xml_tables
    if form == "dbase":
        from opendata.intake.columnar import dbase

        return dbase
    if form == "html":
        from opendata.intake.document import html_tables

        return html_tables
    raise UnreadableFileError(N_("Files in the format “%(form)s” can't be read"), form=form)


def _stem(name: str) -> str:
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return last.rsplit(".", 1)[0] if "." in last[1:] else last
