"""Numbers of the ledger: on time per publisher and month, and the reports of a quarter or half-year.

They are counted whenever somebody asks, and those of a time that is over stay the same: nothing is recorded in it
afterwards (`steps`) except that a clock started earlier, or the calendar of a year that was missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Integer, and_, case, extract, func, or_, select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, Draft, DraftComment, Obligation, Publisher, ReviewCheck, Version
from opendata.domain.clocks.obligations import Tally
from opendata.domain.meaning.periods import Period, period_of, read_period
from opendata.domain.review.checklist import Remark, Result
from opendata.errors import N_, InputError
from opendata.metadata.identifiers import find_identifier_fault
from opendata.services.core.actors import Actor, require_overseer
from opendata.services.core.context import Context
from opendata.services.governance.duties.reading import PartyView
from opendata.tables.forms.csv_lines import write_csv_line

MONTHS = 12
"""So many months are shown unless somebody asks for others."""

_MOST_MONTHS = 120
_COLUMNS = ("publisher", "title", "month", "due", "inTime", "missed", "rate")
_REPORT = ("published", "inTime", "late", "overdue", "returned", "failedChecks")


@dataclass(frozen=True, slots=True, kw_only=True)
class OnTimeRow:
    """What of a publisher was due in a month (YYYY-MM), and how much of it was done in time."""

    publisher: PartyView
    month: str
    tally: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisionRow:
    """A publisher in a report: versions published; duties done in time, late and not; drafts returned; checks failed.

    As it was at the end of the time that the report is about.
    """

    publisher: PartyView
    published: int = 0
    in_time: int = 0
    late: int = 0
    overdue: int = 0
    returned: int = 0
    failed_checks: int = 0


class Reports:
    """Counts duties."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list_on_time(self, since: str = "", until: str = "", publisher: str = "") -> Sequence[OnTimeRow]:
        """By month and publisher, the newest month first; without months, the last 12. Raises `InputError`."""
        first, last = self._read_months(since, until)
        month = Obligation.due_month
        kept = func.sum(case((Obligation.done_on <= Obligation.due, 1), else_=0))
        query = (
            select(Obligation.publisher_id, month, func.count(), kept)
            .where(where_counted(self._context.today()), month >= first, month <= last)
            .group_by(Obligation.publisher_id, month)
        )
        if publisher and find_identifier_fault("", publisher):
            return []
        if publisher:
            query = query.where(Obligation.publisher_id == publisher)
        with self._context.read() as session:
            rows = session.execute(query).all()
            parties = _list_parties(session)
        found = [
            OnTimeRow(publisher=parties[name], month=str(found_month), tally=Tally(int(count), int(number or 0)))
            for name, found_month, count, number in rows
        ]
        return sorted(found, key=lambda row: (_reversed(row.month), row.publisher.id))

    def write_on_time(self, rows: Sequence[OnTimeRow]) -> Iterator[str]:
        """The same as lines of a CSV file."""
        yield "\ufeff" + write_csv_line(_COLUMNS)
        for row in rows:
            rate = "" if row.tally.rate is None else f"{row.tally.rate:.4f}"
            yield write_csv_line(
                (
                    row.publisher.id,
                    row.publisher.title,
                    row.month,
                    row.tally.due,
                    row.tally.kept,
                    row.tally.missed,
                    rate,
                )
            )

    def supervise(self, actor: Actor | None, period: str = "") -> tuple[Period, Sequence[SupervisionRow]]:
        """The report of a quarter or half-year (`2026-Q3`, `2026-H1`), of the last quarter if none is named.

        For those who oversee all publishers. Raises `InputError`, `NotSignedInError`, `NotPermittedError`.
        """
        require_overseer(actor)
        today = self._context.today()
        found = (
            read_period(period) if period else period_of(period_of(today, "quarter").start - timedelta(1), "quarter")
        )
        if found is None or found.kind not in ("quarter", "half", "year") or found.is_interval:
            raise InputError(N_("Name a quarter, half-year or year, such as 2026-Q3, 2026-H1 or 2026"))
        zone = ZoneInfo(self._context.settings.timezone)
        begin, end = (datetime.combine(day, time(), zone) for day in (found.start, found.end + timedelta(days=1)))
        with self._context.read() as session:
            parties = _list_parties(session)
            counts = {
                "published": _count_published(session, begin, end),
                "returned": _count_returned(session, begin, end),
                "failed_checks": _count_failed(session, begin, end),
                **_count_duties(session, found, today),
            }
        rows = [
            SupervisionRow(publisher=party, **{name: counted.get(party.id, 0) for name, counted in counts.items()})
            for party in parties.values()
        ]
        return found, rows

    def write_supervision(self, period: Period, rows: Sequence[SupervisionRow]) -> Iterator[str]:
        """The same as lines of a CSV file."""
        yield "\ufeff" + write_csv_line(("period", "publisher", "title", *_REPORT))
        for row in rows:
            counts = (row.published, row.in_time, row.late, row.overdue, row.returned, row.failed_checks)
            yield write_csv_line((period.text, row.publisher.id, row.publisher.title, *counts))

    def _read_months(self, since: str, until: str) -> tuple[str, str]:
        today = self._context.today()
        last = _read_month(until) if until else period_of(today, "month")
        if since:
            first = _read_month(since).start
        else:
            number = last.start.year * 12 + last.start.month - MONTHS
            first = date(number // 12, number % 12 + 1, 1)
        if not 0 <= (last.start.year - first.year) * 12 + last.start.month - first.month < _MOST_MONTHS:
            raise InputError(N_("Name a first and a last month in order, at most %(most)s months"), most=_MOST_MONTHS)
        return f"{first:%Y-%m}", last.text


def where_counted(today: date) -> ColumnElement[bool]:
    """`is_counted` of the domain as a condition on rows of `obligations`."""
    due, done, waived = Obligation.due, Obligation.done_on, Obligation.waived_on
    later = _months(waived) > _months(due)
    return and_(due.is_not(None), or_(done.is_not(None), and_(due < today, or_(waived.is_(None), later))))


def _months(column: Any) -> ColumnElement[int]:
    found: ColumnElement[int] = extract("year", column).cast(Integer) * 12 + extract("month", column).cast(Integer)
    return found


def _read_month(text: str) -> Period:
    found = read_period(text)
    if found is None or found.kind != "month" or found.is_interval:
        raise InputError(N_("“%(text)s” isn't a month. Write it like 2026-10"), text=text[:40])
    return found


def _list_parties(session: Session) -> Mapping[str, PartyView]:
    rows = session.scalars(select(Publisher).order_by(Publisher.id))
    return {row.id: PartyView(id=row.id, title=row.title, i18n=row.i18n) for row in rows}


def _count_duties(session: Session, period: Period, today: date) -> Mapping[str, Mapping[str, int]]:
    """Duties that were due in a period, as they were at its end."""
    due, done, month = Obligation.due, Obligation.done_on, Obligation.due_month
    kinds = {
        "in_time": done <= due,
        "late": and_(done > due, done <= period.end),
        "overdue": and_(or_(done.is_(None), done > period.end), due < today),
    }
    query = (
        select(Obligation.publisher_id, *(func.sum(case((kind, 1), else_=0)) for kind in kinds.values()))
        .where(where_counted(today), month >= f"{period.start:%Y-%m}", month <= f"{period.end:%Y-%m}")
        .group_by(Obligation.publisher_id)
    )
    found: dict[str, dict[str, int]] = {name: {} for name in kinds}
    for publisher, *numbers in session.execute(query):
        for name, number in zip(kinds, numbers, strict=True):
            found[name][publisher] = int(number or 0)
    return found


def _count_published(session: Session, begin: datetime, end: datetime) -> Mapping[str, int]:
    query = (
        select(Dataset.publisher_id, func.count())
        .join(Version, Version.dataset_id == Dataset.id)
        .where(Version.published >= begin, Version.published < end)
        .group_by(Dataset.publisher_id)
    )
    return dict(session.execute(query).all())


def _count_returned(session: Session, begin: datetime, end: datetime) -> Mapping[str, int]:
    query = (
        select(Dataset.publisher_id, func.count())
        .join(Draft, Draft.dataset_id == Dataset.id)
        .join(DraftComment, DraftComment.draft_id == Draft.id)
        .where(DraftComment.kind == Remark.RETURNED, DraftComment.at >= begin, DraftComment.at < end)
        .group_by(Dataset.publisher_id)
    )
    return dict(session.execute(query).all())


def _count_failed(session: Session, begin: datetime, end: datetime) -> Mapping[str, int]:
    query = (
        select(Dataset.publisher_id, func.count())
        .join(Draft, Draft.dataset_id == Dataset.id)
        .join(ReviewCheck, ReviewCheck.draft_id == Draft.id)
        .where(ReviewCheck.result == Result.REFUSED, ReviewCheck.at >= begin, ReviewCheck.at < end)
        .group_by(Dataset.publisher_id)
    )
    return dict(session.execute(query).all())


def _reversed(month: str) -> int:
    year, _, number = month.partition("-")
    return -(int(year) * 12 + int(number))
