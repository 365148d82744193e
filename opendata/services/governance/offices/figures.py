"""The figures on a publisher's page: each subject adds its own by a line in `PROVIDERS`.

A publisher with few datasets is counted for each page. One with many is counted by the search index, and by what the
control room keeps: so a page costs the same however many there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.counts import read_count
from opendata.db.models import Dataset, Version
from opendata.domain.disclosure import Disclosure
from opendata.errors import N_
from opendata.metadata.codes import DISCLOSURES
from opendata.metadata.dataset import read_metadata
from opendata.metadata.expectation import expect_next
from opendata.services.core.access import where_listed
from opendata.services.core.actors import SYSTEM
from opendata.services.core.context import Context
from opendata.services.governance.control.counting import count_each
from opendata.services.governance.control.gauges import Asking
from opendata.services.governance.control.keeping import Kept, KeptCounts
from opendata.services.governance.control.storage import NEWEST_ROWS, STANDING
from opendata.services.search.searching import Search, Searching

MANY = 200
"""A publisher with so many public datasets isn't counted for each page, where the control room keeps its counts."""

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


@dataclass(frozen=True, slots=True)
class Large:
    """What is known of a publisher with many datasets: counts by facet and value, and what the control room keeps."""

    facets: Mapping[str, Mapping[str, int]]
    kept: Kept


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for: the figures of a `publisher` (its id). `large` is None where all is counted."""

    context: Context
    session: Session
    publisher: str
    large: Large | None = None


Provider = Callable[[Asked], Iterator[Figure]]
"""What counts something of a publisher."""


@dataclass(frozen=True, slots=True)
class ThemeCount:
    """A theme and how many public datasets of a publisher have it."""

    theme: str
    count: int


@dataclass(frozen=True, slots=True)
class PublisherFigures:
    """The figures in the order of the page, and the themes, the most frequent first.

    `counted` is when those were counted that aren't counted for each page.
    """

    figures: Sequence[Figure]
    themes: Sequence[ThemeCount]
    counted: datetime | None


class Figures:
    """Collects the figures of a publisher."""

    def __init__(self, context: Context, kept: KeptCounts, searching: Searching) -> None:
        self._context = context
        self._kept = kept
        self._searching = searching

    def describe(self, publisher: str) -> PublisherFigures:
        """All that is counted of a publisher."""
        with self._context.read() as session:
            large = self._find_large(session, publisher)
            asked = Asked(self._context, session, publisher, large)
            figures = [figure for provide in PROVIDERS for figure in provide(asked)]
            themes = large.facets.get("theme", {}) if large else _count_themes(session, publisher)
        order = sorted(themes.items(), key=lambda item: -item[1])
        counts = [ThemeCount(theme, count) for theme, count in order]
        return PublisherFigures(figures, counts, large.kept.counted if large else None)

    def _find_large(self, session: Session, publisher: str) -> Large | None:
        if read_count(session, publisher) < MANY:
            return None
        now, today = self._context.clock(), self._context.today()
        asking = Asking(actor=SYSTEM, now=now, today=today, publisher=publisher, sees_figures=True)
        kept = self._kept.find(session, asking)
        if kept is None:
            return None
        found = self._searching.search(Search(filters={"publisher": (publisher,)}, limit=1))
        if not found.is_ready:
            return None
        facets = {name: {one.value: one.count for one in values} for name, values in found.facets.items()}
        return Large(facets, kept)


def _count_themes(session: Session, publisher: str) -> Mapping[str, int]:
    query = select(Dataset.meta).where(Dataset.publisher_id == publisher, where_listed())
    return Counter(theme for meta in session.scalars(query) for theme in read_metadata(meta).further.get("themes", ()))


def _count_disclosures(asked: Asked) -> Iterator[Figure]:
    """Public datasets by disclosure."""
    if asked.large is not None:
        counts = asked.large.facets.get("disclosure", {})
    else:
        metas = select(Dataset.meta).where(Dataset.publisher_id == asked.publisher, where_listed())
        counts = Counter(
            Disclosure.from_json(meta.get("disclosure")).attribute for meta in asked.session.scalars(metas)
        )
    for attribute in DISCLOSURES:
        if count := counts.get(attribute, 0):
            search = {"publisher": asked.publisher, "disclosure": attribute}
            yield Figure(DISCLOSURES[attribute].name, count, search=search)


def _count_versions(asked: Asked) -> Iterator[Figure]:
    """Versions that can be read, the rows of the newest of each dataset, and when the last one came."""
    if asked.large is not None:
        standing, rows = (asked.large.kept.get(code) for code in ("standing", "newest-rows"))
    else:
        asking = Asking(
            actor=SYSTEM,
            now=asked.context.clock(),
            today=asked.context.today(),
            publisher=asked.publisher,
            sees_figures=True,
        )
        counts = count_each(asked.session, asking, (STANDING, NEWEST_ROWS))
        standing, rows = counts[STANDING], counts[NEWEST_ROWS]
    if standing.newest is not None:
        yield Figure(N_("Versions"), standing.count)
        yield Figure(N_("Rows in the newest versions"), rows.amount or 0)
        yield Figure(N_("Newest version"), standing.newest)


def _count_punctual(asked: Asked) -> Iterator[Figure]:
    """The share of datasets whose next edition isn't late, of those for which one is expected."""
    if asked.large is not None:
        counts = asked.large.facets.get("punctuality", {})
        done, due = counts.get("onTime", 0), sum(counts.values())
    else:
        done, due = _find_punctual(asked.context, asked.session, asked.publisher)
    if due:
        search = {"publisher": asked.publisher, "punctuality": "onTime"}
        yield Figure(N_("Datasets on time"), done, of=due, search=search)


def _find_punctual(context: Context, session: Session, publisher: str) -> tuple[int, int]:
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
    return sum(item.by >= today for item in due), len(due)


PROVIDERS: tuple[Provider, ...] = (_count_disclosures, _count_versions, _count_punctual)
"""In the order of the page."""
