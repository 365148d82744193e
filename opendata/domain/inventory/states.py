"""What becomes of an item of the inventory, in a word."""

from __future__ import annotations

from enum import StrEnum

from opendata.errors import N_


class ItemState(StrEnum):
    """The state of an item. Its disclosure comes first: a closed item is closed whether it ever had data or not."""

    HELD = "held"
    PLANNED = "planned"
    OPEN = "open"
    CONDITIONAL = "conditional"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


STATE_NAMES = {
    ItemState.HELD: N_("Held, not planned yet"),
    ItemState.PLANNED: N_("To be opened"),
    ItemState.OPEN: N_("Opened"),
    ItemState.CONDITIONAL: N_("On application"),
    ItemState.CLOSED: N_("Not opened"),
    ItemState.WITHDRAWN: N_("Withdrawn data"),
}
