"""The status page: what works now, what the last checks found, and incidents."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, make_response, redirect, render_template
from flask_babel import gettext
from werkzeug.wrappers import Response

from opendata.services.governance.site.values import PartState
from opendata.web.core.formats import format_count, format_moment
from opendata.web.core.instance import rest_path, services
from opendata.wording.governance.site import PART_NAMES

blueprint = Blueprint("site_status", __name__)


@blueprint.get("/status")
def show_status() -> Response:
    """What works now, in words."""
    found = services().status.read()
    response = make_response(
        render_template(
            "governance/site/status.html",
            status=found,
            names=PART_NAMES,
            say_part=say_part,
            read_time=datetime.fromisoformat,
        )
    )
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/status.json")
def lead_to_rest() -> Response:
    """The REST document."""
    response = redirect(rest_path("status"), 302)
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def say_part(part: PartState) -> str:
    """What is known of a part, in the reader's language."""
    params = {name: _say(name, value) for name, value in part.params.items()}
    return str(gettext(part.said, **params))


def _say(name: str, value: Any) -> str:
    if name == "time":
        return format_moment(datetime.fromisoformat(value))
    return str(value) if name == "year" else format_count(value)
