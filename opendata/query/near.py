"""The names that somebody may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence


def find_near(name: str, known: Collection[str]) -> Sequence[str]:
    """The known names nearest to one that isn't, at most three."""
    by_lower = {item.lower(): item for item in known}
    return [by_lower[item] for item in difflib.get_close_matches(name.lower()[:200], by_lower, 3, 0.5)]
