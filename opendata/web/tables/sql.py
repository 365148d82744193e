"""The page on which one asks public tables in SQL."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, make_response, render_template, request
from flask_babel import gettext
from markupsafe import Markup
from werkzeug.wrappers import Response

from opendata.errors import InputError
from opendata.metering import charge, charge_select
from opendata.problems import choose_voice
from opendata.query.values import EDITION
from opendata.services.query.answers import RowsPage
from opendata.web.core.instance import absolute_url, rest_path, services
from opendata.web.tables.cells import is_quantity, show_rows
from opendata.web.tables.examples import list_examples, list_tables
from opendata.web.tables.tables import Head
from opendata.web.tables.views import EDITION_NAME

blueprint = Blueprint("sql", __name__)

SHOWN_ROWS = 200
_MOST_CHARACTERS = 8_000
"""So long a question fits into an address that every browser sends; longer ones are for POST over REST."""


@blueprint.get("/sql")
def show_sql() -> Response:
    """The question in the address with its answer, or what may be asked."""
    text = pinned = request.args.get("q", "").replace("\0", "").replace("\r\n", "\n").strip()
    page: RowsPage | None = None
    error: InputError | None = None
    if text:
        charge("rows")
        try:
            charge_select(text)
            pinned = services().queries.pin_select(text)  # what is downloaded and cited is what is seen
            page = services().queries.select(pinned, limit=SHOWN_ROWS)
        except InputError as found:
            error = found
    else:
        services().queries.warm()
    tables, has_more = list_tables()
    heads = (
        [Head(name="", label=column.name, field=None, is_number=is_quantity(column)) for column in page.columns]
        if page
        else []
    )
    response = make_response(
        render_template(
            "tables/sql.html",
            text=text,
            longest=_MOST_CHARACTERS,
            page=page,
            heads=heads,
            rows=show_rows(page, {}) if page else (),
            error=_say(error) if error else "",
            marked=_mark(text, error),
            rest=lambda suffix="": f"{rest_path('sql')}{suffix}?{urlencode({'q': pinned})}",
            address=absolute_url(f"{request.script_root}/sql?{urlencode({'q': pinned, EDITION_NAME: EDITION})}"),
            is_of_other_edition=request.args.get(EDITION_NAME, str(EDITION)) != str(EDITION),
            tables=tables,
            has_more=has_more,
            examples=list(list_examples(tables)),
        )
    )
    response.status_code = 400 if error else 200
    return response


def _say(error: InputError) -> str:
    """What is wrong, for people: they see a box with a name, not a parameter."""
    params = {**error.params, "parameter": gettext("Your question")} if "parameter" in error.params else error.params
    return choose_voice().fill(error.message, params)


def _mark(text: str, error: InputError | None) -> Markup:
    """The question with the word marked at which something is wrong; empty where no place is known."""
    position = error.params.get("position") if error is not None else None
    if not isinstance(position, int) or not 1 <= position <= len(text):
        return Markup()
    start = end = position - 1
    if text[start] in "\"'":
        end = text.find(text[start], start + 1)
    else:
        while end < len(text) and (text[end].isalnum() or text[end] == "_"):
            end += 1
        end -= end > start
    end = len(text) - 1 if end < 0 else end
    return Markup("{}<mark>{}</mark>{}").format(text[:start], text[start : end + 1], text[end + 1 :])
