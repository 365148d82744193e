"""Annual reports on disclosure: what is entered by year and publisher, what the portal adds, what is published.

Those who edit for a publisher write its report, those who lead it publish it. The report on all publishers is the
maintainers'. Reading, saving and publishing give back the same view, so they share this module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opendata.db.models import AnnualReport as Row
from opendata.db.models import Publisher
from opendata.domain.reports.annual import (
    FIRST_YEAR,
    LAST_YEAR,
    RULES,
    AnnualReport,
    add_to_table,
    list_carry_faults,
    sum_numbers,
    write_amount,
)
from opendata.domain.requests.annual import AnnualTable
from opendata.errors import (
    N_,
    InputError,
    InvalidMetadataError,
    PreconditionError,
    StateError,
)
from opendata.services.catalogue.publishers import find_publisher, view_publisher
from opendata.services.core.access import where_acting_for
from opendata.services.core.actors import (
    Actor,
    require_editor,
    require_insider,
    require_lead,
    require_maintainer,
    require_publisher,
)
from opendata.services.core.context import Context
from opendata.services.governance.duties.finishing import finish_yearly, select_yearly
from opendata.services.governance.reports.entering import list_missing, read_said
from opendata.services.governance.reports.facts import count_facts, find_places
from opendata.services.governance.reports.published import (
    get_published,
    list_published,
    read_numbers,
    read_shown,
)
from opendata.services.governance.reports.values import (
    DutyClock,
    PublishedReport,
    PublishedRow,
    ReportRow,
    ReportView,
)
from opendata.services.governance.requests.figures import Figures
from opendata.wording.governance.annual import suggest_texts
from opendata.wording.voice import voice_of

_KIND = "annual-report"
_REPORT_UNTIL_MONTH = 6


@dataclass(frozen=True, slots=True)
class _Known:
    """What a report is made with beside what was entered in it."""

    row: Row | None
    office: Publisher | None
    computed: AnnualTable
    known: Mapping[str, Decimal]
    reported: int
    of: int

    @property
    def numbers(self) -> dict[str, Decimal]:
        """What was entered."""
        return read_numbers(self.row.numbers) if self.row is not None else {}

    @property
    def effective(self) -> dict[str, Decimal]:
        """What was entered, else what is known."""
        return {**self.known, **self.numbers}

    @property
    def report(self) -> AnnualReport:
        """The tables."""
        return AnnualReport(numbers=self.effective, table=add_to_table(self.computed, self.effective))


class AnnualReports:
    """Keeps the reports."""

    def __init__(self, context: Context, figures: Figures) -> None:
        self._context = context
        self._figures = figures

    def find_year(self) -> int:
        """The year to report on now: the last one, and from July on this one."""
        today = self._context.today()
        return today.year if today.month > _REPORT_UNTIL_MONTH else today.year - 1

    def list(self, actor: Actor | None, year: int | None = None) -> Sequence[ReportRow]:
        """The reports of a year that somebody sees, begun or not: that on all first, then by publisher.

        Raises `InputError`, `NotSignedInError`, `NotPermittedError`.
        """
        reader = require_publisher(actor)
        wanted = self.read_year(year)
        with self._context.read() as session:
            rows = {row.publisher_id: row for row in session.scalars(select(Row).where(Row.year == wanted))}
            query = select(Publisher).where(where_acting_for(reader, Publisher.id)).order_by(Publisher.id)
            offices = [one for one in session.scalars(query) if one.ended is None or one.id in rows]
            clocks = _find_clocks(session, wanted, [one.id for one in offices])
            found = [_view_row(wanted, one, rows.get(one.id), clocks.get(one.id)) for one in offices]
        return [*([_view_row(wanted, None, rows.get(""), None)] if reader.may_oversee else []), *found]

    def get(self, actor: Actor | None, year: int, publisher: str = "") -> ReportView:
        """A report with what the portal has about the year. Raises as `list` does, and `NotFoundError`."""
        _, computed = self._begin(actor, year, publisher, require_insider)
        with self._context.read() as session:
            return self._view(session, self._gather(session, computed, publisher))

    def save(
        self,
        actor: Actor | None,
        year: int,
        publisher: str,
        said: Mapping[str, Any],
        *,
        revision: int | None = None,
    ) -> ReportView:
        """Keep `texts` (language → part → text) and `numbers` (code → number or text), each as a whole.

        Raises `InvalidMetadataError`, `PreconditionError` where somebody else saved another `revision`,
        `NotSignedInError`, `NotPermittedError`, `NotFoundError`.
        """
        found, computed = self._begin(actor, year, publisher, require_editor)
        texts, numbers = read_said(said, self._context.settings.languages)
        with self._context.write() as session:
            row = self._lock(session, year, publisher)
            if revision is not None and revision != row.revision:
                raise PreconditionError(N_("Somebody saved this report while you were writing. Open it again"))
            kept = {code: write_amount(number) for code, number in numbers.items()}
            if row.revision == 0 or (row.texts, row.numbers) != (texts, kept):
                row.texts, row.numbers = texts, kept
                row.revision += 1
                row.author, row.modified = found.name, self._context.now()
                self._context.log(session, found, "change", _KIND, _name(year, publisher), revision=row.revision)
            session.flush()
            return self._view(session, self._gather(session, computed, publisher))

    def publish(self, actor: Actor | None, year: int, publisher: str = "") -> ReportView:
        """Show a report to everybody as it is now, and say in the ledger that this duty is done.

        Raises `InvalidMetadataError` for what is missing, `StateError` before the year is over, and as `save` does.
        """
        found, computed = self._begin(actor, year, publisher, require_lead)
        if not self._is_over(year):
            raise StateError(N_("The year %(year)s isn't over yet"), year=year)
        with self._context.write() as session:
            row = self._lock(session, year, publisher)
            known = self._gather(session, computed, publisher)
            faults = list_missing(row.texts, known.report, self._context.settings.languages)
            if faults:
                raise InvalidMetadataError(N_("The report isn't complete yet"), faults=faults)
            now = self._context.now()
            if row.published is None:
                row.published = now
            else:
                row.republished = now
            cells = {f"{line}/{column}": number for (line, column), number in known.report.table.cells.items()}
            numbers = {code: write_amount(number) for code, number in known.effective.items()}
            row.shown = {"texts": row.texts, "numbers": numbers, "cells": cells}
            row.shown_revision = row.revision
            self._context.log(session, found, "publish", _KIND, _name(year, publisher), revision=row.revision)
            self._finish_duty(session, found, year, publisher)
            session.flush()
            return self._view(session, self._gather(session, computed, publisher))

    def list_published(self, year: int | None = None, publisher: str | None = None) -> Sequence[PublishedRow]:
        """The published reports, the newest year first and within it that on all first."""
        with self._context.read() as session:
            return list_published(session, year, publisher)

    def get_published(self, year: int, publisher: str = "") -> PublishedReport:
        """A report as it is published. Raises `NotFoundError`."""
        with self._context.read() as session:
            return get_published(session, year, publisher)

    def read_year(self, year: int | None) -> int:
        """A year that can be reported on; without one, the one to report on now. Raises `InputError`."""
        found = self.find_year() if year is None else year
        if not FIRST_YEAR <= found <= LAST_YEAR:
            raise InputError(N_("“%(value)s” isn't a year. Write it like 2026"), value=found)
        return found

    def _is_over(self, year: int) -> bool:
        return self._context.today() > date(year, 12, 31)

    def _begin(
        self, actor: Actor | None, year: int, publisher: str, require: Callable[[Actor | None, str], Actor]
    ) -> tuple[Actor, AnnualTable]:
        """Who does something with a report, and the applications of its year."""
        with self._context.read() as session:
            found = _require(session, actor, publisher, require)
        return found, self._figures.count_annual(self.read_year(year), publisher)

    def _gather(self, session: Session, computed: AnnualTable, publisher: str) -> _Known:
        year = computed.year
        office = session.get(Publisher, publisher) if publisher else None
        others: list[Row] = []
        if not publisher:
            others = list(session.scalars(select(Row).where(Row.year == year, Row.publisher_id != "")))
        return _Known(
            row=session.get(Row, (publisher, year)),
            office=office,
            computed=computed,
            known=sum_numbers([read_numbers(row.numbers) for row in others]),
            reported=len(others),
            of=session.scalar(select(func.count(Publisher.id)).where(Publisher.ended.is_(None))) or 0,
        )

    def _view(self, session: Session, known: _Known) -> ReportView:
        row, table = known.row, known.report.table
        publisher = known.office.id if known.office is not None else ""
        before = session.get(Row, (publisher, table.year - 1))
        facts = count_facts(self._context, session, table, publisher)
        languages = self._context.settings.languages
        return ReportView(
            publisher=view_publisher(known.office) if known.office is not None else None,
            year=table.year,
            texts=row.texts if row is not None else {},
            suggested={language: suggest_texts(facts, voice_of(language)) for language in languages},
            numbers=known.numbers,
            known=known.known,
            computed=known.computed,
            table=table,
            carry_faults=list_carry_faults(table, read_shown(table.year - 1, before.shown).table)
            if before is not None and before.shown is not None
            else (),
            places=find_places(session, publisher),
            reported=known.reported,
            of=known.of,
            duty=_find_clocks(session, table.year, [publisher]).get(publisher) if publisher else None,
            revision=row.revision if row is not None else 0,
            author=row.author if row is not None else "",
            modified=row.modified if row is not None else None,
            published=row.published if row is not None else None,
            shown_revision=row.shown_revision if row is not None else None,
            is_over=self._is_over(table.year),
        )

    def _lock(self, session: Session, year: int, publisher: str) -> Row:
        """The row of a report, new or locked."""
        query = select(Row).where(Row.publisher_id == publisher, Row.year == year).with_for_update()
        row = session.scalar(query.execution_options(populate_existing=True))
        if row is None:
            row = Row(publisher_id=publisher, year=year, texts={}, numbers={}, revision=0, author="")
            row.modified = self._context.now()
            session.add(row)
            session.flush()
        return row

    def _finish_duty(self, session: Session, actor: Actor, year: int, publisher: str) -> None:
        """Fulfil the duties of the ledger to publish it."""
        rows = select_yearly(session, RULES, year, [publisher] if publisher else [])
        finish_yearly(self._context, session, actor, rows, f"/disclosure/reports/{_name(year, publisher)}")


def _require(
    session: Session, actor: Actor | None, publisher: str, require: Callable[[Actor | None, str], Actor]
) -> Actor:
    """Who may do something with a report. Raises `NotFoundError`, `NotSignedInError`, `NotPermittedError`."""
    if not publisher:
        return require_maintainer(actor)
    require_publisher(actor)
    return require(actor, find_publisher(session, publisher).id)


def _name(year: int, publisher: str) -> str:
    return f"{year}/{publisher}" if publisher else str(year)


def _find_clocks(session: Session, year: int, publishers: Sequence[str]) -> Mapping[str, DutyClock]:
    """Publisher → its duty to publish the report of a year; the one that is due first."""
    found: dict[str, DutyClock] = {}
    for row in select_yearly(session, RULES, year, publishers):
        found.setdefault(row.publisher_id, DutyClock(row.id, row.due, row.done_on))
    return found


def _view_row(year: int, office: Publisher | None, row: Row | None, clock: DutyClock | None) -> ReportRow:
    return ReportRow(
        publisher=view_publisher(office) if office is not None else None,
        year=year,
        modified=row.modified if row is not None else None,
        published=row.published if row is not None else None,
        is_changed=row is not None and row.shown_revision is not None and row.shown_revision != row.revision,
        duty=clock,
    )
