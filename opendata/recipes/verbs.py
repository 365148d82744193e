"""The verbs of steps: what each says besides its column, and what does it.

`repair` is done by the check itself, which alone knows when a cell is wrong; all others come before it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from opendata.domain.recipes import REPAIR, Recipe, Step
from opendata.recipes.action import Action
from opendata.recipes.cells import AddYear, Edit, Missing, Replace, StripSuffix, make_split_unit
from opendata.recipes.columns import Drop, Rename, Reorder, Unpivot
from opendata.recipes.rows import FillDown, make_leave_out
from opendata.tables.repair.repairs import ROWS_LEFT_OUT

JOIN_HEADERS = "join-headers"
EDIT, REPLACE, MISSING, LEAVE_OUT, UNPIVOT = "edit", "replace", "missing", "leave-out", "unpivot"
DROP, RENAME, REORDER, FILL_DOWN = "drop", "rename", "reorder", "fill-down"
STRIP_SUFFIX, SPLIT_UNIT, ADD_YEAR = "strip-suffix", "split-unit", "add-year"

ONE_FILE = (EDIT, ADD_YEAR)
"""What was said of one file: in the next one it is asked about again (`again`)."""


class Kind(StrEnum):
    """What a parameter is."""

    TEXT = "text"
    FILLED = "filled text"
    TEXTS = "texts"
    NAMES = "names"
    LABELS = "labels"
    ROW = "row"
    YEAR = "year"
    KEY = "key"
    FLAG = "flag"
    ROWS_LEFT_OUT = "rows left out"
    COLUMNS = "columns"
    REPAIR = "repair"


@dataclass(frozen=True, slots=True)
class Verb:
    """What a verb needs and may have; `make` gives the step at work, None where the check or the header does it."""

    make: Callable[[Step], Action] | None
    needed: Mapping[str, Kind] = field(default_factory=dict)
    optional: Mapping[str, Kind] = field(default_factory=dict)
    has_field: bool = True


VERBS: Mapping[str, Verb] = {
    REPAIR: Verb(None, {"kind": Kind.REPAIR}),
    MISSING: Verb(Missing, {"texts": Kind.TEXTS}),
    REPLACE: Verb(Replace, {"old": Kind.TEXT, "new": Kind.TEXT}),
    EDIT: Verb(
        Edit,
        {"old": Kind.TEXT, "new": Kind.TEXT},
        {"row": Kind.ROW, "key": Kind.KEY, "again": Kind.FLAG},
    ),
    STRIP_SUFFIX: Verb(StripSuffix, {"suffix": Kind.FILLED}),
    SPLIT_UNIT: Verb(make_split_unit, {}, {"unit": Kind.FILLED, "to": Kind.FILLED}),
    ADD_YEAR: Verb(AddYear, {"year": Kind.YEAR}, {"again": Kind.FLAG}),
    LEAVE_OUT: Verb(make_leave_out, {"what": Kind.ROWS_LEFT_OUT}, {"within": Kind.FLAG, "text": Kind.FILLED}),
    FILL_DOWN: Verb(FillDown),
    DROP: Verb(Drop),
    RENAME: Verb(Rename, {"to": Kind.FILLED}),
    REORDER: Verb(Reorder, {"fields": Kind.NAMES}, has_field=False),
    JOIN_HEADERS: Verb(None, {"labels": Kind.LABELS}, has_field=False),
    UNPIVOT: Verb(
        Unpivot,
        {"columns": Kind.COLUMNS, "name": Kind.FILLED, "value": Kind.FILLED},
        {"unit": Kind.FILLED},
        has_field=False,
    ),
}
"""In the order in which a page offers them."""


def moves_rows(recipe: Recipe) -> bool:
    """Whether some rows that come out are at other places than in the file, or missing, or several."""
    return any(
        step.verb in (LEAVE_OUT, UNPIVOT, JOIN_HEADERS)
        or (step.verb == REPAIR and step.params["kind"] in ROWS_LEFT_OUT)
        for step in recipe.steps
    )
