"""The page with a table's wrong cells alone: corrected there, each or all of a text at once, without another file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from opendata.problems import choose_voice
from opendata.recipes.recipe import describe_step
from opendata.services.drafts.fixing.wrong_cells import make_change, needs_labels
from opendata.tables.notation.totals import is_total
from opendata.web.access.kept_forms import find_kept_form
from opendata.web.core.instance import services
from opendata.web.core.numbers import read_number
from opendata.web.drafts.findings import show_finding
from opendata.web.drafts.fixing.repairs import read_choice, write_choice
from opendata.web.drafts.fixing.steps import blueprint, change_steps
from opendata.web.drafts.statuses import list_steps

_SHOWN_COLUMNS = 40
"""At most this many columns of a row are shown."""

_MOST_CELLS = 2000
"""At most this many cells are read from a form."""


@blueprint.get("/<draft>/resources/<resource>/fix")
def show_wrong_cells(draft: str, resource: str) -> str:
    """Rows with wrong cells, each between the rows above and below it, with fields to correct the cells."""
    found = services().drafts.get(g.actor, draft)
    page = services().fixing.list_wrong(g.actor, draft, resource, after=read_number(request.args.get("after", "")) or 0)
    kept = find_kept_form()
    return render_template(
        "drafts/fixing/fix.html",
        draft=found,
        resource=resource,
        page=page,
        labels=page.labels[:_SHOWN_COLUMNS],
        values=kept.values if kept else {},
        may_change=list_steps(found, g.actor).change,
        fault=choose_voice().say_error(page.fault) if page.fault else "",
        explain_all=lambda findings: [show_finding(item) for item in findings],
        is_total=is_total,
        write_cell=lambda cell: write_choice(
            {"row": cell.row, "field": cell.field, "number": cell.number, "old": cell.text}
        ),
    )


@blueprint.post("/<draft>/resources/<resource>/fix")
def fix_cells(draft: str, resource: str) -> Response:
    """Keep what was corrected as steps, and check the table again."""
    found = services().drafts.get(g.actor, draft)
    table = next((item for item in found.tables if item.name == resource), None)
    recipe = table.recipe if table else None
    labels = services().fixing.read_labels(g.actor, draft, resource) if needs_labels(recipe) else ()
    steps: list[dict[str, Any]] = []
    for number in range(_MOST_CELLS):
        cell = read_choice(request.form.get(f"cell_{number}", ""))
        if not isinstance(cell, Mapping):
            break
        new = request.form.get(f"new_{number}", "").strip("\r\n")
        if new == cell.get("old") or not {"row", "field", "old"} <= set(cell):
            continue
        everywhere = f"all_{number}" in request.form
        step = make_change(cell, new, everywhere=everywhere, recipe=recipe, labels=labels)
        if (described := describe_step(step)) not in steps:
            steps.append(described)
    if not steps:
        flash(gettext("You changed nothing. Enter the right value in a cell, then save"), "bad")
        return redirect(url_for("steps.show_wrong_cells", draft=draft, resource=resource), 303)
    return change_steps(draft, resource, lambda before: [*before, *steps])
