"""What an entry is about: the period and the region that its data covers, and its themes by name."""

from __future__ import annotations

from collections.abc import Sequence

from opendata.domain.catalogue.entries import CatalogueEntry
from opendata.domain.meaning.periods import Period, read_period, span_periods
from opendata.domain.resources import TableResource
from opendata.metadata.properties.code_lists import find_codes, name_region


def find_coverage(entry: CatalogueEntry) -> Period | None:
    """The period that its metadata state, else that of all its tables, else that of the version; None if unknown."""
    stated = read_period(entry.metadata.temporal)
    if stated is not None:
        return stated
    tables = entry.manifest.resources if entry.manifest else ()
    found = [read_period(item.coverage or item.period) for item in tables if isinstance(item, TableResource)]
    whole = span_periods([item for item in found if item is not None])
    return whole or (read_period(entry.edition.period) if entry.edition else None)


def name_place(entry: CatalogueEntry, language: str) -> str:
    """The region that its metadata state, by name; empty where they state none."""
    found = entry.metadata.further.get("spatial") or {}
    return name_region(str(found.get("code") or ""), language) or str(found.get("name") or "")


def name_themes(entry: CatalogueEntry, language: str) -> Sequence[str]:
    """The names of its themes."""
    codes = find_codes("themes")
    themes = entry.metadata.further.get("themes") or ()
    return [codes[theme].title(language) if theme in codes else str(theme) for theme in themes]
