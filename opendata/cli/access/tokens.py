"""`opendata token`: the bearer tokens of programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from opendata.cli.core.language import say
from opendata.cli.core.opening import open_services
from opendata.cli.core.output import write_json, write_note, write_table
from opendata.errors import N_, NotFoundError

if TYPE_CHECKING:
    from opendata.wiring import Services


@click.group()
def token() -> None:
    """Create and revoke bearer tokens for programs."""


@token.command("create")
@click.option("--user", "name", help="The account whose rights it has. Default: the first maintainer.")
@click.option("--name", "label", default="", help="What it is for, so that you recognise it in the list.")
@click.option("--days", type=click.IntRange(1, 3650), help="Days until it expires. Default: it never expires.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(["read", "upload", "publish", "admin"]),
    help="What it may be used for, at most what its account may do; repeat it for more. Default: everything.",
)
@click.option("--publisher", help="Only for this publisher.")
@click.option("--dataset", help="Only for this dataset.")
def create_token(
    name: str | None, label: str, days: int | None, scopes: tuple[str, ...], publisher: str | None, dataset: str | None
) -> None:
    """Create a token. Only the token is printed to stdout, and it is never shown again."""
    from opendata.services.access.tokens import TokenOptions

    options = TokenOptions(name=label, days=days, verbs=scopes or None, publisher=publisher, dataset=dataset)
    with open_services() as services:
        owner = name or _find_maintainer(services)
        text, view = services.accounts.create_token(owner, options=options)
    write_note(say(N_("Token %(id)s for “%(name)s”. It is shown only once."), id=view.id, name=owner))
    click.echo(text)


@token.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_tokens(as_json: bool) -> None:
    """List all tokens, without their secrets."""
    with open_services() as services:
        found = services.accounts.list_tokens()
    if as_json:
        keys = (
            *("id", "user", "name", "scopes", "publisher", "dataset"),
            *("created", "expires", "used", "revoked"),
        )
        write_json([{key: getattr(item, key) for key in keys} for item in found])
        return
    rows = [
        [
            str(item.id),
            item.user,
            item.name,
            ",".join(item.scopes),
            item.dataset or item.publisher or "",
            f"{item.expires:%Y-%m-%d}" if item.expires else "never",
            f"{item.used:%Y-%m-%d}" if item.used else "never",
            "revoked" if item.revoked else "",
        ]
        for item in found
    ]
    write_table([["id", "user", "name", "scopes", "limit", "expires", "used", "state"], *rows])


@token.command("revoke")
@click.argument("number", metavar="ID", type=int)
def revoke_token(number: int) -> None:
    """Revoke a token."""
    with open_services() as services:
        services.accounts.revoke_token(number)


def _find_maintainer(services: Services) -> str:
    found = [
        item
        for item in services.accounts.list_users()
        if any(post.role == "maintainer" for post in item.posts) and not item.disabled
    ]
    if not found:
        raise NotFoundError(
            N_("There is no maintainer yet. Create one with “opendata user create NAME --role maintainer”")
        )
    return min(found, key=lambda item: item.id).name
