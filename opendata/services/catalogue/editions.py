"""The editions of a dataset by their periods, and when the next one is expected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import select

from opendata.db.models import Version
from opendata.domain.meaning.periods import read_period
from opendata.metadata.expectation import NextEdition, expect_next
from opendata.services.core.context import Context
from opendata.services.core.values import DatasetView

MOST = 36
"""At most this many editions are listed, and so many versions looked at to learn how late they usually are."""


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
        query = select(Version).where(Version.dataset_id == dataset, Version.period.is_not(None))
        with self._context.read() as session:
            return list(session.scalars(query.order_by(Version.id.desc()).limit(MOST)))
