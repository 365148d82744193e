"""Lists of publishers as tables: read with what is wrong in each cell, and written to be filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import Publisher
from opendata.errors import N_, Fault, InvalidMetadataError, TooLargeError, fault
from opendata.intake.filled_sheets import MOST_BYTES, list_filled_sheets
from opendata.metadata.identifiers import find_identifier_fault, suggest_identifier
from opendata.metadata.properties.patches import merge_patch
from opendata.metadata.properties.publishers import read_publisher
from opendata.services.catalogue.publisher_records import describe_properties, describe_record, finish_publishers
from opendata.services.catalogue.publishers import add_publisher, change_publisher, lock_publishers
from opendata.services.core.actors import Actor, require_maintainer
from opendata.services.core.context import Context
from opendata.services.governance.offices.columns import (
    ID,
    Column,
    find_column,
    list_columns,
    match_header,
    read_cells,
    write_cells,
)
from opendata.tables.forms.csv_lines import write_csv_line

_HEADER_ROWS = 20
_MOST = 5_000
_MOST_FAULTS = 500
Rows = Sequence[tuple[int, Sequence[str]]]
"""Rows that aren't blank, by the numbers that they have in the file."""

_LEADS = ("parent", "supervisor")


@dataclass(frozen=True, slots=True)
class Taken:
    """The ids of the publishers that a list created, changed, and names as they are already."""

    created: Sequence[str]
    changed: Sequence[str]
    equal: Sequence[str]


@dataclass(slots=True)
class _Line:
    """A row of a list: its number in the file, its cells, and what they say."""

    number: int
    texts: Mapping[Column, str]
    found: dict[str, Any]
    publisher: str = ""


class PublisherLists:
    """Reads and writes lists of publishers."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def read(self, actor: Actor | None, stream: IO[bytes], name: str) -> Taken:
        """Create and change publishers as a list says: all of it or nothing.

        A row is about the publisher with its id, else with its code, else with its name; otherwise it is a new one. An
        empty cell removes what was there, a column that is missing leaves it. Raises `InvalidMetadataError` with the
        faults of all cells (`/C4`, and `/row/4` where none is at fault), `NotPermittedError`, `UnreadableFileError`,
        `UnsupportedFormatError`, `TooLargeError`.
        """
        found = require_maintainer(actor)
        with self._context.work_folder() as folder:
            path = folder / "list"
            _copy(stream, path)
            rows = _number_rows(list_filled_sheets(path, name)[0].rows)
        places, lines = self._read_lines(rows)
        with self._context.write() as session:
            taken, faults = _Taking(self._context, session, found, lines).run()
            if faults:
                placed = [
                    self._place(number, wrong, places) for number, wrong in sorted(faults, key=_find_row)[:_MOST_FAULTS]
                ]
                raise InvalidMetadataError(faults=placed)
        finish_publishers(self._context)
        return taken

    def write(self, actor: Actor | None, language: str, *, is_empty: bool = False) -> bytes:
        """All publishers as a CSV file that Excel opens, with names of columns in a language; or its header alone.

        The columns about persons are in it for maintainers. Others get what is public.
        """
        may_all = actor is not None and actor.is_maintainer
        columns = [item for item in self._columns if may_all or not item.is_private]
        lines = [write_csv_line([column.names[language] for column in columns], "\r\n")]
        if not is_empty:
            with self._context.read() as session:
                for row in session.scalars(select(Publisher).order_by(Publisher.id)):
                    described = describe_properties(row) if may_all else describe_record(row)
                    cells = write_cells({**described, "kind": row.kind, ID: row.id}, columns, language)
                    lines.append(write_csv_line(cells, "\r\n"))
        return "".join(lines).encode("utf-8-sig")

    @property
    def _columns(self) -> Sequence[Column]:
        return list_columns(tuple(self._context.settings.languages[1:]))

    def _read_lines(self, rows: Rows) -> tuple[Mapping[str, int], Sequence[_Line]]:
        """Where each column is, and the rows below the header. Raises `InvalidMetadataError` without a header."""
        headers = ((at, match_header(cells, self._columns)) for at, (_, cells) in enumerate(rows[:_HEADER_ROWS], 1))
        header, matched = next((found for found in headers if _names_publishers(found[1])), (0, {}))
        if not header:
            text = N_("No row names the columns. Use the template, and keep its first row as it is")
            raise InvalidMetadataError(faults=[fault("", text)])
        if len(rows) - header > _MOST:
            text = N_("A list has at most %(limit)s rows. Divide it")
            raise InvalidMetadataError(faults=[fault("", text, limit=_MOST)])
        lines = []
        for number, cells in rows[header:]:
            texts = {column: _unguard(cells[at]) if at < len(cells) else "" for at, column in matched.items()}
            if any(texts.values()):
                lines.append(_Line(number, texts, read_cells(texts)))
        return {column.path: at for at, column in matched.items()}, lines

    def _place(self, number: int, wrong: Fault, places: Mapping[str, int]) -> Fault:
        """A fault at its cell: the letter of the column and the number of the row."""
        column = find_column(wrong, self._columns)
        at = places.get(column.path) if column is not None else None
        return Fault(f"/row/{number}" if at is None else f"/{_letter(at)}{number}", wrong.message, wrong.params)


class _Taking:
    """Takes the rows of a list in, within a unit of work."""

    def __init__(self, context: Context, session: Session, actor: Actor, lines: Sequence[_Line]) -> None:
        self._context = context
        self._session = session
        self._actor = actor
        self._lines = lines
        self._known = dict(lock_publishers(session))
        self._faults: list[tuple[int, Fault]] = []

    def run(self) -> tuple[Taken, Sequence[tuple[int, Fault]]]:
        """What was taken in, and what is wrong in which row: then nothing must be kept."""
        self._name_rows()
        created: list[str] = []
        changed: list[str] = []
        checked = [(line, values) for line in self._lines if (values := self._check(line)) is not None]
        if self._faults:
            return Taken((), (), ()), self._faults
        # First without what is above them, since a row may name a publisher of a row below it.
        for line, values in checked:
            if line.publisher not in self._known:
                plain = {name: value for name, value in values.items() if name not in _LEADS}
                row = add_publisher(self._context, self._session, self._actor, line.publisher, plain)
                self._known[line.publisher] = row
                created.append(line.publisher)
        for line, values in checked:
            try:
                is_new = change_publisher(
                    self._context, self._session, self._actor, self._known[line.publisher], values
                )
            except InvalidMetadataError as error:
                self._faults += [(line.number, wrong) for wrong in error.faults]
            else:
                if is_new and line.publisher not in created:
                    changed.append(line.publisher)
            self._session.flush()
        done = {*created, *changed}
        equal = [line.publisher for line in self._lines if line.publisher not in done]
        return Taken(created, changed, equal), self._faults

    def _name_rows(self) -> None:
        """Say which publisher each row is about."""
        codes = {row.code: row.id for row in self._known.values() if row.code}
        titles = {row.title: row.id for row in self._known.values() if row.ended is None}
        seen: dict[str, int] = {}
        named: dict[str, int] = {}
        taken = set(self._known)
        for line in self._lines:
            given = line.found.pop(ID, None)
            code, title = line.found.get("code"), line.found.get("title")
            name = given or codes.get(str(code or "").upper()) or titles.get(str(title or ""))
            wrong = find_identifier_fault(f"/{ID}", name) if name else None
            if wrong:
                self._faults.append((line.number, wrong))
                continue
            if not name and title in named:
                text = N_("Row %(row)s has the same name. If these are two publishers, give each an id")
                self._faults.append((line.number, fault("/title", text, row=named[title])))
            if title:
                named.setdefault(title, line.number)
            line.publisher = name or (suggest_identifier(title, taken=taken) if title else "")
            taken.add(line.publisher)
            if line.publisher in seen:
                text = N_("Row %(row)s is about the same publisher")
                self._faults.append(
                    (line.number, fault(f"/{ID if given else 'title'}", text, row=seen[line.publisher]))
                )
            seen.setdefault(line.publisher, line.number)

    def _check(self, line: _Line) -> Mapping[str, Any] | None:
        """The properties of a row; None where something is wrong with them."""
        before = self._known.get(line.publisher)
        said = {**line.found}
        for name in _LEADS:
            if said.get(name):
                said[name] = self._find(str(said[name]))
        try:
            values = read_publisher(merge_patch(describe_properties(before) if before else {}, said))
        except InvalidMetadataError as error:
            self._faults += [(line.number, wrong) for wrong in error.faults]
            return None
        names = {*self._known, *(other.publisher for other in self._lines)}
        for name in _LEADS:
            if values.get(name) and values[name] not in names:
                text = N_("There is no publisher “%(id)s”")
                self._faults.append((line.number, fault(f"/{name}", text, id=values[name][:100])))
        return values

    def _find(self, text: str) -> str:
        """The id of the publisher that a cell names by its id, code or name; the text itself if nothing has it."""
        for row in self._known.values():
            if text in (row.id, row.title) or (row.code and text.upper() == row.code):
                return row.id
        for line in self._lines:
            if text in (line.publisher, line.found.get("title")) or text.upper() == line.found.get("code"):
                return line.publisher
        return text


def _number_rows(rows: Sequence[Sequence[str]]) -> Rows:
    stripped = [[cell.strip() for cell in row] for row in rows]
    return [(number, cells) for number, cells in enumerate(stripped, start=1) if any(cells)]


def _find_row(item: tuple[int, Fault]) -> int:
    return item[0]


def _names_publishers(matched: Mapping[int, Column]) -> bool:
    return any(column.path in ("title", ID) for column in matched.values())


def _letter(place: int) -> str:
    """The name of a column in a worksheet: A, B … Z, AA."""
    first, last = divmod(place, 26)
    return (_letter(first - 1) if first else "") + chr(ord("A") + last)


def _unguard(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and cell[1:2] in ("=", "+", "-", "@") else cell


def _copy(stream: IO[bytes], path: Path) -> None:
    with path.open("wb") as file:
        while chunk := stream.read(1 << 20):
            file.write(chunk)
            if file.tell() > MOST_BYTES:
                raise TooLargeError(N_("The file has more than %(size)s MB"), size=MOST_BYTES >> 20)
