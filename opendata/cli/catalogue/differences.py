"""`opendata diff`: what changed between two versions."""

from __future__ import annotations

import os

import click

from opendata.cli.core.language import read_language, say
from opendata.cli.core.opening import open_services
from opendata.cli.core.output import write_json
from opendata.domain.comparison import Comparison
from opendata.errors import N_


@click.command(short_help="Show what changed between two versions.")
@click.argument("dataset")
@click.argument("old")
@click.argument("new")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def diff(dataset: str, old: str, new: str, as_json: bool) -> None:
    """Count what changed between the versions OLD and NEW of DATASET, and show which part of the number it raises.

    `latest` means the newest version.
    """
    with open_services() as services:
        before, after = (services.versions.find_latest(dataset) if item == "latest" else item for item in (old, new))
        found = services.differences.compare(dataset, before, after)
        document = services.differences.describe(dataset, before, after)
    if as_json:
        write_json(document)
    else:
        _summarise(found)


def _summarise(found: Comparison) -> None:
    click.echo(f"{found['dataset']} {found['old']} → {found['new']}: {found['bump'] or '='}")
    for reason in found["reasons"]:
        click.echo(f"  {reason['text'].get(read_language(os.environ), reason['text']['en'])}")
    for item in found["resources"]:
        counts = say(
            N_("added %(added)s, removed %(removed)s, changed %(changed)s, unchanged %(unchanged)s"),
            **{name: f"{count:,}" for name, count in item["rows"].items()},
        )
        click.echo(f"{item['name']}: {counts}")
