"""Rules that a person declared, and that cells break after the steps: dropped by one button, or the step is undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import flash, g, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from opendata.problems import choose_voice
from opendata.recipes.following import find_broken
from opendata.recipes.recipe import read_recipe
from opendata.services.core.values import DraftResourceView
from opendata.web.core.instance import services
from opendata.web.drafts.fixing.steps import blueprint, change_steps
from opendata.wording.findings import name_rule


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """A rule of a column, by its name and in words, and how many cells break it."""

    column: str
    rule: str
    title: str
    count: int


def list_broken_rules(table: DraftResourceView | None, task: Mapping[str, Any]) -> list[BrokenRule]:
    """The rules of a table that its steps may have made false; those that were only proposed are dropped already."""
    if table is None or not table.schema or not table.recipe or table.schema_name:
        return []
    counts = {
        (item.get("fieldName") or "", item.get("rule") or ""): item
        for item in (task.get("opendata") or {}).get("counts", ())
        if item.get("strength", "error") == "error"
    }
    found = find_broken(table.schema, read_recipe(table.recipe), list(counts))
    return [
        BrokenRule(name, rule, name_rule(choose_voice(), counts[name, rule]["type"], rule), counts[name, rule]["count"])
        for name, rule, _ in found
    ]


@blueprint.post("/<draft>/resources/<resource>/rules")
def drop_rule(draft: str, resource: str) -> Response:
    """Drop one constraint of one column, and check the table again."""
    table = next((item for item in services().drafts.get(g.actor, draft).tables if item.name == resource), None)
    column, rule = request.form.get("column", ""), request.form.get("rule", "")
    if table is None or not table.schema:
        flash(gettext("The table has no schema"), "bad")
        return redirect(url_for("drafts.show_draft", draft=draft), 303)
    fields = [
        {**item, "constraints": {key: value for key, value in (item.get("constraints") or {}).items() if key != rule}}
        if item.get("name") == column
        else item
        for item in table.schema["fields"]
    ]
    return change_steps(draft, resource, lambda before: before, schema={**table.schema, "fields": fields})
