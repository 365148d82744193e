"""What was decided about personal data in the parts of a table, as it holds for the whole: no decision is lost.

In, two tables of which one leaves out “name”          Out: “name” is left out of the whole
In, two tables of which one has “phone” as an office's  Out: nothing, it is asked about all rows
In, two tables, “name” left out of one, masked in one   Out: they can't be joined
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from opendata.db.models import DraftResource
from opendata.domain.privacy import Treatment
from opendata.errors import N_, InvalidMetadataError, Listed, fault
from opendata.services.privacy.gate import BY, NOTES, RESTORED

_LEAVES_VALUES = (Treatment.PUBLISH, Treatment.NOT_PERSONAL)
"""What was said of the values in some parts alone, and isn't known of the others."""


def join_decisions(tables: Sequence[DraftResource]) -> dict[str, Any] | None:
    """The decisions about the whole; None where there are none. Raises `InvalidMetadataError` where some differ."""
    columns: dict[str, Mapping[str, Any]] = {}
    others: dict[str, Any] = {}
    notes: dict[str, Any] = {}
    times: Counter[str] = Counter()
    for item in tables:
        decisions = item.decisions or {}
        own = {str(column["field"]): column for column in decisions.get("columns", ())}
        rest = {name: value for name, value in decisions.items() if name not in ("columns", *NOTES) and value}
        differ = [name for name, column in own.items() if columns.setdefault(name, column) != column]
        differ += [name for name, value in rest.items() if others.setdefault(name, value) != value]
        if differ:
            text = N_("“%(table)s” can't be joined: its personal data is treated in another way (%(what)s)")
            raise InvalidMetadataError(faults=[fault("/series/tables", text, table=item.called, what=Listed(differ))])
        times.update(own.keys())
        notes |= {name: decisions[name] for name in (BY, RESTORED) if name in decisions}
    kept = [
        column
        for name, column in columns.items()
        if times[name] == len(tables) or column["treatment"] not in _LEAVES_VALUES
    ]
    return {"columns": kept, **others, **notes} if kept or others else None
