"""The conformance desk: the worker scores the metadata of each dataset, and keeps how the points went.

What is shown is computed from the entry as it is now; lists and history come from what was kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select, update

from opendata.db.models import ConformanceScore, Dataset, Publisher
from opendata.domain.catalogue.conformance import Gain, Scheme, Scored, rank_gains, sum_points
from opendata.exchange.conformance.scoring import EDITION, score
from opendata.services.catalogue.publishers import follow_publishers
from opendata.services.core.access import where_listed
from opendata.services.core.context import Context
from opendata.services.core.paging import read_cursor, refuse_cursor, write_cursor
from opendata.services.core.values import Page
from opendata.services.exchange.entries import Entries

_AT_ONCE = 50
_KEPT = 100
"""So many changes of a dataset's points are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the checkers say of a dataset now, and what to fill in, the most points for a minute first."""

    dataset: str
    points: int
    most: int
    scored: Sequence[Scored]
    gains: Sequence[Gain]
    history: Sequence[tuple[datetime, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The points of a dataset as they were scored last."""

    dataset: str
    title: str
    publisher: str
    points: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The points of many datasets: how many have been scored, their mean, and what would win most."""

    datasets: int
    mean: float
    gains: Sequence[tuple[Gain, int]]


class Conformance:
    """Scores, and gives what was scored."""

    def __init__(self, context: Context, entries: Entries) -> None:
        self._context = context
        self._entries = entries

    def run_due(self, is_stopping: Callable[[], bool] = lambda: False, *, rest_seconds: float = 0.0) -> int:
        """Score what changed since it was scored last, until it is to stop; how many datasets.

        A dataset that was scored less than `rest_seconds` ago waits.
        """
        count = 0
        while not is_stopping():
            names = self._list_due(rest_seconds)
            for entry in self._entries.get_many(names):
                self._keep(entry.id, score(entry))
                count += 1
            if len(names) < _AT_ONCE:
                return count
        return count

    def get(self, dataset: str) -> Desk:
        """What the checkers say of a dataset. Raises `NotFoundError`, `MovedError`."""
        scored = score(self._entries.get(dataset))
        points, most = sum_points(scored)
        query = select(ConformanceScore.at, ConformanceScore.points).where(ConformanceScore.dataset_id == dataset)
        with self._context.read() as session:
            rows = session.execute(query.order_by(ConformanceScore.id.desc()).limit(_KEPT)).all()
        return Desk(
            dataset=dataset,
            points=points,
            most=most,
            scored=scored,
            gains=rank_gains(scored),
            history=[(at, kept) for at, kept in rows],
        )

    def list(self, *, publisher: str | None = None, limit: int = 50, cursor: str | None = None) -> Page[Standing]:
        """Public datasets by their points, the fewest first. Raises `InputError` for a cursor that isn't ours."""
        newest = select(ConformanceScore, Dataset).join(Dataset, Dataset.id == ConformanceScore.dataset_id)
        query = newest.where(ConformanceScore.is_newest, where_listed())
        query = query.order_by(ConformanceScore.points, ConformanceScore.dataset_id)
        key = read_cursor(cursor)
        if key is not None:
            points, _, name = key.partition(":")
            if not points.isascii() or not points.isdecimal() or len(points) > 6:
                raise refuse_cursor()
            after = and_(ConformanceScore.points == int(points), ConformanceScore.dataset_id > name)
            query = query.where(or_(ConformanceScore.points > int(points), after))
        with self._context.read() as session:
            if publisher:
                query = query.where(Dataset.publisher_id.in_(follow_publishers(session, [publisher])))
            rows = list(session.execute(query.limit(limit + 1)))
        items = [
            Standing(
                dataset=row.dataset_id,
                title=dataset.title or row.dataset_id,
                publisher=dataset.publisher_id,
                points=row.points,
                at=row.at,
            )
            for row, dataset in rows[:limit]
        ]
        more = len(rows) > limit
        return Page(items, write_cursor(f"{items[-1].points}:{items[-1].dataset}") if more else None)

    def sum_up(self, publisher: str | None = None) -> Overview:
        """The points of all public datasets, or of a publisher's, and what would win most over all of them."""
        with self._context.read() as session:
            where: ColumnElement[bool] = and_(ConformanceScore.is_newest, where_listed())
            if publisher:
                where = and_(where, Dataset.publisher_id.in_(follow_publishers(session, [publisher])))
            joined = select(ConformanceScore.points, ConformanceScore.lost).join(
                Dataset, Dataset.id == ConformanceScore.dataset_id
            )
            count, total = 0, 0
            gains: dict[str, Gain] = {}
            datasets: dict[str, int] = {}
            for points, lost in session.execute(joined.where(where)).yield_per(1000):
                count, total = count + 1, total + points
                for gain in rank_gains([_read(item) for item in lost]):
                    known = gains.get(gain.field)
                    gains[gain.field] = Gain(
                        field=gain.field,
                        minutes=gain.minutes + (known.minutes if known else 0),
                        points=gain.points + (known.points if known else 0),
                        rules=gain.rules + (known.rules if known else 0),
                    )
                    datasets[gain.field] = datasets.get(gain.field, 0) + 1
        ranked = sorted(gains.values(), key=lambda item: (-item.rate, item.field))
        return Overview(
            datasets=count,
            mean=total / count if count else 0.0,
            gains=[(item, datasets[item.field]) for item in ranked],
        )

    def _list_due(self, rest_seconds: float) -> Sequence[str]:
        rested = self._context.where_rested(ConformanceScore.checked, rest_seconds)
        newest = and_(ConformanceScore.dataset_id == Dataset.id, ConformanceScore.is_newest)
        changed = or_(
            ConformanceScore.revision != Dataset.revision,
            func.coalesce(ConformanceScore.version, "") != func.coalesce(Dataset.latest, ""),
            ConformanceScore.edition != EDITION,
            ConformanceScore.checked < Publisher.modified,
        )
        query = (
            select(Dataset.id)
            .join(Publisher, Publisher.id == Dataset.publisher_id)
            .outerjoin(ConformanceScore, newest)
            .where(where_listed(), or_(ConformanceScore.id.is_(None), and_(changed, rested)))
            .order_by(Dataset.modified)
            .limit(_AT_ONCE)
        )
        with self._context.read() as session:
            return list(session.scalars(query))

    def _keep(self, dataset: str, scored: Sequence[Scored]) -> None:
        """Keep the points: a new row where they differ from those before."""
        points, _ = sum_points(scored)
        lost = [_write(item) for item in scored if item.lost]
        now = self._context.now()
        with self._context.write() as session:
            row = session.get(Dataset, dataset, with_for_update={"of": Dataset})
            if row is None:
                return
            own = ConformanceScore.dataset_id == dataset
            kept = session.scalar(select(ConformanceScore).where(own, ConformanceScore.is_newest))
            if kept is None or kept.points != points or kept.lost != lost:
                session.execute(update(ConformanceScore).where(own, ConformanceScore.is_newest).values(is_newest=False))
                kept = ConformanceScore(dataset_id=dataset, is_newest=True, at=now, points=points, lost=lost)
                session.add(kept)
            kept.checked, kept.revision, kept.version, kept.edition = now, row.revision, row.latest, EDITION


def _write(item: Scored) -> list[object]:
    return [str(item.scheme), item.code, item.lost, item.field, item.minutes]


def _read(kept: Sequence[object]) -> Scored:
    scheme, code, lost, name, minutes = kept
    return Scored(
        scheme=Scheme(str(scheme)),
        code=str(code),
        points=0,
        most=int(str(lost)),
        field=str(name),
        minutes=int(str(minutes)),
    )
