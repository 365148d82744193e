"""Re-uses of the data: their states."""

from __future__ import annotations

from enum import StrEnum


class ReuseState(StrEnum):
    """Where a re-use is: waiting for a maintainer, or decided."""

    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"
