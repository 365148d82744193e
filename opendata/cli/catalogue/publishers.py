"""`opendata publisher`: the departments accountable for datasets."""

from __future__ import annotations

import click

from opendata.cli.core.language import say
from opendata.cli.core.opening import open_services
from opendata.cli.core.output import write_json, write_note, write_table
from opendata.errors import N_


@click.group()
def publisher() -> None:
    """Add and list publishers."""


@publisher.command("create")
@click.argument("identifier", metavar="ID")
@click.argument("title")
@click.option("--title-en", help="The title in English.")
def create_publisher(identifier: str, title: str, title_en: str | None) -> None:
    """Add a publisher under an ID that can never change."""
    from opendata.services.core.actors import SYSTEM

    described: dict[str, object] = {"id": identifier, "title": title}
    if title_en:
        described["i18n"] = {"en": {"title": title_en}}
    with open_services() as services:
        services.publishers.create(SYSTEM, described)
    write_note(say(N_("Created the publisher “%(name)s”."), name=identifier))


@publisher.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_publishers(as_json: bool) -> None:
    """List all publishers and how many public datasets each has."""
    with open_services() as services:
        page = services.publishers.list()
        found = list(page.items)
        while page.next:
            page = services.publishers.list(cursor=page.next)
            found += page.items
    if as_json:
        write_json([{"id": item.id, "title": item.title, "datasets": item.datasets} for item in found])
        return
    write_table([["id", "title", "datasets"], *([item.id, item.title, str(item.datasets)] for item in found)])
