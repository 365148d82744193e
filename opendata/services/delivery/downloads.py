"""Downloads: how often the files of a dataset were fetched, by day; never by whom.

    a download → one more in this process → a few seconds later: all that came together is added to the database
               → the database is away: kept, and tried again

So nobody waits for the count, all processes add to the same figures, and a process that is killed loses some seconds.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, case, func, select
from sqlalchemy.orm import Session

from opendata.db.models import Alias, Dataset, Download
from opendata.services.core.access import where_listed, where_open
from opendata.services.core.actors import Actor
from opendata.services.core.context import Context
from opendata.services.core.values import DatasetView

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 3.0

RECENT_DAYS = 30

MOST_RANKED = 10_000
"""Datasets that are put in order by their downloads; those with fewer come after them, by date."""

_AT_ONCE = 500
_DAYS_KEPT = 2

_OF = Download.__table__.c
_USAGE = select(
    func.min(_OF.day),
    func.sum(_OF.count),
    func.sum(case((_OF.day > bindparam("day"), _OF.count), else_=0)),
).where(_OF.dataset_uuid == bindparam("uuid"))
"""Of so many days the order is remembered."""

_Key = tuple[str, date, str, str]
"""Dataset, day, resource, format."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How often files of a dataset were downloaded: since when, in all, and in the last 30 days with today."""

    since: date | None
    downloads: int
    recent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyDownloads:
    """The downloads of a day."""

    day: date
    downloads: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDownloads:
    """The downloads of a format of a table; `resource` is empty for packages and attachments."""

    resource: str
    format: str
    downloads: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailedUsage(Usage):
    """The same with the days of the last 30 that had any, and each table and format, most downloaded first."""

    days: Sequence[DailyDownloads]
    files: Sequence[FileDownloads]


class Downloads:
    """Counts downloads and gives the figures."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._zone = ZoneInfo(context.settings.timezone)
        self._counts: Counter[_Key] = Counter()
        self._counting = threading.Lock()
        self._writing = threading.Lock()
        self._timer: threading.Timer | None = None
        self._ranks: dict[date, Sequence[str]] = {}
        self._ranking = threading.Lock()

    def count(self, dataset: str, resource: str, format_name: str) -> None:
        """Count one download. It is in the database some seconds later."""
        key = dataset, self._find_day(), resource, format_name
        with self._counting:
            self._counts[key] += 1
            self._flush_later()

    def flush(self) -> None:
        """Add what was counted to the database; what can't be written now is kept for the next time."""
        with self._writing:
            with self._counting:
                counts, self._counts = self._counts, Counter()
                if self._timer is not None:
                    self._timer.cancel()
                    self._timer = None
            try:
                while counts:
                    keys = sorted(counts)[:_AT_ONCE]
                    self._add({key: counts[key] for key in keys})
                    for key in keys:
                        del counts[key]
            except Exception as error:  # noqa: BLE001 - whatever it is, nobody who downloads shall notice
                logger.warning("%d downloads aren't in the database yet: %s", counts.total(), error)
                with self._counting:
                    self._counts.update(counts)
                    self._flush_later()

    def find(self, dataset: DatasetView, reader: Actor | None) -> Usage | None:
        """The figures of a dataset; None for readers of one that isn't open: few may download it."""
        if not _may_see(dataset, reader):
            return None
        day = self._find_day() - timedelta(days=RECENT_DAYS)
        with self._context.read() as session:
            since, total, latest = session.execute(_USAGE, {"uuid": dataset.uuid, "day": day}).one()
        return Usage(since=since, downloads=int(total or 0), recent=int(latest or 0))

    def describe(self, dataset: DatasetView, reader: Actor | None) -> DetailedUsage | None:
        """The figures by day, and by table and format; None as `find` gives it."""
        found = self.find(dataset, reader)
        if found is None:
            return None
        total = func.sum(Download.count)
        own = Download.dataset_uuid == dataset.uuid
        recent = Download.day > self._find_day() - timedelta(days=RECENT_DAYS)
        days = select(Download.day, total).where(own, recent).group_by(Download.day).order_by(Download.day)
        place = Download.resource, Download.format
        files = select(*place, total).where(own).group_by(*place).order_by(total.desc(), *place)
        with self._context.read() as session:
            return DetailedUsage(
                since=found.since,
                downloads=found.downloads,
                recent=found.recent,
                days=[DailyDownloads(day=day, downloads=int(n)) for day, n in session.execute(days)],
                files=[FileDownloads(resource=a, format=b, downloads=int(n)) for a, b, n in session.execute(files)],
            )

    def rank(self, day: date) -> Sequence[str]:
        """The ids of open datasets by their downloads before this day, most first.

        What is over doesn't change, so all processes have the same order all day long, and all pages of a search.
        """
        with self._ranking:
            found = self._ranks.get(day)
            if found is None:
                found = self._ranks[day] = self._find_order(day)
                while len(self._ranks) > _DAYS_KEPT:
                    del self._ranks[min(self._ranks)]
            return found

    def _find_order(self, day: date) -> Sequence[str]:
        query = (
            select(Dataset.id)
            .join(Download, Download.dataset_uuid == Dataset.uuid)
            .where(Download.day < day, where_open(), where_listed())
            .group_by(Dataset.id)
            .order_by(func.sum(Download.count).desc(), Dataset.id)
            .limit(MOST_RANKED)
        )
        with self._context.read() as session:
            return session.scalars(query).all()

    def _flush_later(self) -> None:
        """Have what was counted written in a while; `_counting` is held."""
        if self._timer is None:
            timer = threading.Timer(FLUSH_SECONDS, self.flush)
            timer.daemon = True  # whoever ends the process flushes first
            with suppress(RuntimeError):  # the machine has no more threads: the next download tries again
                timer.start()
                self._timer = timer

    def _add(self, counts: Mapping[_Key, int]) -> None:
        with self._context.write() as session:
            uuids = _find_uuids(session, {name for name, *_ in counts})
            totals: Counter[_Key] = Counter()
            for (name, day, resource, format_name), count in counts.items():
                if name in uuids:  # it may be deleted by now
                    totals[uuids[name], day, resource, format_name] += count
            if not totals:
                return
            if session.get_bind().dialect.name == "postgresql":
                from sqlalchemy.dialects.postgresql import insert
            else:
                from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]
            names = ("dataset_uuid", "day", "resource", "format", "count")
            rows = [dict(zip(names, (*key, totals[key]), strict=True)) for key in sorted(totals)]  # as all lock them
            statement = insert(Download).values(rows)
            added = {"count": Download.count + statement.excluded.count}
            session.execute(statement.on_conflict_do_update(index_elements=names[:4], set_=added))

    def _find_day(self) -> date:
        now: datetime = self._context.clock()
        return now.astimezone(self._zone).date()


def _may_see(dataset: DatasetView, reader: Actor | None) -> bool:
    if dataset.is_open or reader is None:
        return dataset.is_open
    return reader.may_see_figures or reader.may_see(dataset.publisher.id, dataset.id)


def _find_uuids(session: Session, names: set[str]) -> Mapping[str, str]:
    """The datasets of these ids, those that were renamed meanwhile too."""
    found = {row.id: row.uuid for row in session.execute(select(Dataset.id, Dataset.uuid).where(Dataset.id.in_(names)))}
    missing = names - found.keys()
    if missing:
        query = select(Alias.old, Dataset.uuid).join(Dataset, Dataset.id == Alias.dataset_id)
        found |= {row.old: row.uuid for row in session.execute(query.where(Alias.old.in_(missing)))}
    return found
