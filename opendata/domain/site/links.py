"""When a link to a re-use counts as dead, and which sites are the operator's own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

DEAD_FAILURES = 3
DEAD_AFTER = timedelta(days=7)
"""A link is dead after so many failures in a row, the last of them so long after the first."""

CHECKED_EVERY = timedelta(days=1)
DEAD_CHECKED_EVERY = timedelta(days=7)
"""How often a link is asked: a dead one may come back."""

DEFAULT_OWN_SITES = ("gov.cn",)

REFUSED = frozenset({401, 402, 403, 405, 406, 407, 418, 429, 451})
"""Answers of a server that is there but doesn't want to be asked by a program."""


class LinkState(StrEnum):
    """What is known of a link. `failing`: it didn't answer the last time, and isn't dead yet."""

    UNCHECKED = "unchecked"
    ALIVE = "alive"
    FAILING = "failing"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class LinkLife:
    """What became of a link so far: its state, how often it failed in a row, and since when."""

    state: LinkState = LinkState.UNCHECKED
    failures: int = 0
    since: datetime | None = None

    def follow(self, *, answers: bool, now: datetime) -> LinkLife:
        """What it is after another look at it."""
        if answers:
            return LinkLife(LinkState.ALIVE)
        failures, since = self.failures + 1, self.since or now
        is_dead = failures >= DEAD_FAILURES and now - since >= DEAD_AFTER
        return LinkLife(LinkState.DEAD if is_dead else LinkState.FAILING, failures, since)

    def find_next(self, now: datetime) -> datetime:
        """When it is looked at again."""
        return now + (DEAD_CHECKED_EVERY if self.state == LinkState.DEAD else CHECKED_EVERY)


def is_own_site(address: str, own: Iterable[str]) -> bool:
    """Whether an address leads to one of these domains or below one of them; a path leads to our own site."""
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").rstrip(".").lower()
    except ValueError:
        return False
    if not parts.scheme and not parts.netloc:
        return True
    if parts.scheme not in ("http", "https"):
        return parts.scheme == "mailto"
    return any(host == site or host.endswith(f".{site}") for site in (item.strip(".").lower() for item in own) if site)
