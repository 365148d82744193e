"""The audit log as a page, and as files to keep or to hand to an auditor."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from flask import Blueprint, Response, g, render_template, request, stream_with_context
from werkzeug.wrappers import Response as AnyResponse

from opendata.errors import InputError
from opendata.problems import choose_voice, status_of
from opendata.services.audit.events import EventFilter
from opendata.services.core.event_chain import EventDocument
from opendata.services.core.values import Page
from opendata.web.access.sessions import ask_to_sign_in
from opendata.web.core.instance import services
from opendata.wording.audit import ACTIONS

blueprint = Blueprint("audit", __name__, url_prefix="/workspace/audit")
blueprint.before_request(ask_to_sign_in)

_FILTERS = ("actor", "action", "subject", "since", "until")
_NOBODY = "-"
"""What stands for people who weren't signed in: a form can't tell an empty name from none."""


@blueprint.get("")
def show_audit() -> str | tuple[str, int]:
    """The newest events, or those that the form asks for."""
    values = _read_values()
    try:
        page = services().events.list(g.actor, _filter(values), cursor=request.args.get("cursor") or None)
    except InputError as error:
        return _render(values, Page([]), choose_voice().say_error(error)), status_of(error)
    return _render(values, page)


@blueprint.get("/events.<any('jsonl','csv'):suffix>")
def export_audit(suffix: str) -> AnyResponse:
    """The events that the form asks for, the oldest first."""
    wanted, events = _filter(_read_values()), services().events
    if suffix == "csv":
        lines, media_type = events.export_csv(g.actor, wanted), "text/csv"
    else:
        lines, media_type = events.export_lines(g.actor, wanted), "application/jsonl"
    headers = {"Content-Disposition": f"attachment; filename=audit.{suffix}", "Cache-Control": "private, no-store"}
    return Response(stream_with_context(lines), mimetype=media_type, headers=headers)


def _read_values() -> Mapping[str, str]:
    return {name: text for name in _FILTERS if (text := request.args.get(name, "").strip())}


def _filter(values: Mapping[str, str]) -> EventFilter:
    nobody = {"actor": ""} if values.get("actor") == _NOBODY else {}
    return EventFilter.from_texts({**values, **nobody})


def _render(values: Mapping[str, str], page: Page[EventDocument], message: str = "") -> str:
    return render_template(
        "operations/audit.html",
        values=values,
        events=[(datetime.fromisoformat(item["at"]), item) for item in page.items],
        next=page.next,
        message=message,
        names=ACTIONS,
    )
