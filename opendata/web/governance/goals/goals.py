"""The goals as a scoreboard: how far each is reached, and the list of what is missing."""

from __future__ import annotations

from flask import Blueprint, g, render_template, request

from opendata.services.governance.goals.goals import Layer
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import services
from opendata.web.governance.control.control import list_publishers
from opendata.web.governance.goals.words import GOALS, LAYERS, PLACES

blueprint = Blueprint("goals", __name__, url_prefix="/workspace/goals")
blueprint.before_request(ask_to_sign_in)


@blueprint.get("")
def show_goals() -> str:
    """All goals, of one publisher if that is asked for."""
    publisher = request.args.get("publisher") or None
    found = services().goals.measure_all(g.actor, publisher)
    return render_template(
        "governance/goals/goals.html",
        layers=[(LAYERS[layer], [goal for goal in found if goal.layer == layer]) for layer in Layer],
        names=GOALS,
        places=PLACES,
        publisher=publisher,
        publishers=list_publishers(),
    )
