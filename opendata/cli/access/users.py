"""`opendata user`: who may sign in."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from opendata.cli.core.language import ngettext, say
from opendata.cli.core.opening import open_services
from opendata.cli.core.output import write_json, write_note, write_table
from opendata.domain.access.posts import Post
from opendata.domain.roles import INSTANCE_ROLES, PUBLISHER_ROLES, ROLES
from opendata.errors import N_
from opendata.services.core.actors import SYSTEM

if TYPE_CHECKING:
    from opendata.services.access.people.persons import HeldPost

_password = click.option("--password-stdin", is_flag=True, help="Read the password from stdin. Default: a random one.")


_ROLES = click.Choice([role.value for role in (*PUBLISHER_ROLES, *INSTANCE_ROLES)])

_confirm = click.option(
    "--confirm", is_flag=True, help="Do it although nobody is left who edits for a publisher that has datasets."
)


@click.group()
def user() -> None:
    """Create and close accounts."""


@user.command("create")
@click.argument("name")
@click.option(
    "--role",
    "roles",
    type=click.Choice([role.value for role in ROLES]),
    multiple=True,
    default=["editor"],
    show_default=True,
    help="A role. Give the option again for another one.",
)
@click.option("--publisher", help="The publisher that an editor, reviewer or lead works for, or a reader belongs to.")
@_password
def create_user(name: str, roles: tuple[str, ...], publisher: str | None, password_stdin: bool) -> None:
    """Create an account. A random password is printed to stdout, and nothing else."""
    password = _read_password(password_stdin)
    with open_services() as services:
        services.accounts.create_user(name, password, roles, publisher)
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
        write_json(
            [
                {key: getattr(item, key) for key in keys} | {"roles": [asdict(post) for post in item.posts]}
                for item in found
            ]
        )
        return
    rows = [
        [item.name, _say_roles(item.posts), "disabled" if item.disabled else "", f"{item.created:%Y-%m-%d}"]
        for item in found
    ]
    write_table([["name", "roles", "state", "created"], *rows])


@user.command("roles")
@click.argument("name")
@click.option("--role", "roles", type=_ROLES, multiple=True)
@click.option("--publisher", help="The publisher that the roles are at. Without one: roles for the whole portal.")
@_confirm
def set_roles(name: str, roles: tuple[str, ...], publisher: str | None, confirm: bool) -> None:
    """Say which roles an account has at a publisher, or for the portal. Without --role: none."""
    with open_services() as services:
        found = services.persons.set_roles(SYSTEM, name, roles, publisher, confirmed=confirm)
    write_note(say(N_("“%(name)s” is now: %(roles)s."), name=name, roles=_say_roles(found.posts)))


@user.command("invite")
@click.argument("address")
@click.option("--role", type=_ROLES, default="editor", show_default=True)
@click.option("--publisher", help="The publisher that an editor, reviewer or lead works for.")
@click.option("--language", default="", help="The language of the mail. Default: the portal's first.")
def invite_user(address: str, role: str, publisher: str | None, language: str) -> None:
    """Invite an address to a role. Where the portal sends no mail, the link is printed to stdout, once."""
    with open_services() as services:
        _, text = services.invitations.invite(SYSTEM, address, role, publisher, language)
        base = services.settings.base_url.rstrip("/")
    if text is None:
        write_note(say(N_("An invitation is on its way to “%(address)s”."), address=address))
    else:
        write_note(say(N_("Give this link to the owner of “%(name)s”. It is shown only once."), name=address))
        click.echo(f"{base}/join/{text}")


@user.command("hand-over")
@click.argument("name")
@click.argument("successor")
@click.option("--close", "closes", is_flag=True, help="Close the account as well.")
def hand_over(name: str, successor: str, closes: bool) -> None:
    """Pass all roles, open drafts and automatic fetching of an account to another one."""
    with open_services() as services:
        passed = services.persons.hand_over(SYSTEM, name, successor, closes=closes)
    text = N_("Handed over to “%(name)s”: %(posts)s roles, %(drafts)s open drafts, %(sources)s fetched tables.")
    write_note(say(text, name=successor, posts=passed.posts, drafts=passed.drafts, sources=passed.sources))


@user.command("disable")
@click.argument("name")
@_confirm
def disable_user(name: str, confirm: bool) -> None:
    """Close an account. Its sessions, tokens and links end at once, and its e-mail address is removed."""
    with open_services() as services:
        services.persons.close(SYSTEM, name, confirmed=confirm)


@user.command("enable")
@click.argument("name")
def enable_user(name: str) -> None:
    """Reopen a closed account."""
    with open_services() as services:
        services.persons.close(SYSTEM, name, disabled=False)


@user.command("reset-factor")
@click.argument("name")
def reset_factor(name: str) -> None:
    """Take the second factor off an account, for somebody who lost their app and their recovery codes."""
    with open_services() as services:
        services.second_factors.reset(SYSTEM, name)
    write_note(say(N_("“%(name)s” has no second factor any more."), name=name))


def _say_roles(posts: Sequence[Post | HeldPost]) -> str:
    return ", ".join(f"{post.role}@{post.publisher}" if post.publisher else post.role for post in posts) or "reader"


def _read_password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return secrets.token_urlsafe(16)
