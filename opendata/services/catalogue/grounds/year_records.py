"""The public records of years: the working days that were entered for one, and what is public of its self-check.

A sweep writes what the store doesn't have yet. The newest edition is what holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import CalendarYear, SelfCheck
from opendata.domain.moments import format_time
from opendata.errors import N_, IntegrityError
from opendata.services.core.context import Context
from opendata.services.core.records import count_editions, keep_edition
from opendata.storage.store import calendar_key, self_check_key

FOLDERS = {"calendar": calendar_key, "self-checks": self_check_key}
"""The folders of the store → the key of the n-th edition for a year."""

PUBLIC_PART = "public"
"""What of the report of a self-check everybody reads: without datasets whose entry wasn't public."""

Key = Callable[[int, int], str]


class YearRecords:
    """Writes the records."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._written: dict[tuple[Key, int], Mapping[str, Any]] = {}
        """What this process knows to be in the store."""

    def finish(self) -> None:
        """Write what the store doesn't have as it is now."""
        with self._context.read() as session:
            wanted = list(_list_wanted(session))
        for key, found in wanted:
            year = found["year"]
            if self._written.get((key, year)) != found:
                key_of = partial(key, year)
                keep_edition(self._context, key_of, found, count_editions(self._context.public, key_of))
                self._written[key, year] = found


def restore_calendar(found: Mapping[str, Any], year: int) -> CalendarYear:
    """The row that a record describes. Raises `IntegrityError` for another year's, `KeyError`, `ValueError`."""
    _require_year(found, year)
    entered = datetime.fromisoformat(found["entered"])
    return CalendarYear(year=year, days=dict(found["days"]), source=str(found["source"]), changed=entered)


def restore_self_check(found: Mapping[str, Any], year: int) -> SelfCheck:
    """The row that a record describes. Raises `IntegrityError` for another year's, `KeyError`, `ValueError`."""
    _require_year(found, year)
    return SelfCheck(
        year=year,
        begun=datetime.fromisoformat(found["begun"]),
        begun_by="",
        closed=datetime.fromisoformat(found["closed"]),
        closed_by="",
        report=dict(found["report"]),
    )


def _list_wanted(session: Session) -> Iterator[tuple[Key, Mapping[str, Any]]]:
    for row in session.scalars(select(CalendarYear).order_by(CalendarYear.year)):
        yield (
            calendar_key,
            {"year": row.year, "days": row.days, "source": row.source, "entered": format_time(row.changed)},
        )
    for check in session.scalars(select(SelfCheck).where(SelfCheck.closed.is_not(None)).order_by(SelfCheck.year)):
        if check.report is not None and check.closed is not None:
            yield (
                self_check_key,
                {
                    "year": check.year,
                    "begun": format_time(check.begun),
                    "closed": format_time(check.closed),
                    "report": check.report.get(PUBLIC_PART, check.report),
                },
            )


def _require_year(found: Mapping[str, Any], year: int) -> None:
    if found["year"] != year:
        raise IntegrityError(N_("This is the record of another year"))
