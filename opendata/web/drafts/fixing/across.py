"""A table with years or months across: one question, with the first rows of what it would become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import g, request
from werkzeug.wrappers import Response

from opendata.domain.drafts import ENDED
from opendata.errors import BusyError, NotFoundError, NotPermittedError, TooLargeError, UnreadableFileError
from opendata.recipes.columns import MONTHS, is_month, is_year, name_turned, propose_turning
from opendata.recipes.recipe import describe_step
from opendata.services.core.values import DraftResourceView, DraftView
from opendata.tables.schema.header import make_distinct
from opendata.web.core.formats import format_cell
from opendata.web.core.instance import services
from opendata.web.drafts.fixing.steps import blueprint, change_steps

_EXAMPLE_ROWS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Across:
    """A table that can be turned: the columns that become rows, and the first rows that come of it.

    `name` and `value` are what the two new columns would be called.
    """

    table: DraftResourceView
    columns: Sequence[str]
    is_of_months: bool
    name: str
    value: str
    labels: Sequence[str]
    rows: Sequence[Sequence[str]]


def list_across(draft: DraftView) -> list[Across]:
    """The tables of a draft that nobody has given a schema or a step, and that have years or months across."""
    if draft.status in ENDED or draft.is_at_work:
        return []
    tasks = {item["name"]: item for item in (draft.report or {}).get("tasks", ())}
    found = [
        _find_across(draft, table, tasks.get(table.name) or {})
        for table in draft.tables
        if not (table.carried or table.schema or table.recipe)
    ]
    return [item for item in found if item is not None]


def _find_across(draft: DraftView, table: DraftResourceView, task: Mapping[str, Any]) -> Across | None:
    labels = task.get("labels") or ()
    if not propose_turning(labels):
        return None
    try:
        cells = _read_first_row(draft.id, table.name)
    except (BusyError, TooLargeError, UnreadableFileError):  # offered without its example then
        cells = ()
    *_, turning = steps = propose_turning(labels, cells)
    is_of_months = turning.params["columns"] == MONTHS
    is_of = is_month if is_of_months else is_year
    names = make_distinct(labels)
    called = {step.field: step.params["to"] for step in steps[:-1]}
    places = [at for at, name in enumerate(names) if is_of(name)]
    after = [at for at in range(places[0], len(names)) if at not in places]
    row = [*cells, *[""] * (len(names) - len(cells))]

    def put(made: Sequence[str], cells: Sequence[str]) -> list[str]:
        return [*cells[: places[0]], *made, *(cells[at] for at in after)]

    return Across(
        table=table,
        columns=[names[at] for at in places],
        is_of_months=is_of_months,
        name=turning.params["name"],
        value=turning.params["value"],
        labels=put((turning.params["name"], turning.params["value"]), [called.get(name, name) for name in names]),
        rows=[
            put((name_turned(turning, names[at]), format_cell(row[at])), [format_cell(cell) for cell in row])
            for at in places[:_EXAMPLE_ROWS]
        ],
    )


@blueprint.post("/<draft>/resources/<resource>/turn")
def turn_table(draft: str, resource: str) -> Response:
    """Turn the years or months of a table into rows, under the names that the form gives, and check it again."""
    found = services().drafts.get(g.actor, draft)
    tasks = (found.report or {}).get("tasks", ())
    labels = next((item["labels"] for item in tasks if item["name"] == resource), ())
    steps = [describe_step(step) for step in propose_turning(labels, _read_first_row(draft, resource))]
    if steps:
        given = {key: text for key in ("name", "value") if (text := request.form.get(key, "").strip())}
        steps[-1] = {**steps[-1], **given}
    return change_steps(draft, resource, lambda before: [*before, *steps])


def _read_first_row(draft: str, resource: str) -> Sequence[str]:
    try:
        return services().fixing.read_first_row(g.actor, draft, resource)
    except (NotFoundError, NotPermittedError):  # seen by somebody who may not see the file
        return ()
