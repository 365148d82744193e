"""The working calendar: the years of the release, and those that a maintainer entered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from opendata.db.models import CalendarYear, Obligation
from opendata.domain.clocks.calendar import WorkingCalendar, WorkingYear, load_calendar
from opendata.domain.clocks.limits import Limit, Pause, Unit
from opendata.domain.clocks.obligations import Terms, compute_due
from opendata.domain.clocks.years import find_missing_year, read_year, read_year_csv
from opendata.errors import N_, Fault, InvalidMetadataError, NotFoundError, UnknownYearError
from opendata.metadata.text import find_value_faults
from opendata.services.core.actors import Actor, require_maintainer
from opendata.services.core.context import Context
from opendata.services.core.reasons import read_reason


@dataclass(frozen=True, slots=True, kw_only=True)
class YearView:
    """A year of the calendar; `is_entered`: by a maintainer, from the notice that `source` names."""

    year: int
    days: WorkingYear
    is_entered: bool
    source: str = ""

    @property
    def off(self) -> Sequence[date]:
        """The weekdays without work, in order."""
        return sorted(self.days.off)

    @property
    def on(self) -> Sequence[date]:
        """The weekend days with work, in order."""
        return sorted(self.days.on)


class Calendars:
    """Shows the working calendar and takes the years that are announced."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(self) -> Sequence[YearView]:
        """All years that are known, the newest first."""
        with self._context.read() as session:
            entered = {row.year: row for row in session.scalars(select(CalendarYear))}
            years = read_calendar(session).years
        return [_view(year, years[year], entered.get(year)) for year in sorted(years, reverse=True)]

    def get(self, year: int) -> YearView:
        """One year. Raises `NotFoundError` for one that isn't announced or entered yet."""
        for found in self.list():
            if found.year == year:
                return found
        raise NotFoundError(N_("The working days of %(year)s aren't announced or entered yet"), year=year)

    def today(self) -> date:
        """The day it is where the portal is."""
        return self._context.today()

    def find_missing(self) -> int | None:
        """The year that should be entered by now; None where none is missing."""
        with self._context.read() as session:
            return find_missing_year(read_calendar(session), self._context.today())

    def save(self, actor: Actor | None, year: int, off: str, on: str, source: str = "") -> YearView:
        """Enter a year from two texts of days, or replace it. What is due is computed again, except in months past.

        Raises `InvalidMetadataError` with a fault per day that is wrong, `NotSignedInError`, `NotPermittedError`.
        """
        require_maintainer(actor)
        return self._keep(actor, year, *read_year(year, off, on), source)

    def save_csv(self, actor: Actor | None, year: int, text: str, source: str = "") -> YearView:
        """Enter a year from a CSV file with the columns `date` and `kind`. Raises as `save` does."""
        require_maintainer(actor)
        return self._keep(actor, year, *read_year_csv(year, text), source)

    def _keep(
        self, actor: Actor | None, year: int, days: WorkingYear | None, faults: Sequence[Fault], source: str
    ) -> YearView:
        found = require_maintainer(actor)
        source = read_reason("/source", source, needed=False)
        faults = [*faults, *find_value_faults({"source": source})]
        if days is None or faults:
            raise InvalidMetadataError(faults=faults)
        with self._context.write() as session:
            row = session.get(CalendarYear, year) or CalendarYear(year=year)
            row.days, row.source, row.changed = days.to_json(), source, self._context.now()
            session.add(row)
            session.flush()
            count = recompute_open(self._context, session)
            self._context.log(session, found, "enter-calendar", "calendar", str(year), computed=count)
            return _view(year, days, row)


def read_calendar(session: Session) -> WorkingCalendar:
    """The years of the release, with those that a maintainer entered added or in their place."""
    entered = {row.year: WorkingYear.from_json(row.year, row.days) for row in session.scalars(select(CalendarYear))}
    return load_calendar().extend(entered)


def recompute(row: Obligation, calendar: WorkingCalendar) -> None:
    """Compute when a duty is due; where that needs a year that isn't known, note which."""
    limit = Limit(row.number, Unit(row.unit)) if row.number is not None else None
    terms = Terms(
        trigger=row.trigger,
        limit=limit,
        entered=row.entered,
        pauses=[read_pause(item) for item in row.pauses],
        extensions=[Limit(item["number"], Unit(item["unit"])) for item in row.extensions],
    )
    row.unknown_year = None
    try:
        row.due = compute_due(terms, calendar)
    except UnknownYearError as error:
        row.due, row.unknown_year = None, int(str(error.params["year"]))
    row.due_month = f"{row.due:%Y-%m}" if row.due else None


def read_pause(found: dict[str, str | None]) -> Pause:
    """A pause as it is kept."""
    begin, end = found["begin"], found.get("end")
    return Pause(date.fromisoformat(str(begin)), date.fromisoformat(end) if end else None)


def recompute_open(context: Context, session: Session) -> int:
    """Compute again what is due in this month or later, or isn't known; how many changed. Months past stay."""
    calendar, first = read_calendar(session), context.today().replace(day=1)
    count = 0
    for row in session.scalars(select(Obligation).where(or_(Obligation.due.is_(None), Obligation.due >= first))):
        before = row.due, row.unknown_year
        recompute(row, calendar)
        count += (row.due, row.unknown_year) != before
    return count


def _view(year: int, days: WorkingYear, row: CalendarYear | None) -> YearView:
    return YearView(year=year, days=days, is_entered=row is not None, source=row.source if row else "")
