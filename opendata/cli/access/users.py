"""`opendata user`: who may sign in."""

from __future__ import annotations

import secrets
import sys

import click

from opendata.cli.core.language import ngettext, say
from opendata.cli.core.opening import open_services
from opendata.cli.core.output import write_json, write_note, write_table
from opendata.errors import N_

_password = click.option("--password-stdin", is_flag=True, help="Read the password from stdin. Default: a random one.")


@click.group()
def user() -> None:
    """Create and close accounts."""


@user.command("create")
@click.argument("name")
@click.option("--role", type=click.Choice(["reader", "editor", "maintainer"]), default="editor", show_default=True)
@click.option("--publisher", help="The publisher that an editor works for, or a reader belongs to.")
@_password
def create_user(name: str, role: str, publisher: str | None, password_stdin: bool) -> None:
    """Create an account. A random password is printed to stdout, and nothing else."""
    password = _read_password(password_stdin)
    with open_services() as services:
        services.accounts.create_user(name, password, role, publisher)
    write_note(say(N_("Created the account “%(name)s”."), name=name))
    if not password_stdin:
        click.echo(password)


@user.command("password")
@click.argument("name")
@_password
def set_password(name: str, password_stdin: bool) -> None:
    """Give an account a new password. Its sessions end."""
    password = _read_password(password_stdin)
    with open_services() as services:
        services.accounts.set_password(name, password)
    write_note(say(N_("“%(name)s” has a new password."), name=name))
    if not password_stdin:
        click.echo(password)


@user.command("recover")
@click.argument("name")
def recover_user(name: str) -> None:
    """Make a link with which somebody sets a new password. It works once, for a day. Only it is printed to stdout."""
    from opendata.services.core.actors import SYSTEM

    with open_services() as services:
        text = services.recoveries.issue(SYSTEM, name)
        base = services.settings.base_url.rstrip("/")
    write_note(say(N_("Give this link to the owner of “%(name)s”. It is shown only once."), name=name))
    click.echo(f"{base}/recover/{text}")


@user.command("sign-out")
@click.argument("name", required=False)
@click.option("--all", "everybody", is_flag=True, help="End the sessions of all accounts.")
def sign_out_user(name: str | None, everybody: bool) -> None:
    """End the sessions of an account. Its password and its tokens stay valid."""
    if everybody == (name is not None):
        raise click.UsageError(say(N_("Name an account, or give --all.")))
    with open_services() as services:
        count = services.accounts.sign_out(name)
    write_note(ngettext("Ended %(num)s session.", "Ended %(num)s sessions.", count))


@user.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_users(as_json: bool) -> None:
    """List all accounts."""
    with open_services() as services:
        found = services.accounts.list_users()
    if as_json:
        keys = ("name", "role", "publisher", "created", "disabled")
        write_json([{key: getattr(item, key) for key in keys} for item in found])
        return
    rows = [
        [item.name, item.role, item.publisher or "", "disabled" if item.disabled else "", f"{item.created:%Y-%m-%d}"]
        for item in found
    ]
    write_table([["name", "role", "publisher", "state", "created"], *rows])


@user.command("disable")
@click.argument("name")
def disable_user(name: str) -> None:
    """Close an account. Its sessions, tokens and links end at once, and its e-mail address is removed."""
    with open_services() as services:
        services.accounts.disable_user(name)


@user.command("enable")
@click.argument("name")
def enable_user(name: str) -> None:
    """Reopen a closed account."""
    with open_services() as services:
        services.accounts.disable_user(name, disabled=False)


def _read_password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return secrets.token_urlsafe(16)
