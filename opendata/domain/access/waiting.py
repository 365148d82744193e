"""How long after wrong sign-ins the next one has to wait.

A sign-in that is refused isn't counted. So an attacker can't make anybody's wait longer than `longest`, and the owner
of an account gets in after that at the latest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

FORGOTTEN_AFTER = timedelta(hours=1)
"""Without a wrong sign-in for so long, the earlier ones don't count."""


@dataclass(frozen=True, slots=True)
class Gate:
    """Something that wrong sign-ins are counted for: `free` of them cost nothing, then the wait doubles each time.

    `longest` is in seconds.
    """

    key: str
    free: int
    longest: int


def count_failures(failures: int, last: datetime, now: datetime) -> int:
    """How many of the wrong sign-ins still count."""
    return 0 if now - last >= FORGOTTEN_AFTER else failures


def find_wait(gate: Gate, failures: int, last: datetime, now: datetime) -> int:
    """Whole seconds until the next sign-in may be tried, 0 for now."""
    counted = count_failures(failures, last, now)
    if counted < gate.free:
        return 0
    delay = min(gate.longest, 2 ** min(counted - gate.free, 30))
    return max(0, math.ceil((last + timedelta(seconds=delay) - now).total_seconds()))
