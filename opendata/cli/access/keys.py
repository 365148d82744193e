"""`opendata key`: the keys that sign what is published."""

from __future__ import annotations

import click

from opendata.cli.core.language import say
from opendata.cli.core.opening import open_services
from opendata.cli.core.output import write_json, write_note, write_table
from opendata.errors import N_


@click.group()
def key() -> None:
    """Show and change the signing key."""


@key.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_keys(as_json: bool) -> None:
    """List the current key and all earlier keys, oldest first."""
    with open_services() as services:
        found = services.keys.list()
    if as_json:
        write_json({"keys": list(found)})
        return
    rows = [[str(item["id"]), str(item["created"]), str(item["until"] or "")] for item in found]
    write_table([["id", "from", "until"], *rows])


@key.command("rotate")
def rotate_key() -> None:
    """Replace the signing key: the current key signs the new one and is deleted."""
    from opendata.services.core.actors import SYSTEM

    with open_services() as services:
        found = services.keys.rotate(SYSTEM)
    write_note(say(N_("The key %(id)s is used for signing from now on."), id=found.id))
