"""`opendata import` and `opendata export`: Data Packages in and out."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from opendata.cli.core.failures import NOT_PASSED
from opendata.cli.core.language import choose_voice, say
from opendata.cli.core.opening import open_services
from opendata.cli.core.output import show_progress, write_json, write_note
from opendata.cli.core.summary import write_findings
from opendata.errors import N_, InputError, OpendataError
from opendata.wording.work import say_stage

if TYPE_CHECKING:
    from opendata.services.packages.imported import Imported, ImportedResource
    from opendata.wiring import Services

_POLL_SECONDS = 0.3


@click.command("import", short_help="Publish a Data Package.")
@click.argument("source")
@click.option("--publisher", help="Id of the publisher. Default: the one the package names.")
@click.option("--partial", is_flag=True, help="Publish the valid resources and leave out the others.")
@click.option("--no-rows", is_flag=True, help="Publish tables that have no rows. Default: refuse them.")
@click.option(
    "--privacy",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A JSON file with the decisions about personal data of each table.",
)
@click.option("--reason", default="", help="Why texts that look like personal data may be public.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def import_(
    ctx: click.Context,
    source: str,
    publisher: str | None,
    partial: bool,
    no_rows: bool,
    privacy: Path | None,
    reason: str,
    as_json: bool,
) -> None:
    """Publish the Data Package at SOURCE: a descriptor file, its folder, or a web address.

    All of its resources are published, or none. Importing the same package again publishes nothing. A table without
    rows is refused unless its descriptor says that it has none or you use --no-rows. A table with personal data is
    refused until the file named with --privacy says what is done with each of these columns. Where a title, a
    description or the text of an attachment looks like personal data, --reason must say why it may be public.
    """
    from opendata.services.core.actors import SYSTEM

    decisions = _read_decisions(privacy) if privacy is not None else None
    with open_services() as services, _watch(services):
        found = services.imports.import_package(
            SYSTEM,
            source,
            publisher=publisher,
            partial=partial,
            no_rows=no_rows,
            privacy=decisions,
            reason=reason.strip(),
        )
    if as_json:
        write_json(_describe(found))
    else:
        _summarise(found)
    if found.refused:
        ctx.exit(NOT_PASSED)


@click.command(short_help="Write a version as a Data Package.")
@click.argument("dataset", metavar="DATASET[@VERSION]")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def export(dataset: str, folder: Path) -> None:
    """Write a version into FOLDER as a Data Package. Default: the latest version."""
    name, _, version = dataset.partition("@")
    with open_services() as services:
        number = services.exports.export(name, version or None, folder)
    write_note(say(N_("Wrote %(dataset)s %(version)s to %(folder)s."), dataset=name, version=number, folder=folder))


def _read_decisions(path: Path) -> dict[str, Any]:
    """The decisions of a file: a JSON object with one member a table."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise InputError(N_("“%(file)s” isn't a JSON object with the decisions of each table"), file=path)
    return found


def _describe(found: Imported) -> dict[str, Any]:
    return {
        "dataset": found.dataset,
        "version": found.version,
        "created": found.created,
        "resources": [_describe_resource(item) for item in found.resources],
    }


def _describe_resource(item: ImportedResource) -> dict[str, Any]:
    described = {"name": item.name, "valid": item.valid, "rows": item.rows, "errors": item.errors}
    return described if item.valid else {**described, "messages": list(item.messages)}


def _summarise(found: Imported) -> None:
    if found.refused:
        verdict = say(N_("%(dataset)s: refused, nothing was published"), dataset=found.dataset)
    elif found.created:
        verdict = say(N_("%(dataset)s %(version)s: published"), dataset=found.dataset, version=found.version)
    else:
        verdict = say(N_("%(dataset)s %(version)s: no changes"), dataset=found.dataset, version=found.version)
    click.echo(verdict)
    for item in found.resources:
        state = say(N_("valid")) if item.valid else say(N_("invalid"))
        click.echo(f"  {item.name}: {state}, " + say(N_("rows: %(rows)s"), rows=f"{item.rows:,}"))
        if item.report is not None and not item.valid:
            write_findings(item.report, indent="    ")
        elif not item.valid:
            for message in item.messages:
                click.echo(f"    {message}")


@contextmanager
def _watch(services: Services) -> Iterator[None]:
    """Show on a terminal how far the draft at hand is."""
    if not sys.stderr.isatty():
        yield
        return
    from opendata.services.core.actors import SYSTEM

    done = threading.Event()

    def follow() -> None:
        with show_progress() as progress:
            while not done.wait(_POLL_SECONDS):
                try:
                    newest = next(iter(services.drafts.list(SYSTEM, limit=1).items), None)
                except OpendataError:
                    continue
                if newest is not None and newest.stage:
                    progress.report(newest.progress, say_stage(choose_voice(), newest.stage))

    follower = threading.Thread(target=follow, daemon=True)
    follower.start()
    try:
        yield
    finally:
        done.set()
        follower.join()
