"""Notes the day on which an item was first opened: the opening plan is judged by it."""

from __future__ import annotations

from opendata.db.models import Dataset
from opendata.services.core.access import disclosure_of
from opendata.services.core.context import Context


def note_opening(context: Context, row: Dataset) -> None:
    """Note that a dataset has data that is open now, unless it had some before."""
    if row.opened is None and row.latest is not None and disclosure_of(row).is_open:
        row.opened = context.today()
