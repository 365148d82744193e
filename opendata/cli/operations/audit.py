"""`opendata audit`: the log of who did what."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from opendata.cli.core.counts import count_checkpoints
from opendata.cli.core.failures import NOT_PASSED
from opendata.cli.core.language import ngettext, say, say_error
from opendata.cli.core.opening import open_services
from opendata.cli.core.output import require_confirmation, write_json, write_note, write_table
from opendata.errors import N_


def _filters(command: Callable[..., Any]) -> Callable[..., Any]:
    options = (
        click.option("--actor", help="Only by this account. An empty name: by people who weren't signed in."),
        click.option("--action", help="Only this action, such as sign-in-failed."),
        click.option("--subject", help="Only about this id, or kind and id, such as dataset:reservoirs."),
        click.option("--since", metavar="TIME", help="From this day or time on (UTC)."),
        click.option("--until", metavar="TIME", help="Before this day or time (UTC)."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group()
def audit() -> None:
    """Read the audit log, export it, and prove that nobody changed it."""


@audit.command("list")
@_filters
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="At most so many events.")
@click.option("--cursor", help="Continue after an earlier page: its “next”.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_events(limit: int, cursor: str | None, as_json: bool, **said: str | None) -> None:
    """List events, the newest first."""
    from opendata.services.audit.events import EventFilter
    from opendata.services.core.actors import SYSTEM

    with open_services() as services:
        page = services.events.list(SYSTEM, EventFilter.from_texts(said), limit=limit, cursor=cursor)
    if as_json:
        write_json({"items": page.items, "next": page.next})
        return
    rows = [
        [
            "" if item["number"] is None else str(item["number"]),
            f"{item['at'][:19]}Z",
            item["actor"] or "-",
            item["action"],
            f"{item['subject']['kind']} {item['subject']['id']}".rstrip(),
            item["address"],
        ]
        for item in page.items
    ]
    write_table([["number", "time", "actor", "action", "about", "address"], *rows])
    if page.next:
        write_note(say(N_("There are older events. Show them with --cursor %(cursor)s"), cursor=page.next))


@audit.command("export")
@_filters
@click.option("--format", "kind", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="File to write. Default: stdout.")
def export_events(kind: str, output: Path | None, **said: str | None) -> None:
    """Export events, the oldest first. JSON Lines have all that is needed to verify the chain elsewhere."""
    from opendata.services.audit.events import EventFilter
    from opendata.services.core.actors import SYSTEM

    with open_services() as services:
        wanted, events = EventFilter.from_texts(said), services.events
        lines = events.export_csv(SYSTEM, wanted) if kind == "csv" else events.export_lines(SYSTEM, wanted)
        if output is None:
            for line in lines:
                click.echo(line, nl=False)
            return
        with output.open("w", encoding="utf-8", newline="") as file:
            file.writelines(lines)


@audit.command("verify")
@click.argument("export", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def verify_events(export: Path | None, as_json: bool) -> None:
    """Prove that no event was changed, removed or inserted. Exit status 1 names the first that was.

    With EXPORT, check a file of “audit export” instead of the instance's log.
    """
    from opendata.services.audit.verifying import verify_export
    from opendata.services.core.actors import SYSTEM

    if export is not None:
        found = verify_export(export)
    else:
        with open_services() as services:
            found = services.verifying.run(SYSTEM)
    if as_json:
        write_json(found.describe())
    elif found.found is not None:
        click.echo(say_error(found.found.error))
    else:
        text = N_("%(events)s verified, from number %(first)s to %(last)s, with %(checkpoints)s.")
        events = ngettext("%(num)s event", "%(num)s events", found.events)
        checkpoints = count_checkpoints(found.checkpoints)
        click.echo(say(text, events=events, first=found.first, last=found.last, checkpoints=checkpoints))
        if found.waiting:
            write_note(
                ngettext(
                    "%(num)s event of an earlier release will be chained soon.",
                    "%(num)s events of an earlier release will be chained soon.",
                    found.waiting,
                )
            )
    if found.found is not None:
        sys.exit(NOT_PASSED)


@audit.command("checkpoint")
def write_checkpoint() -> None:
    """Sign how far the log has come. The worker does so once a day."""
    with open_services() as services:
        position = services.checkpoints.write()
    click.echo(say(N_("Signed the log up to event %(event)s."), event=position))


@audit.command("cut")
@click.option("--before", required=True, metavar="TIME", help="Delete events before this day or time (UTC).")
@click.option("--yes", is_flag=True, help="Don't ask.")
def cut_events(before: str, yes: bool) -> None:
    """Delete old events for good. A signed record keeps the rest verifiable. Export them first."""
    from opendata.services.audit.events import read_time
    from opendata.services.core.actors import SYSTEM

    moment = read_time(before)
    if not yes:
        what = say(N_("All events before %(moment)s will be deleted for good."), moment=moment.isoformat())
        require_confirmation(what, say(N_("Delete them?")))
    with open_services() as services:
        count = services.checkpoints.cut(SYSTEM, moment)
    click.echo(ngettext("Deleted %(num)s event.", "Deleted %(num)s events.", count))
