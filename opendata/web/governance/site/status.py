"""The status page: what works now, what the last checks found, and incidents."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, jsonify, make_response, render_template
from flask_babel import gettext
from werkzeug.wrappers import Response

from opendata.domain.moments import format_time
from opendata.services.governance.site.values import PartState
from opendata.web.core.formats import format_count, format_moment
from opendata.web.core.instance import services
from opendata.wording.site import PART_NAMES

blueprint = Blueprint("site_status", __name__)


@blueprint.get("/status")
def show_status() -> Response:
    """What works now, in words."""
    found = services().status.read()
    page = render_template(
        "governance/site/status.html",
        status=found,
        names=PART_NAMES,
        say_part=say_part,
        read_time=datetime.fromisoformat,
    )
    return _fresh(make_response(page))


@blueprint.get("/status.json")
def send_status() -> Response:
    """The same for programs."""
    found = services().status.read()
    document = {
        "at": format_time(found.at),
        "works": found.is_working,
        "parts": [_describe(part) for part in found.parts],
        "checks": [_describe(part) for part in found.checks],
        "incidents": [{"id": page.id, **page.data} for page in found.incidents],
    }
    response = _fresh(jsonify(document))
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


def _describe(part: PartState) -> dict[str, Any]:
    said = part.said % part.params if part.params else part.said
    return {"name": part.name, "works": part.is_working, "text": said}


def _fresh(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
