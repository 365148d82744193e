"""What the index has of a dataset: texts to look it up by, values to filter, count and sort by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from opendata.exchange.ckan.facts import Facts

FACETS = (
    "publisher",
    "theme",
    "format",
    "updateCycle",
    "disclosure",
    "license",
    "period",
    "region",
)
"""What results are filtered and counted by. Beside these there is `PUNCTUALITY`, which time changes."""

SEVERAL = ("theme", "format", "license", "period")
"""Those of which a dataset has several values: it is counted by all of them together, which are few combinations."""

PUNCTUALITY = ("onTime", "late")
"""Whether the next edition of a dataset came before it was expected; neither where none is expected."""

WEIGHTS = {
    "title": 8.0,
    "keywords": 4.0,
    "publisher": 3.0,
    "theme": 2.5,
    "columns": 2.0,
    "labels": 1.2,
    "description": 1.0,
}
"""The texts of a dataset, and how much a word found in each counts."""

SPELLED = ("title", "keywords", "publisher", "columns")
"""The texts that are found by pinyin too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchDocument:
    """One public dataset.

    `texts` has any number of texts under each name of `WEIGHTS`, in all languages; `values` any number of values under
    each name of `FACETS`.
    """

    id: str
    texts: Mapping[str, Sequence[str]]
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    updated: datetime
    title_key: str = ""
    """What titles are sorted by."""
    due: date | None = None
    """The last day on which its next edition isn't late."""
    facts: Facts | None = None
    """What searches of the CKAN interface know of it; None leaves it out of these."""
