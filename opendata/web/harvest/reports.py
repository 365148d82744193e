"""What was harvested from where, for anybody: a portal that is harvested sees why a dataset is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, g, render_template
from flask_babel import gettext

from opendata.domain.harvest.runs import HarvestOutcome
from opendata.exchange.reading.readers import READERS
from opendata.problems import choose_voice
from opendata.services.harvest.values import HarvestRunView
from opendata.web.core.instance import services
from opendata.wording.governance.harvest import FATES, KINDS, OUTCOMES

blueprint = Blueprint("harvests", __name__, url_prefix="/harvest")

_STATES: Mapping[str, str] = {HarvestOutcome.DONE: "good", HarvestOutcome.FAILED: "bad"}
_SHOWN = 200
"""So many datasets of a run are listed on its page; REST has all that are kept."""


@blueprint.get("")
def list_portals() -> str:
    """The portals with their newest runs."""
    found = [(item, show_run(item.last) if item.last else None) for item in services().harvests.list()]
    return render_template("harvest/portals.html", portals=found, kinds=_name_kinds(), may_keep=_may_keep())


@blueprint.get("/<source>")
def show_portal(source: str) -> str:
    """The report of a portal: its runs, and the datasets that couldn't be used with their reasons."""
    found = services().harvests.get(source)
    runs = [show_run(item) for item in found.runs]
    trial = next((item for item in runs if item["run"].is_trial), None)
    return render_template(
        "harvest/portal.html",
        portal=found,
        publisher=services().publishers.get(found.publisher),
        runs=runs,
        trial=trial if _may_keep() and found.runs[:1] and found.runs[0].is_trial else None,
        last=next((item for item in runs if not item["run"].is_trial and item["run"].ended), None),
        kinds=_name_kinds(),
        may_keep=_may_keep(),
    )


def show_run(run: HarvestRunView) -> Mapping[str, Any]:
    """A run in words of the reader."""
    voice = choose_voice()
    return {
        "run": run,
        "name": gettext(OUTCOMES[run.outcome]),
        "state": _STATES.get(run.outcome, ""),
        "reason": voice.fill(run.reason["message"], run.reason["params"]) if run.reason else "",
        "refused": [
            {**item, "reason": voice.fill(item["reason"]["message"], item["reason"]["params"])}
            for item in run.refused[:_SHOWN]
        ],
        "unfetched": [
            {**item, "reason": voice.fill(item["reason"]["message"], item["reason"]["params"])}
            for item in run.unfetched[:_SHOWN]
        ],
        "changes": [{**item, "name": gettext(FATES[item["fate"]])} for item in run.changes[:_SHOWN]],
    }


def _name_kinds() -> Mapping[str, str]:
    return {kind: gettext(text) for kind, text in KINDS.items()}


def _may_keep() -> bool:
    return g.actor is not None and g.actor.is_maintainer


def list_kinds() -> Sequence[tuple[str, str]]:
    """The kinds of portals for a form."""
    return [(kind, text) for kind, text in _name_kinds().items() if kind in READERS]
