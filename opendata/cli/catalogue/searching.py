"""`opendata index`: makes the search index again."""

from __future__ import annotations

import click

from opendata.cli.core.counts import count_datasets
from opendata.cli.core.language import say
from opendata.cli.core.opening import open_services
from opendata.errors import N_


@click.command(short_help="Make the search index again.")
def index() -> None:
    """Make this machine's search index and its index of columns again. Until they are finished, the old ones answer.

    The worker makes a missing index and keeps it up to date. You can delete an index at any time.
    """
    with open_services() as services:
        count = services.indexing.rebuild()
        services.sketching.rebuild()
    click.echo(say(N_("Indexed %(datasets)s."), datasets=count_datasets(count)))
