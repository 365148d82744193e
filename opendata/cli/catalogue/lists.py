"""`opendata lists`: the lists that the portal publishes about itself."""

from __future__ import annotations

import click

from opendata.cli.core.language import choose_voice, say
from opendata.cli.core.opening import open_services
from opendata.cli.core.output import write_json, write_note, write_table
from opendata.errors import N_


@click.group()
def lists() -> None:
    """Show and publish the lists that the portal publishes about itself every day."""


@lists.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_lists(as_json: bool) -> None:
    """List them, with the day and the version of the last publication, and what is in the way since."""
    from opendata.services.core.actors import SYSTEM

    voice = choose_voice()
    with open_services() as services:
        found = services.own_lists.list(SYSTEM)
    faults = [
        (voice.fill(one.fault["message"], one.fault["params"]) if "message" in one.fault else one.fault["detail"])
        if one.fault
        else ""
        for one in found
    ]
    rows = [
        [one.id, one.day.isoformat() if one.day else "", one.version, fault]
        for one, fault in zip(found, faults, strict=True)
    ]
    names = ["list", "day", "version", "fault"]
    if as_json:
        write_json({"items": [dict(zip(names, row, strict=True)) for row in rows]})
    else:
        write_table([names, *rows])


@lists.command("publish")
@click.argument("list_id", metavar="LIST")
def publish_list(list_id: str) -> None:
    """Publish LIST now. Rows that haven't changed make no version."""
    with open_services() as services:
        found = services.own_lists.publish(list_id)
    if found.refused:
        click.echo("\n".join(message for one in found.resources for message in one.messages), err=True)
        raise click.exceptions.Exit(1)
    write_note(say(N_("%(dataset)s is in version %(version)s"), dataset=found.dataset, version=found.version))
