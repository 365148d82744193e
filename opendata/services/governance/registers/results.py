"""Codes that came back from the register office, as a sheet: tried row by row with the reasons, then taken.

dataset, version, code, day → the application of that dataset that is with the office: it is registered
                            → no application, and no registration yet: it was registered before, so that is recorded
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, RegistrationRow
from opendata.domain.registers.registration import (
    OPEN_STATES,
    SENT_STATES,
    Registration,
    RegistrationKind,
    RegistrationState,
    RegistrationStep,
)
from opendata.errors import N_, Fault, InvalidMetadataError, OpendataError, StateError, TooLargeError, fault
from opendata.intake.filled_sheets import MOST_BYTES, FilledSheet, list_filled_sheets
from opendata.services.core.access import where_edited
from opendata.services.core.actors import Actor, require_editor, require_publisher
from opendata.services.core.context import Context
from opendata.services.governance.registers.registrations import read_step
from opendata.services.governance.registers.rows import (
    Said,
    begin_row,
    check_begin,
    check_step,
    list_rows,
    read_row,
    take,
)
from opendata.settings import LANGUAGES
from opendata.tables.forms.book import Book, name_sheet
from opendata.wording.voice import Voice, voice_of

MOST_ROWS = 5_000

COLUMNS: Mapping[str, str] = {
    "dataset": N_("Dataset (id or title)"),
    "version": N_("Version"),
    "code": N_("Registration code"),
    "day": N_("Registered on"),
    "until": N_("Valid until"),
}
"""Property of a row → the heading of its column."""

_NEEDED = ("dataset", "code", "day")
_SHEET = N_("Registration results")
_DAY = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?(?:[ T]00:00(?::00)?)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRow:
    """A row as it would be taken: its number in the file, what it says, and why it can't be taken, if it can't.

    `is_known`: the same code is entered already.
    """

    row: int
    dataset: str
    version: str
    code: str
    day: str
    until: str
    faults: Sequence[Fault] = ()
    is_known: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultPlan:
    """What a sheet would do, and after it was taken how many rows were."""

    rows: Sequence[ResultRow]
    taken: int = 0

    @property
    def wrong(self) -> Sequence[ResultRow]:
        """The rows that can't be taken."""
        return [row for row in self.rows if row.faults]

    @property
    def new(self) -> Sequence[ResultRow]:
        """The rows that say something new."""
        return [row for row in self.rows if not row.faults and not row.is_known]


class RegistrationResults:
    """Takes sheets of results."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def write_template(self, actor: Actor | None, voice: Voice) -> IO[bytes]:
        """A workbook to fill in, with a row for each application that is with the office."""
        reader = require_publisher(actor)
        query = select(RegistrationRow, Dataset).join(Dataset, Dataset.uuid == RegistrationRow.dataset_uuid)
        query = query.where(where_edited(reader), RegistrationRow.state.in_(sorted(SENT_STATES)))
        with self._context.read() as session:
            rows = session.execute(query.order_by(Dataset.id).limit(MOST_ROWS)).all()
            lines = [[dataset.id, row.version, "", "", ""] for row, dataset in rows]
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            book = Book(archive)
            with book.begin_sheet(name_sheet(voice.translate(_SHEET)), [40, 14, 40, 16, 16]) as sheet:
                sheet.write_texts([voice.translate(text) for text in COLUMNS.values()], "heading")
                for line in lines:
                    sheet.write_texts(line, "wrapped")
            book.finish()
        out.seek(0)
        return out

    def run(
        self, actor: Actor | None, stream: IO[bytes], name: str, *, dry: bool, only_valid: bool = False
    ) -> ResultPlan:
        """Try a sheet, or take it: all its rows, or those that can be.

        Raises `StateError` where a row can't be taken and all are wanted, `InvalidMetadataError` for a sheet without
        headings, `UnreadableFileError`, `UnsupportedFormatError`, `TooLargeError`, `NotPermittedError`.
        """
        by = require_publisher(actor)
        rows = _read_rows(self._read_sheet(stream, name))
        with self._context.read() as session:
            tried = [self._try(session, by, row) for row in rows]
        plan = ResultPlan(rows=_mark_repeated(tried))
        if dry:
            return plan
        if plan.wrong and not only_valid:
            text = N_("%(count)s rows can't be taken, so nothing was. Mend them, or take only the rows that are right")
            raise StateError(text, count=len(plan.wrong))
        with self._context.write() as session:
            for row in plan.new:
                self._take(session, by, row)
        return ResultPlan(rows=plan.rows, taken=len(plan.new))

    def _read_sheet(self, stream: IO[bytes], name: str) -> FilledSheet:
        with self._context.work_folder() as folder:
            path = folder / "results"
            with path.open("wb") as file:
                while chunk := stream.read(1 << 20):
                    file.write(chunk)
                    if file.tell() > MOST_BYTES:
                        raise TooLargeError(N_("The file has more than %(size)s MB"), size=MOST_BYTES >> 20)
            return list_filled_sheets(path, name)[0]

    def _try(self, session: Session, by: Actor, row: ResultRow) -> ResultRow:
        """A row with what is wrong with it."""
        try:
            dataset = _find_dataset(session, row.dataset)
            require_editor(by, dataset.publisher_id, dataset.id)
            if _is_known(session, dataset, row):
                return _with(row, (), is_known=True)
            target, steps = self._plan(session, dataset, row)
            found = read_row(target) if target is not None else Registration(kind=RegistrationKind.INITIAL)
            for said in steps:
                found = check_step(self._context, session, dataset, found, said)
        except OpendataError as error:
            return _with(row, error.faults or [fault("", error.message, **error.params)])
        return _with(row, ())

    def _take(self, session: Session, by: Actor, row: ResultRow) -> None:
        dataset = _find_dataset(session, row.dataset)
        actor = require_editor(by, dataset.publisher_id, dataset.id)
        target, steps = self._plan(session, dataset, row)
        if target is None:
            version = row.version or dataset.latest or ""
            target = begin_row(self._context, session, dataset, RegistrationKind.INITIAL, version)
        for said in steps:
            take(self._context, session, actor, target, dataset, said)
        session.flush()

    def _plan(
        self, session: Session, dataset: Dataset, row: ResultRow
    ) -> tuple[RegistrationRow | None, Sequence[Said]]:
        """The application that a row is about, None for a new one, and the steps that lead to its code."""
        said = {"day": row.day, "code": row.code, "until": row.until}
        target = next((one for one in list_rows(session, dataset) if one.state in OPEN_STATES), None)
        if target is None:
            version = row.version or dataset.latest or ""
            check_begin(session, dataset, RegistrationKind.INITIAL, version, self._context.today())
            return None, [read_step(RegistrationStep.RECORD, said)]
        if row.version and target.version != row.version:
            text = N_("The open application is for version “%(version)s”")
            raise InvalidMetadataError(faults=[fault("/version", text, version=target.version)])
        if target.state == RegistrationState.PREPARING:
            return target, [read_step(RegistrationStep.RECORD, said)]
        if target.state == RegistrationState.SUBMITTED and target.taken is not None:
            accept = read_step(RegistrationStep.ACCEPT, {"day": target.taken.isoformat()})
            return target, [accept, read_step(RegistrationStep.REGISTER, said)]
        return target, [read_step(RegistrationStep.REGISTER, said)]


def _is_known(session: Session, dataset: Dataset, row: ResultRow) -> bool:
    """Whether the same code is entered already."""
    return any(
        one.code == row.code and one.state == RegistrationState.REGISTERED and row.version in ("", one.version)
        for one in list_rows(session, dataset)
    )


def _find_dataset(session: Session, text: str) -> Dataset:
    """A dataset by its id or its title. Raises `InvalidMetadataError`."""
    query = select(Dataset).where((Dataset.id == text) | (Dataset.title == text)).limit(2)
    rows = session.scalars(query).all()
    found = [row for row in rows if row.id == text] or rows
    if len(found) != 1:
        message = (
            N_("There is no dataset “%(id)s”") if not found else N_("Several datasets are called “%(id)s”: use the id")
        )
        raise InvalidMetadataError(faults=[fault("/dataset", message, id=text[:100])])
    return found[0]


def _read_rows(sheet: FilledSheet) -> Sequence[ResultRow]:
    """The rows below the headings; blank ones say nothing. Raises `InvalidMetadataError`."""
    heads = [_know(text) for text in sheet.rows[0]] if sheet.rows else []
    missing = [name for name in _NEEDED if name not in heads]
    if missing:
        text = N_("The first row has no heading “%(name)s”. Download the sheet again and fill it in")
        raise InvalidMetadataError(faults=[fault("", text, name=COLUMNS[name]) for name in missing])
    found = []
    for number, cells in enumerate(sheet.rows[1:], start=2):
        said = {name: text.strip() for name, text in zip(heads, cells, strict=False) if name}
        if any(said.get(name) for name in ("code", "day", "until")):
            found.append(
                ResultRow(
                    row=number,
                    dataset=said.get("dataset", ""),
                    version=said.get("version", ""),
                    code=said.get("code", ""),
                    day=_read_day(said.get("day", "")),
                    until=_read_day(said.get("until", "")),
                )
            )
    if len(found) > MOST_ROWS:
        raise TooLargeError(N_("A sheet has at most %(most)s rows"), most=MOST_ROWS)
    return found


def _mark_repeated(rows: Sequence[ResultRow]) -> Sequence[ResultRow]:
    """A dataset that has an earlier row already can't have another one."""
    seen: dict[str, int] = {}
    found = []
    for row in rows:
        first = seen.setdefault(row.dataset, row.row)
        if first != row.row and not row.faults:
            row = _with(row, [fault("/dataset", N_("Row %(row)s is about the same dataset"), row=first)])
        found.append(row)
    return found


def _with(row: ResultRow, faults: Sequence[Fault], *, is_known: bool = False) -> ResultRow:
    return ResultRow(
        row=row.row,
        dataset=row.dataset,
        version=row.version,
        code=row.code,
        day=row.day,
        until=row.until,
        faults=faults,
        is_known=is_known,
    )


def _read_day(text: str) -> str:
    day = _DAY.fullmatch(text)
    return f"{day[1]}-{int(day[2]):02}-{int(day[3]):02}" if day else text


def _know(text: str) -> str:
    """The property that a heading names, in any language; empty for another one."""
    wanted = _clean(text)
    for name, heading in COLUMNS.items():
        if wanted in {_clean(name), *(_clean(voice_of(language).translate(heading)) for language in LANGUAGES)}:
            return name
    return ""


def _clean(text: str) -> str:
    return "".join(text.split()).casefold()
