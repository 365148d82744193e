"""`opendata requests`: what readers ask publishers for, and whether the replies are late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from opendata.cli.core.opening import open_services
from opendata.cli.core.output import write_json, write_table
from opendata.errors import N_, UsageError

if TYPE_CHECKING:
    from opendata.services.governance.requests.values import RequestView

_AT_ONCE = 500


@click.group()
def requests() -> None:
    """Show what readers ask publishers for."""


@requests.command("list")
@click.option("--publisher", default="", help="To this publisher only.")
@click.option("--state", default="", metavar="STATE", help="In this state only; without it, all that wait for a reply.")
@click.option("--late", is_flag=True, help="Only those whose reply is late.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_requests(publisher: str, state: str, late: bool, as_json: bool) -> None:
    """List requests, those due first in front."""
    from opendata.domain.requests.steps import RequestState
    from opendata.services.core.actors import SYSTEM
    from opendata.services.governance.requests.handling import InboxFilter

    if state and state not in list(RequestState):
        text = N_("“%(value)s” isn't one of %(choices)s")
        raise UsageError(text, value=state[:100], choices=", ".join(RequestState))
    wanted = InboxFilter(
        publisher=publisher or None, state=RequestState(state) if state else None, due="late" if late else None
    )
    found: list[RequestView] = []
    cursor = None
    with open_services() as services:
        while True:
            page = services.requests.handling.list(SYSTEM, wanted, limit=_AT_ONCE, cursor=cursor)
            found += page.items
            cursor = page.next
            if cursor is None:
                break
    if as_json:
        write_json([_describe(item) for item in found])
        return
    head = ["number", "kind", "state", "publisher", "due", "subject"]
    write_table([head, *([str(_describe(item)[name] or "") for name in head] for item in found)])


@requests.command("show")
@click.argument("number")
def show_request(number: str) -> None:
    """Show the request NUMBER and what happened to it as JSON, without who asks."""
    from opendata.services.core.actors import SYSTEM

    with open_services() as services:
        found = services.requests.handling.get(SYSTEM, number)
    history = [{"at": str(line.at), "step": str(line.step), "actor": line.actor} for line in found.history]
    write_json({**_describe(found), "reply": found.reply, "basis": found.basis, "history": history})


def _describe(item: RequestView) -> dict[str, Any]:
    return {
        "number": item.number,
        "kind": str(item.kind),
        "state": str(item.state),
        "publisher": item.publisher.id,
        "dataset": item.dataset.id if item.dataset else None,
        "due": item.clock.due.isoformat() if item.is_open and item.clock.due else None,
        "late": item.is_overdue,
        "person": item.person,
        "subject": item.subject,
        "outcome": str(item.outcome) if item.outcome else None,
    }
