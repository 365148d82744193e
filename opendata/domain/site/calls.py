"""The state of a contest or call, which follows from the day alone."""

from __future__ import annotations

from datetime import date
from enum import StrEnum


class CallState(StrEnum):
    """Where a call is. `results`: its results are there to be read."""

    ANNOUNCED = "announced"
    OPEN = "open"
    CLOSED = "closed"
    RESULTS = "results"


def find_call_state(today: date, begins: date, ends: date, decided: date | None, *, has_results: bool) -> CallState:
    """The state on a day: both ends of the period belong to it; results are shown from the day of the decision on."""
    if has_results and today > ends and (decided is None or today >= decided):
        return CallState.RESULTS
    if today < begins:
        return CallState.ANNOUNCED
    return CallState.OPEN if today <= ends else CallState.CLOSED
