"""`opendata harvest`: the portals that datasets are harvested from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from opendata.cli.core.language import choose_voice, say
from opendata.cli.core.opening import open_services
from opendata.cli.core.output import write_json, write_note, write_table
from opendata.errors import N_

if TYPE_CHECKING:
    from opendata.services.harvest.values import HarvestRunView

_NUMBERS = ("seen", "kept", "new", "changed", "refused", "gone")


@click.group()
def harvest() -> None:
    """Take the entries of other portals into the catalogue."""


@harvest.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_portals(as_json: bool) -> None:
    """List the portals, each with its newest run."""
    with open_services() as services:
        found = services.harvests.list()
    names = ["portal", "kind", "datasets", "active", "outcome", "reason"]
    rows = [
        [
            item.id,
            str(item.kind),
            item.live,
            item.is_active,
            str(item.last.outcome) if item.last else "",
            _say(item.last) if item.last else "",
        ]
        for item in found
    ]
    if as_json:
        write_json({"items": [dict(zip(names, row, strict=True)) for row in rows]})
    else:
        write_table([names, *([str(cell) for cell in row] for row in rows)])


@harvest.command("put")
@click.argument("portal", metavar="PORTAL")
@click.option("--title", required=True, help="Its name.")
@click.option("--url", required=True, help="Its home page, or the document.")
@click.option("--kind", required=True, help="How it is read, such as ckan or data.json.")
@click.option("--publisher", required=True, help="The id of the publisher who answers for its datasets here.")
@click.option("--cycle", default="daily", show_default=True, help="How often it is harvested.")
@click.option("--most-gone", default=20, show_default=True, help="Percent of its datasets that may vanish at once.")
def put_portal(portal: str, **said: str | int) -> None:
    """Register or change PORTAL. “opendata harvest run PORTAL --trial” shows what would come in."""
    from opendata.services.core.actors import SYSTEM
    from opendata.services.harvest.values import HarvestInput

    with open_services() as services:
        found, is_new = services.harvests.put(SYSTEM, portal, HarvestInput.from_values(said))
    text = N_("“%(id)s” is registered") if is_new else N_("“%(id)s” is changed")
    write_note(say(text, id=found.id))


@harvest.command("run")
@click.argument("portal", metavar="PORTAL")
@click.option("--trial", is_flag=True, help="Write nothing, and show what a run would do.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def run_portal(portal: str, trial: bool, as_json: bool) -> None:
    """Harvest PORTAL now, in this process. The exit status is 1 if the run failed."""
    from opendata.domain.harvest.runs import HarvestOutcome
    from opendata.services.core.actors import SYSTEM

    with open_services() as services:
        services.harvests.ask(SYSTEM, portal, is_trial=trial)
        services.harvesting.run_due()
        run = services.harvests.get(portal).runs[0]
    voice = choose_voice()
    numbers = {name: getattr(run.counts, name) for name in _NUMBERS}
    refused = [
        {**item, "reason": voice.fill(item["reason"]["message"], item["reason"]["params"])} for item in run.refused
    ]
    if as_json:
        said = {"outcome": str(run.outcome), "reason": _say(run), **numbers}
        write_json({**said, "changes": list(run.changes), "refused": refused})
    else:
        write_table([["", ""], *([name, str(count)] for name, count in numbers.items())])
        for item in run.changes:
            click.echo(f"{item['fate']}\t{item['identifier']}\t{item['title']}")
        for item in refused:
            click.echo(f"refused\t{item['identifier']}\t{item['title']}\t{item['reason']}")
    if run.outcome == HarvestOutcome.FAILED:
        write_note(say(N_("The run failed: %(reason)s"), reason=_say(run)))
        raise click.exceptions.Exit(1)


def _say(run: HarvestRunView) -> str:
    return choose_voice().fill(run.reason["message"], run.reason["params"]) if run.reason else ""
