"""`opendata grant`: who may have the rows of a dataset that isn't open."""

from __future__ import annotations

from dataclasses import asdict

import click

from opendata.cli.core.language import say
from opendata.cli.core.opening import open_services
from opendata.cli.core.output import write_json, write_note, write_table
from opendata.errors import N_


@click.group()
def grant() -> None:
    """Grant the rows of datasets that aren't open."""


@grant.command("give")
@click.argument("dataset")
@click.option("--holder", required=True, help="The person or organisation.")
@click.option("--purpose", required=True, help="What the data will be used for.")
@click.option("--until", required=True, metavar="DATE", help="The last day, such as 2026-12-31.")
@click.option("--agreement", default="", help="The number or name of the agreement.")
@click.option("--account", default="", help="The account that gets the grant.")
@click.option("--publisher", default="", help="All accounts of this publisher get it.")
def give_grant(
    dataset: str, holder: str, purpose: str, until: str, agreement: str, account: str, publisher: str
) -> None:
    """Give a grant for DATASET to an account, to a publisher's accounts, or to somebody you invite.

    Without --account and --publisher the address of the invitation is printed to stdout, and never shown again. It is
    the path alone if OPENDATA_BASE_URL isn't set.
    """
    from opendata.services.core.actors import SYSTEM

    said = {
        "holder": holder,
        "purpose": purpose,
        "until": until,
        "agreement": agreement,
        "account": account,
        "publisher": publisher,
    }
    with open_services() as services:
        found, text = services.grants.give(SYSTEM, dataset, said)
        base = services.settings.base_url.rstrip("/")
    write_note(say(N_("Grant %(id)s for %(holder)s."), id=found.id, holder=found.holder))
    if text:
        click.echo(f"{base}/invitations/{text}")


@grant.command("list")
@click.argument("dataset")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_grants(dataset: str, as_json: bool) -> None:
    """List the grants for DATASET."""
    from opendata.services.core.actors import SYSTEM

    with open_services() as services:
        found = services.grants.list(SYSTEM, dataset)
    if as_json:
        write_json(
            [{key: str(value) if value is not None else None for key, value in asdict(item).items()} for item in found]
        )
        return
    rows = [
        [item.id, item.holder, item.account or item.publisher or "", item.until.isoformat(), item.state, item.purpose]
        for item in found
    ]
    write_table([["id", "holder", "account", "until", "state", "purpose"], *rows])


@grant.command("end")
@click.argument("dataset")
@click.argument("identifier", metavar="ID")
@click.option("--reason", required=True, help="Why it ends.")
def end_grant(dataset: str, identifier: str, reason: str) -> None:
    """End a grant for DATASET at once and for good."""
    from opendata.services.core.actors import SYSTEM

    with open_services() as services:
        found = services.grants.end(SYSTEM, dataset, identifier, reason)
    write_note(say(N_("The grant of %(holder)s has ended."), holder=found.holder))
