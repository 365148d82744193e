"""The figures on a publisher's page: each subject adds its own by a line in `PROVIDERS`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, Version
from opendata.errors import N_
from opendata.metadata.codes import DISCLOSURES
from opendata.metadata.dataset import read_metadata
from opendata.metadata.expectation import expect_next
from opendata.services.core.access import disclosure_of, where_listed, where_standing
from opendata.services.core.context import Context

_MOST_EDITIONS = 36


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with its name (to be translated): a number, a moment, or a share of a whole (`of`).

    `search` has the values of a search for what was counted; empty if nothing can be searched for.
    """

    name: str
    value: int | datetime
    of: int | None = None
    search: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_moment(self) -> bool:
        """Whether it says when something was."""
        return isinstance(self.value, datetime)


Provider = Callable[[Context, Session, str], Iterator[Figure]]
"""What counts something of a publisher (its id)."""


class Figures:
    """Collects the figures of a publisher."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(self, publisher: str) -> Sequence[Figure]:
        """All figures, in the order of the page."""
        with self._context.read() as session:
            return [figure for provide in PROVIDERS for figure in provide(self._context, session, publisher)]

    def list_themes(self, publisher: str) -> Sequence[ThemeCount]:
        """The themes of its public datasets, the most frequent first."""
        query = select(Dataset.meta).where(Dataset.publisher_id == publisher, where_listed())
        with self._context.read() as session:
            counts = Counter(
                theme for meta in session.scalars(query) for theme in read_metadata(meta).further.get("themes", ())
            )
        return [ThemeCount(theme, count) for theme, count in counts.most_common()]


@dataclass(frozen=True, slots=True)
class ThemeCount:
    """A theme and how many public datasets of a publisher have it."""

    theme: str
    count: int


def _count_disclosures(context: Context, session: Session, publisher: str) -> Iterator[Figure]:  # noqa: ARG001
    """Public datasets by disclosure."""
    counts = dict.fromkeys(DISCLOSURES, 0)
    for row in session.scalars(select(Dataset).where(Dataset.publisher_id == publisher, where_listed())):
        counts[disclosure_of(row).attribute] += 1
    for attribute, count in counts.items():
        if count:
            search = {"publisher": publisher, "disclosure": attribute}
            yield Figure(DISCLOSURES[attribute].name, count, search=search)


def _count_versions(context: Context, session: Session, publisher: str) -> Iterator[Figure]:  # noqa: ARG001
    """Versions that can be read, the rows of the newest of each dataset, and when the last one came."""
    own = select(Version).join(Dataset, Dataset.id == Version.dataset_id)
    own = own.where(Dataset.publisher_id == publisher, where_standing())
    query = own.with_only_columns(func.count(), func.max(Version.published))
    count, newest = session.execute(query).one()
    if not count:
        return
    rows = own.where(Version.version == Dataset.latest).with_only_columns(func.sum(Version.rows))
    yield Figure(N_("Versions"), count)
    yield Figure(N_("Rows in the newest versions"), int(session.scalar(rows) or 0))
    yield Figure(N_("Newest version"), newest)


def _count_punctual(context: Context, session: Session, publisher: str) -> Iterator[Figure]:
    """The share of datasets whose next edition isn't late, of those for which one is expected."""
    zone = ZoneInfo(context.settings.timezone)
    query = select(Version.dataset_id, Version.period, Version.published).join(Dataset)
    query = query.where(Dataset.publisher_id == publisher, Dataset.archived.is_(None), Version.withdrawal.is_(None))
    editions: dict[str, list[tuple[str, date]]] = {}
    for dataset, period, published in session.execute(
        query.where(Version.period.is_not(None)).order_by(Version.id.desc())
    ):
        found = editions.setdefault(dataset, [])
        if len(found) < _MOST_EDITIONS:
            found.append((str(period), published.astimezone(zone).date()))
    today = context.clock().astimezone(zone).date()
    metas = session.execute(select(Dataset.id, Dataset.meta).where(Dataset.id.in_(list(editions))))
    expected = [expect_next(meta.get("updateCycle", ""), editions[dataset]) for dataset, meta in metas]
    due = [item for item in expected if item is not None]
    if due:
        search = {"publisher": publisher, "punctuality": "onTime"}
        yield Figure(N_("Datasets on time"), sum(item.by >= today for item in due), of=len(due), search=search)


PROVIDERS: tuple[Provider, ...] = (_count_disclosures, _count_versions, _count_punctual)
"""In the order of the page."""
