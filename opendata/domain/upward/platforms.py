"""Higher platforms: what they speak, which entries are sent to them, and how long one that doesn't answer rests."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from opendata.domain.catalogue.entries import CatalogueEntry


class PlatformKind(StrEnum):
    """What a higher platform speaks."""

    OPENDATA = "opendata"
    CKAN = "ckan"
    HTTP = "http"


class SendMethod(StrEnum):
    """How a platform of the kind `http` wants its records: each at its own address, or all at one."""

    PUT = "PUT"
    POST = "POST"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which open entries are sent: those of some publishers or of some themes, all where neither is named.

    `takes_harvested` says whether entries that were taken in from other portals are sent on. Of a selection that
    `is_withdrawn` nothing is sent, and what the platform has is withdrawn.
    """

    publishers: Sequence[str] = ()
    themes: Sequence[str] = ()
    takes_harvested: bool = False
    is_withdrawn: bool = False

    def takes(self, entry: CatalogueEntry, publishers: Collection[str]) -> bool:
        """Whether an entry is sent; `publishers` are those of the selection as they are called now."""
        if self.is_withdrawn or not entry.is_open:
            return False
        if entry.origin is not None and not self.takes_harvested:
            return False
        if not self.publishers and not self.themes:
            return True
        found: object = entry.metadata.further.get("themes")
        themes = found if isinstance(found, list | tuple) else ()
        return entry.publisher.id in publishers or any(item in self.themes for item in themes)


_RESTS = (5, 30, 120, 600, 1800, 3600)
"""Seconds that a platform is left alone after each failure in a row."""

BACK_AFTER = 3
"""After so many failures in a row, what waits for its next try is due as soon as the platform takes something."""


def find_rest(failures: int, asked: float | None = None) -> timedelta:
    """How long a platform rests after so many failures in a row; longer where it asked for that, in seconds."""
    return timedelta(seconds=max(_RESTS[min(failures, len(_RESTS)) - 1], asked or 0.0))
