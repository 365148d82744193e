"""Columns: which datasets a saved filter finds, and how they are arranged."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, or_, select

from opendata.db.models import Dataset
from opendata.domain.site.budgets import BudgetKind, BudgetPlace, Level, find_budget_place, find_year
from opendata.domain.site.kinds import Grouping
from opendata.services.catalogue.entries import view_dataset
from opendata.services.core.access import where_listed
from opendata.services.core.context import Context
from opendata.services.core.values import DatasetView
from opendata.services.governance.site.values import ColumnGroup, ColumnView, PageView

MOST_SHOWN = 500
"""So many datasets are shown on a column; the others are found by search."""


@dataclass(frozen=True, slots=True)
class _Key:
    """What datasets are arranged by: its name, how it is read, and whether the highest comes first."""

    by: str
    read: Callable[[DatasetView], str | None]
    is_downwards: bool = False


class Columns:
    """Finds the datasets of a column. One has any of its publishers, any of its themes and any of its keywords."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def show(self, page: PageView) -> ColumnView:
        """The datasets of a column, arranged as it says."""
        found = self._find(page)
        shown = found[:MOST_SHOWN]
        grouping = Grouping(page.data.get("grouping", ""))
        keys = _KEYS[grouping]
        groups = _arrange(shown, keys) if keys and shown else [ColumnGroup(None, shown)] if shown else []
        missing = [(view, find_place(view).list_missing()) for view in shown if grouping == Grouping.BUDGET]
        return ColumnView(total=len(found), groups=groups, incomplete=[pair for pair in missing if pair[1]])

    def count(self, page: PageView) -> int:
        """How many public datasets a column has."""
        return len(self._find(page))

    def _find(self, page: PageView) -> Sequence[DatasetView]:
        themes, words, publishers = (set(page.data.get(name) or ()) for name in ("themes", "keywords", "publishers"))
        query = select(Dataset).where(where_listed())
        if publishers:
            query = query.where(Dataset.publisher_id.in_(publishers))
        for texts in filter(None, (themes, words)):
            query = query.where(_mentions(texts))
        with self._context.read() as session:
            rows = session.scalars(query.order_by(Dataset.modified.desc(), Dataset.id))
            return [
                view_dataset(row)
                for row in rows
                if _has_any(themes, row.meta.get("themes")) and _has_any(words, row.meta.get("keywords"))
            ]


def find_place(view: DatasetView) -> BudgetPlace:
    """Where a dataset belongs in a budget column."""
    area = view.further.get("spatial")
    code = area.get("code") if isinstance(area, dict) else ""
    return find_budget_place(
        title=view.title, keywords=view.keywords, temporal=view.temporal, area=code if isinstance(code, str) else ""
    )


def _mentions(texts: Iterable[str]) -> ColumnElement[bool]:
    """Whether the metadata have any of these texts somewhere: cheap, and checked exactly afterwards.

    Databases keep the text of JSON as it was written, with or without escapes.
    """
    meta = cast(Dataset.meta, Text)
    forms = {json.dumps(text, ensure_ascii=is_ascii)[1:-1] for text in texts for is_ascii in (True, False)}
    return or_(*(meta.contains(form, autoescape=True) for form in sorted(forms)))


def _has_any(wanted: set[str], found: Any) -> bool:
    return not wanted or (isinstance(found, list) and any(item in wanted for item in found))


def _arrange(views: Sequence[DatasetView], keys: Sequence[_Key]) -> Sequence[ColumnGroup]:
    """Groups in groups, in the order of their headings; what isn't known comes last."""
    key, *further = keys
    by_heading: dict[str | None, list[DatasetView]] = {}
    for view in views:
        by_heading.setdefault(key.read(view), []).append(view)
    known = sorted((heading for heading in by_heading if heading is not None), key=_rank, reverse=key.is_downwards)
    groups = []
    for heading in chain(known, (None,) if None in by_heading else ()):
        inside = by_heading[heading]
        thing = inside[0].publisher if key.by == _PUBLISHER.by else None
        deeper = _arrange(inside, further) if further else ()
        groups.append(ColumnGroup(heading, () if further else inside, deeper, thing, key.by))
    return groups


def _rank(heading: str) -> tuple[int, str]:
    return (_ORDER.index(heading) if heading in _ORDER else len(_ORDER), heading)


_ORDER: Sequence[str] = (*Level, *BudgetKind)


_PUBLISHER = _Key("publisher", lambda view: view.publisher.id)
_YEAR = _Key("year", lambda view: find_year(view.temporal), is_downwards=True)

_KEYS: dict[Grouping, Sequence[_Key]] = {
    Grouping.NONE: (),
    Grouping.PUBLISHER: (_PUBLISHER,),
    Grouping.YEAR: (_YEAR,),
    Grouping.THEME: (_Key("theme", lambda view: next(iter(view.further.get("themes") or ()), None)),),
    Grouping.BUDGET: (
        _Key("level", lambda view: find_place(view).level),
        _PUBLISHER,
        _YEAR,
        _Key("kind", lambda view: find_place(view).kind),
    ),
}
