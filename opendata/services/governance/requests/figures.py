"""The numbers of requests: by kind, publisher and outcome, on time and how fast, and the table of the annual report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from statistics import median
from zoneinfo import ZoneInfo

from sqlalchemy import select

from opendata.db.models import Publisher, Request
from opendata.domain.requests.annual import AnnualCase, AnnualTable, count_year
from opendata.domain.requests.kinds import RequestKind
from opendata.domain.requests.steps import OPEN_STATES, RequestState
from opendata.errors import N_, InputError
from opendata.services.catalogue.publishers import view_publisher
from opendata.services.core.context import Context
from opendata.services.core.values import PublisherView
from opendata.services.governance.requests.rows import find_day

_FIRST, _LAST = 2000, 2200


@dataclass(frozen=True, slots=True)
class FigureLine:
    """The numbers of some requests, those of one `key`.

    `replied` of them have a reply, `waiting` none yet, `late` of both were or are late. `share` is the part of those
    that are or must be replied to which is in time; None where there are none.
    """

    key: str
    received: int
    waiting: int
    replied: int
    withdrawn: int
    on_time: int
    late: int
    median_days: float | None

    @property
    def share(self) -> float | None:
        """The share of replies in time."""
        total = self.on_time + self.late
        return self.on_time / total if total else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFigures:
    """The numbers of a year. Spam is counted apart, and nowhere else."""

    year: int
    total: FigureLine
    kinds: Sequence[FigureLine]
    publishers: Sequence[FigureLine]
    outcomes: Sequence[FigureLine]
    spam: int
    names: Sequence[PublisherView]


@dataclass(frozen=True, slots=True)
class _Case:
    kind: str
    publisher: str
    state: RequestState
    outcome: str
    is_on_time: bool | None
    due: date | None
    received: date
    ended: date | None


class Figures:
    """Counts requests."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def count(self, year: int | None = None, publisher: str = "") -> RequestFigures:
        """The numbers of the requests that came in a year (without one, in this year), to one publisher or all.

        Raises `InputError` for what isn't a year.
        """
        today = find_day(self._context, self._context.clock())
        wanted = self.read_year(year)
        begin, end = self._bounds(wanted)
        query = select(
            Request.kind,
            Request.publisher_id,
            Request.state,
            Request.outcome,
            Request.is_on_time,
            Request.due,
            Request.created,
            Request.ended,
        ).where(Request.created >= begin, Request.created < end)
        if publisher:
            query = query.where(Request.publisher_id == publisher)
        with self._context.read() as session:
            found = [
                _Case(
                    kind=row[0],
                    publisher=row[1],
                    state=row[2],
                    outcome=row[3] or "",
                    is_on_time=row[4],
                    due=row[5],
                    received=find_day(self._context, row[6]),
                    ended=find_day(self._context, row[7]) if row[7] else None,
                )
                for row in session.execute(query)
            ]
            owners = select(Publisher).where(Publisher.id.in_({item.publisher for item in found}))
            names = [view_publisher(row) for row in session.scalars(owners)]
        cases = [item for item in found if item.state != RequestState.SPAM]
        return RequestFigures(
            year=wanted,
            total=_count_line("", cases, today),
            kinds=_group(cases, lambda item: item.kind, today),
            publishers=_group(cases, lambda item: item.publisher, today),
            outcomes=_group([item for item in cases if item.outcome], lambda item: item.outcome, today),
            spam=len(found) - len(cases),
            names=names,
        )

    def count_annual(self, year: int | None = None, publisher: str = "") -> AnnualTable:
        """Table 3 of the annual report: the applications of a year, of one publisher or all.

        Raises `InputError` for what isn't a year.
        """
        wanted = self.read_year(year)
        columns = (Request.applicant, Request.created, Request.ended, Request.outcome)
        query = select(*columns).where(
            Request.kind == RequestKind.APPLICATION,
            Request.state != RequestState.SPAM,
            Request.created < self._bounds(wanted)[1],
        )
        if publisher:
            query = query.where(Request.publisher_id == publisher)
        with self._context.read() as session:
            cases = [
                AnnualCase(row[0], find_day(self._context, row[1]), self._day_or_none(row[2]), row[3])
                for row in session.execute(query)
            ]
        return count_year(wanted, cases)

    def read_year(self, year: int | None) -> int:
        """A year that can be counted; without one, this year. Raises `InputError`."""
        found = find_day(self._context, self._context.clock()).year if year is None else year
        if not _FIRST <= found <= _LAST:
            raise InputError(N_("“%(value)s” isn't a year. Write it like 2026"), value=found)
        return found

    def _day_or_none(self, moment: datetime | None) -> date | None:
        return find_day(self._context, moment) if moment is not None else None

    def _bounds(self, year: int) -> tuple[datetime, datetime]:
        zone = ZoneInfo(self._context.settings.timezone)
        first, last = (datetime.combine(date(found, 1, 1), time(), zone) for found in (year, year + 1))
        return first, last


def _group(cases: Iterable[_Case], key: Callable[[_Case], str], today: date) -> Sequence[FigureLine]:
    found: dict[str, list[_Case]] = {}
    for case in cases:
        found.setdefault(key(case), []).append(case)
    return [_count_line(name, items, today) for name, items in sorted(found.items())]


def _count_line(key: str, cases: Sequence[_Case], today: date) -> FigureLine:
    replied = [item for item in cases if item.outcome]
    overdue = [item for item in cases if item.state in OPEN_STATES and item.due is not None and item.due < today]
    days = [(item.ended - item.received).days for item in replied if item.ended is not None]
    return FigureLine(
        key=str(key),
        received=len(cases),
        waiting=sum(item.state in OPEN_STATES for item in cases),
        replied=len(replied),
        withdrawn=sum(item.state == RequestState.WITHDRAWN for item in cases),
        on_time=sum(item.is_on_time is True for item in replied),
        late=sum(item.is_on_time is False for item in replied) + len(overdue),
        median_days=float(median(days)) if days else None,
    )
