"""Files that look like the parts of one table, as a question on the draft's page; and the parts of a joined one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, flash, g, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from opendata.domain.editions.series import Cut, SeriesOffer, SeriesView
from opendata.errors import N_, InvalidMetadataError, PreconditionError, StateError
from opendata.problems import choose_voice
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import services
from opendata.web.core.numbers import read_number
from opendata.web.core.security import limit_form, protect_forms

blueprint = Blueprint("series", __name__, url_prefix="/workspace/drafts")
blueprint.before_request(limit_form)
blueprint.before_request(ask_to_sign_in)
blueprint.before_request(protect_forms)

JOIN, APART = "join", "apart"

REASONS: Mapping[Cut, str] = {
    Cut.DAY: N_("They have the same %(columns)s columns, and their names differ only by the day."),
    Cut.WEEK: N_("They have the same %(columns)s columns, and their names differ only by the week."),
    Cut.MONTH: N_("They have the same %(columns)s columns, and their names differ only by the month."),
    Cut.QUARTER: N_("They have the same %(columns)s columns, and their names differ only by the quarter."),
    Cut.HALF: N_("They have the same %(columns)s columns, and their names differ only by the half-year."),
    Cut.YEAR: N_("They have the same %(columns)s columns, and their names differ only by the year."),
    Cut.AREA: N_("They have the same %(columns)s columns, and their names differ only by the area."),
}
"""Why tables look like the parts of one."""

DIFFERENCES: Mapping[str, str] = {
    "columns": N_("“%(table)s” has other columns: %(detail)s."),
    "unit": N_("“%(table)s” has another unit: %(detail)s."),
    "schema": N_("“%(table)s” is checked by other rules."),
}
"""Why they can't be joined."""


def say_reason(cut: Cut, columns: int) -> str:
    """Why tables look like the parts of one."""
    return str(gettext(REASONS[cut], columns=columns))


def say_difference(kind: str, table: str, detail: str) -> str:
    """Why they can't be joined."""
    return str(gettext(DIFFERENCES[kind], table=table, detail=detail))


def list_parts(series: SeriesOffer | SeriesView) -> Sequence[tuple[str, str, int, int]]:
    """The file, the value, the number of rows of each part and the first of them, 0 where that isn't known yet."""
    if isinstance(series, SeriesOffer):
        return [(file, value, 0, 0) for file, value in zip(series.files, series.values, strict=True)]
    return [(part["file"], part["value"], part["rows"], part["firstRow"]) for part in series.parts]


@blueprint.post("/<draft>/resources/<resource>/series")
def change_series(draft: str, resource: str) -> Response:
    """Join tables into one, keep them apart, or take one apart that was joined."""
    is_joining = request.form.get("choice") == JOIN
    series: dict[str, Any] | None = None
    if is_joining:
        series = {"tables": request.form.getlist("table")}
        if "column" in request.form:
            series["column"] = request.form["column"]
    page = redirect(url_for("drafts.show_draft", draft=draft), 303)
    try:
        revision = read_number(request.form.get("revision", ""))
        services().drafts.change_resource(g.actor, draft, resource, {"series": series}, revision=revision)
    except (StateError, PreconditionError, InvalidMetadataError) as error:
        texts = [choose_voice().say_fault(item) for item in error.faults]
        flash(" ".join(texts) or choose_voice().say_error(error), "bad")
        return page
    kept = gettext("Your answer is kept with the draft")
    flash(gettext("The table is being checked again") if is_joining else kept, "good")
    return page
