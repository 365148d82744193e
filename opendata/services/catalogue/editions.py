"""The editions of a dataset by their periods, and when the next one is expected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, Version
from opendata.db.plain import PlainRows
from opendata.db.session import SHARED
from opendata.domain.meaning.periods import read_period
from opendata.metadata.expectation import NextEdition, expect_next
from opendata.services.core.context import Context
from opendata.services.core.values import DatasetView

MOST = 36
"""At most this many editions are listed, and so many versions looked at to learn how late they usually are."""


_ROWS = PlainRows(Version, ("version", "published", "period", "withdrawal", "suspended"))
_OF = Version.__table__.c
_LAST = (
    _ROWS.select()
    .where(_OF.dataset_id == bindparam("dataset"), _OF.period.is_not(None))
    .order_by(_OF.id.desc())
    .limit(MOST)
)


@dataclass(frozen=True, slots=True)
class EditionView:
    """A period and the newest version about it; `is_standing` says that this can be read."""

    period: str
    version: str
    is_standing: bool


class Editions:
    """Reads the periods of versions."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(self, dataset: str) -> Sequence[EditionView]:
        """The newest version of each period, the latest period first; of many those published last."""
        found: dict[str, EditionView] = {}
        for row in self._list_rows(dataset):
            if row.period and row.period not in found and row.withdrawal is None:
                found[row.period] = EditionView(row.period, row.version, not row.suspended)
        ends = {text: period.end for text in found if (period := read_period(text)) is not None}
        return sorted((found[text] for text in ends), key=lambda item: ends[item.period], reverse=True)

    def list_periods(self, dataset: str) -> Sequence[str]:
        """The periods of the last versions that weren't withdrawn."""
        return [row.period for row in self._list_rows(dataset) if row.period and row.withdrawal is None]

    def find_next(self, dataset: DatasetView) -> NextEdition | None:
        """The edition of a dataset that is expected next; None where that can't be told, and of an archived dataset."""
        if dataset.archived is not None:
            return None
        zone = ZoneInfo(self._context.settings.timezone)
        rows = [row for row in self._list_rows(dataset.id) if row.withdrawal is None]
        return expect_next(
            dataset.update_cycle, [(row.period or "", row.published.astimezone(zone).date()) for row in rows]
        )

    def _list_rows(self, dataset: str) -> Sequence[Version]:
        with self._context.read() as session:
            shared: dict[str, Sequence[Version]] | None = session.info.get(SHARED)
            key = _name_rows(dataset)
            if shared is not None and key in shared:
                return shared[key]
            rows = [_make(tuple(row)) for row in session.execute(_LAST, {"dataset": dataset})]
            if shared is not None:
                shared[key] = rows
            return rows


def remember_rows(session: Session, datasets: Iterable[Dataset], versions: Iterable[Version]) -> None:
    """Have a session that is shared know the rows of datasets, with all their versions, that were read together."""
    shared: dict[object, object] | None = session.info.get(SHARED)
    if shared is None:
        return
    editions: dict[str, list[Version]] = {}
    for dataset in datasets:
        shared[dataset.id] = dataset
        editions[dataset.id] = []
    for version in sorted(versions, key=lambda row: row.id, reverse=True):
        shared[version.dataset_id, version.version] = version
        if version.period is not None:
            editions[version.dataset_id].append(version)
    for name, rows in editions.items():
        shared[_name_rows(name)] = rows[:MOST]


def _name_rows(dataset: str) -> str:
    return f"editions\n{dataset}"


@lru_cache(maxsize=4096)
def _make(values: tuple[Any, ...]) -> Version:
    return _ROWS.make(values)
