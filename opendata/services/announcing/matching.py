"""Whether a search finds the dataset that an event is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from urllib.parse import parse_qsl

from opendata.db.models import PublicEvent
from opendata.errors import InputError
from opendata.search.documents import FACETS
from opendata.search.index import SearchIndex
from opendata.services.search.searching import Search, Searching

_MOST_FOUND = 200
LATEST = timedelta(minutes=10)
"""An event waits at most so long for the index to take it in."""


class SearchMatching:
    """Asks the search index of this machine."""

    def __init__(self, searching: Searching, index: SearchIndex) -> None:
        self._searching = searching
        self._index = index

    def has_seen(self, position: int) -> bool:
        """Whether the index has taken in a line of the audit log."""
        generation = self._index.read_generation()
        return generation is not None and generation.position >= position

    def is_found(self, search: str, event: PublicEvent, waited: timedelta) -> bool | None:
        """Whether a search finds the dataset now; None while the index hasn't taken in the event yet."""
        if not self.has_seen(event.position) and waited < LATEST:
            return None
        parsed = parse_search(search)
        if parsed is None:
            return False
        text, filters = parsed
        try:
            found = self._searching.search(Search(text=text, filters=filters, sort="updated", limit=_MOST_FOUND))
        except InputError:
            return False
        return any(item.dataset.uuid == event.dataset_uuid for item in found.items)


def parse_search(query: str) -> tuple[str, Mapping[str, Sequence[str]]] | None:
    """The text and the filters of a query of the page of search; None where there are other things in it."""
    filters: dict[str, list[str]] = {}
    text = ""
    try:
        pairs = parse_qsl(query.removeprefix("?"), keep_blank_values=True, strict_parsing=True, max_num_fields=50)
    except ValueError:
        return None
    for name, value in pairs:
        if name == "q":
            text = value
        elif name in FACETS:
            filters.setdefault(name, []).append(value)
        elif name not in ("sort", "lang", "limit"):
            return None
    return text, filters
