"""`opendata publisher`: the departments accountable for datasets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from opendata.cli.core.language import say
from opendata.cli.core.opening import open_services
from opendata.cli.core.output import write_json, write_note, write_table
from opendata.errors import N_, InputError


@click.group()
def publisher() -> None:
    """Add, change and list publishers, and decide what becomes of them."""


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
        found = services.publishers.list_all()
    if as_json:
        names = ("id", "title", "kind", "code", "parent", "datasets")
        write_json([{name: getattr(item, name) for name in names} for item in found])
        return
    write_table([["id", "title", "datasets"], *([item.id, item.title, str(item.datasets)] for item in found)])


@publisher.command("set")
@click.argument("identifier", metavar="ID")
@click.argument("changes", metavar="JSON")
@click.option("--correction", is_flag=True, help="The name until now was a mistake: don't keep it in the history.")
@click.option("--reason", default="", help="Why the name changes. It is public.")
def set_publisher(identifier: str, changes: str, correction: bool, reason: str) -> None:
    """Change properties of a publisher, such as '{"kind": "town", "parent": "district"}'. Null removes one."""
    from opendata.services.core.actors import SYSTEM

    with open_services() as services:
        services.publishers.update(SYSTEM, identifier, _read_changes(changes), is_correction=correction, reason=reason)
    write_note(say(N_("Changed the publisher “%(name)s”."), name=identifier))


@publisher.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_publishers(file: Path) -> None:
    """Create and change publishers by a list (CSV or Excel): all of it, or nothing if a cell is wrong."""
    from opendata.services.core.actors import SYSTEM

    with open_services() as services, file.open("rb") as stream:
        taken = services.publisher_lists.read(SYSTEM, stream, file.name)
    counts = {"created": len(taken.created), "changed": len(taken.changed), "equal": len(taken.equal)}
    write_note(say(N_("Publishers created: %(created)s, changed: %(changed)s, as before: %(equal)s."), **counts))


@publisher.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--template", is_flag=True, help="Write the names of the columns alone.")
def export_publishers(file: Path, template: bool) -> None:
    """Write all publishers into a CSV file that “import” reads, with what isn't public."""
    from opendata.services.core.actors import SYSTEM

    with open_services() as services:
        file.write_bytes(services.publisher_lists.write(SYSTEM, services.settings.languages[0], is_empty=template))
    write_note(say(N_("Wrote “%(file)s”."), file=file))


@publisher.command("merge")
@click.argument("sources", metavar="ID…", nargs=-1, required=True)
@click.option("--into", required=True, metavar="ID", help="The publisher that takes over.")
@click.option("--reason", required=True, help="Why. It is public.")
def merge_publishers(sources: tuple[str, ...], into: str, reason: str) -> None:
    """Merge publishers into another one: everything that belongs to them passes over, and they end."""
    from opendata.services.core.actors import SYSTEM

    with open_services() as services:
        services.succession.merge(SYSTEM, sources, into, reason=reason)
    write_note(say(N_("Merged into the publisher “%(name)s”."), name=into))


@publisher.command("split")
@click.argument("source", metavar="ID")
@click.option("--dataset", "datasets", type=(str, str), multiple=True, metavar="DATASET ID", help="Where one goes.")
@click.option("--account", "accounts", type=(str, str), multiple=True, metavar="NAME ID", help="Where one goes.")
@click.option("--rest", required=True, metavar="ID", help="The publisher that gets all else.")
@click.option("--reason", required=True, help="Why. It is public.")
def split_publisher(
    source: str, datasets: tuple[tuple[str, str], ...], accounts: tuple[tuple[str, str], ...], rest: str, reason: str
) -> None:
    """Split a publisher: datasets and accounts go where you say, all else to --rest. It ends."""
    from opendata.services.core.actors import SYSTEM

    with open_services() as services:
        services.succession.split(
            SYSTEM, source, datasets=dict(datasets), accounts=dict(accounts), rest=rest, reason=reason
        )
    write_note(say(N_("Split the publisher “%(name)s”."), name=source))


@publisher.command("close")
@click.argument("identifier", metavar="ID")
@click.option("--reason", required=True, help="Why. It is public.")
@click.option("--reopen", is_flag=True, help="Reopen it instead.")
def close_publisher(identifier: str, reason: str, reopen: bool) -> None:
    """Close a publisher that nothing follows and that has nothing any more."""
    from opendata.services.core.actors import SYSTEM

    with open_services() as services:
        if reopen:
            services.succession.reopen(SYSTEM, identifier, reason=reason)
        else:
            services.succession.close(SYSTEM, identifier, reason=reason)
    text = N_("Reopened the publisher “%(name)s”.") if reopen else N_("Closed the publisher “%(name)s”.")
    write_note(say(text, name=identifier))


@publisher.command("move")
@click.argument("datasets", metavar="DATASET…", nargs=-1, required=True)
@click.option("--to", "target", required=True, metavar="ID", help="The publisher that gets them.")
@click.option("--reason", required=True, help="Why. It is public.")
def move_datasets(datasets: tuple[str, ...], target: str, reason: str) -> None:
    """Move datasets to another publisher. A draft that was submitted is returned."""
    from opendata.services.core.actors import SYSTEM

    with open_services() as services:
        services.succession.move(SYSTEM, dict.fromkeys(datasets, target), reason=reason)
    write_note(say(N_("Moved to the publisher “%(name)s”: %(count)s."), name=target, count=len(datasets)))


def _read_changes(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise InputError(N_('Give the changes as a JSON object, such as {"kind": "town"}'))
    return found
