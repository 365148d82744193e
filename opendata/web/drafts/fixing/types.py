"""Columns that were kept as text though nearly all their values are of another type: one choice for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import flash, g, redirect, request, url_for
from werkzeug.wrappers import Response

from opendata.domain.recipes import REPAIR
from opendata.errors import N_, StateError
from opendata.problems import choose_voice
from opendata.recipes.doubts import CODE
from opendata.recipes.verbs import MISSING
from opendata.services.core.values import DraftView
from opendata.services.drafts.meaning.meanings import propose_units
from opendata.web.core.instance import services
from opendata.web.drafts.fixing.steps import blueprint, change_steps
from opendata.wording.schemas.field_types import TYPES


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeDoubt:
    """A column that may be of a type; `number` names it in the form."""

    number: int
    column: str
    kind: str
    type: str
    fits: int
    of: int
    others: Sequence[tuple[int | None, str]]
    examples: Sequence[str]
    are_marks: bool


def list_type_doubts(task: Mapping[str, Any]) -> list[TypeDoubt]:
    """The columns of a task of which it isn't sure that they are text."""
    found = []
    for number, remark in enumerate(_list_remarks(task)):
        params = remark["opendata"]["params"]
        has_others = params["fits"] < params["of"]
        rows = params["rows"] or [None] * len(params["values"])
        found.append(
            TypeDoubt(
                number=number,
                column=remark["fieldName"],
                kind=params["type"],
                type=choose_voice().translate(TYPES.get(params["type"], params["type"])),
                fits=params["fits"],
                of=params["of"],
                others=list(zip(rows, params["values"], strict=False)) if has_others else (),
                examples=() if has_others else params["values"],
                are_marks=params["are_marks"],
            )
        )
    return found


@blueprint.post("/<draft>/resources/<resource>/types")
def choose_types(draft: str, resource: str) -> Response:
    """Check a table by the schema that was proposed for it, its doubtful columns of the types that were chosen."""
    found = services().drafts.get(g.actor, draft)
    table = next((item for item in found.tables if item.name == resource), None)
    remarks = _list_remarks(_find_task(found, resource))
    if table is None or table.proposed_schema is None or not remarks:
        flash(choose_voice().say_error(StateError(N_("The schema no longer fits the table"))), "bad")
        return redirect(url_for("drafts.show_draft", draft=draft), 303)
    fields = {item["name"]: dict(item) for item in table.proposed_schema.descriptor["fields"]}
    steps: list[dict[str, Any]] = []
    for number, remark in enumerate(remarks):
        name, params = remark["fieldName"], remark["opendata"]["params"]
        chosen = request.form.get(f"type_{number}", "text")
        if chosen == "text" or name not in fields:
            continue
        fields[name]["type"] = params["type"]
        steps += [{"verb": REPAIR, "field": name, "kind": kind} for kind in params["repairs"]]
        if chosen == "missing" and params["are_marks"]:
            steps.append({"verb": MISSING, "field": name, "texts": params["values"]})
            fields[name].pop("constraints", None)
    schema = {**table.proposed_schema.descriptor, "fields": list(fields.values())}
    schema = propose_units(schema, table.meaning or {})  # columns that are numbers only now have the table's unit too
    return change_steps(
        draft, resource, lambda before: [*before, *(item for item in steps if item not in before)], schema=schema
    )


def _find_task(draft: DraftView, resource: str) -> Mapping[str, Any]:
    tasks = draft.report["tasks"] if draft.report else ()
    return next((item for item in tasks if item["name"] == resource), {})


def _list_remarks(task: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    remarks = (task.get("opendata") or {}).get("remarks", ())
    return [item for item in remarks if item["type"] == CODE]
