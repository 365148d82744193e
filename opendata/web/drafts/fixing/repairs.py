"""What a report proposes to mend, as a clerk chooses among it: repairs of wrong cells, and steps for whole columns."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from opendata.domain.recipes import REPAIR
from opendata.domain.schema import TableSchema
from opendata.recipes.columns import is_year, propose_unpivot
from opendata.recipes.recipe import describe_step
from opendata.recipes.rows import TOTALS
from opendata.recipes.verbs import ADD_YEAR, DROP, LEAVE_OUT
from opendata.tables.notation.moments import add_year
from opendata.tables.repair.repairs import EXAMPLES, REPAIRS, ROWS_LEFT_OUT, TOTAL_ROW
from opendata.web.core.formats import format_cell


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairChoice:
    """A way to mend one column: how many cells or rows, what it does to some of them; `value` is sent by a form."""

    column: str
    title: str
    explanation: str
    count: int
    examples: Sequence[tuple[str, str]]
    value: str


def list_repairs(
    task: Mapping[str, Any], schema: Mapping[str, Any] | None = None, year: str = ""
) -> list[RepairChoice]:
    """What a task proposes; and where columns named by a year are what its schema has as rows, to turn them.

    Dates without a year can get that of the table's period: `year`, empty where it isn't known.
    """
    turned = list(_list_turned(task, TableSchema(schema))) if schema else []
    return [
        *turned,
        *(() if turned else _list_columns(task)),
        *(_list_dated(task, TableSchema(schema), year) if schema and year else ()),
        *map(_describe, (task.get("opendata") or {}).get("repairs", ())),
    ]


def read_choice(value: str) -> object:
    """What a form sent for one choice; anything else comes back as it is and is refused by the rules of recipes."""
    try:
        return json.loads(value)
    except ValueError:
        return value


def write_choice(step: Mapping[str, Any]) -> str:
    """A step as a form sends it."""
    return json.dumps(step, ensure_ascii=False)


def _describe(item: Mapping[str, Any]) -> RepairChoice:
    name, kind = item["fieldName"], item["kind"]
    step = {"verb": REPAIR, "field": name, "kind": kind}
    if kind == TOTAL_ROW:  # told by what it is in the next file too, and asked about where it is elsewhere
        step = {"verb": LEAVE_OUT, "field": name, "what": TOTALS}
    return RepairChoice(
        column=name,
        title=gettext(REPAIRS[kind].title),
        explanation=gettext(REPAIRS[kind].explanation),
        count=item["count"],
        examples=[(format_cell(one["before"]), _show(one["after"], kind)) for one in item.get("examples", ())],
        value=write_choice(step),
    )


def _list_columns(task: Mapping[str, Any]) -> Iterator[RepairChoice]:
    """Columns that the schema doesn't have: they can be left out."""
    for error in task["errors"]:
        label = str(error.get("label") or "")
        if error["type"] == "extra-label" and label:
            yield RepairChoice(
                column=label,
                title=gettext("A column that isn't in the schema"),
                explanation=gettext("The column is left out. Its cells aren't published."),
                count=1,
                examples=[(format_cell(label), gettext("(column left out)"))],
                value=write_choice({"verb": DROP, "field": label}),
            )


def _list_dated(task: Mapping[str, Any], schema: TableSchema, year: str) -> Iterator[RepairChoice]:
    """Dates without a year in columns of dates or months."""
    for field in schema.fields:
        if field.type not in ("date", "yearmonth"):
            continue
        wrong = [str(item.get("cell") or "") for item in task["errors"] if item.get("fieldName") == field.name]
        found = [(cell, dated) for cell in wrong if (dated := add_year(cell, int(year)))]
        if found:
            yield RepairChoice(
                column=field.name,
                title=gettext("Dates without a year"),
                explanation=gettext("The table is about %(year)s, so the dates are in %(year)s.", year=year),
                count=len(found),
                examples=[(format_cell(cell), dated) for cell, dated in found[:EXAMPLES]],
                value=write_choice({"verb": ADD_YEAR, "field": field.name, "year": year}),
            )


def _list_turned(task: Mapping[str, Any], schema: TableSchema) -> Iterator[RepairChoice]:
    step = propose_unpivot(task["labels"], schema)
    if step is not None:
        yield RepairChoice(
            column=step.params["value"],
            title=gettext("Years side by side"),
            explanation=gettext("The columns named by a year become rows, as the schema has them."),
            count=sum(map(is_year, task["labels"])),
            examples=[
                (format_cell(label), f"{step.params['name']}, {step.params['value']}") for label in _list_years(task)
            ],
            value=write_choice(describe_step(step)),
        )


def _list_years(task: Mapping[str, Any]) -> list[str]:
    return [label for label in task["labels"] if is_year(label)][:2]


def _show(after: str | None, kind: str) -> str:
    if after is None and kind in ROWS_LEFT_OUT:
        left_out: str = gettext("(row left out)")
        return left_out
    return gettext("missing") if after is None else format_cell(after)
