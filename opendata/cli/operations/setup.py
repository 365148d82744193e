"""`opendata init` and `opendata demo`: making an instance, and filling one to look at."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from typing import TYPE_CHECKING

import click

from opendata.beside import find_beside
from opendata.cli.core.language import say
from opendata.cli.core.opening import open_services
from opendata.cli.core.output import show_progress, write_note
from opendata.cli.core.parent import end_with_parent
from opendata.cli.operations.serving import bind_socket, listening_options, run_server
from opendata.errors import N_

if TYPE_CHECKING:
    from opendata.services.packages.demo import SignIn


@click.command(short_help="Create an instance.")
@click.option(
    "--review",
    type=click.Choice(["none", "two-person"]),
    help="Whether a second person must approve each publication.  [default: two-person]",
)
@click.option("--maintainer", metavar="NAME", help="Also create this maintainer's account and print its password.")
@click.option("--adopt-keys", is_flag=True, help="The keys of this machine are those of the instance from now on.")
def init(review: str | None, maintainer: str | None, adopt_keys: bool) -> None:
    """Create an instance in OPENDATA_HOME, or upgrade the database of an existing one."""
    from opendata.instance_file import INSTANCE_FILE
    from opendata.services.core.instance import create_instance
    from opendata.services.privacy.shared_keys import agree_on_keys
    from opendata.settings import read_settings
    from opendata.wiring import build_context

    settings = read_settings()
    is_new = create_instance(settings, review=review)
    context = build_context(settings)
    try:
        agree_on_keys(context, adopt=adopt_keys)
    finally:
        context.database.dispose()
    if is_new:
        write_note(say(N_("Created an instance in %(home)s."), home=settings.home))
    else:
        write_note(say(N_("The instance in %(home)s is up to date."), home=settings.home))
        kept = read_settings()
        if review and review != kept.review:
            write_note(
                say(
                    N_("Its review setting is still “%(review)s”. To change it, edit OPENDATA_REVIEW in %(file)s."),
                    review=kept.review,
                    file=kept.home / INSTANCE_FILE,
                )
            )
    if maintainer:
        password = secrets.token_urlsafe(16)
        with open_services() as services:
            services.accounts.create_user(maintainer, password, "maintainer")
        write_note(say(N_("Created the account “%(name)s”."), name=maintainer))
        click.echo(password)


@click.command(short_help="Serve the sample datasets.")
@listening_options
@click.option("--no-serve", is_flag=True, help="Fill the instance without serving it.")
@click.option("--parent", type=int, hidden=True, help="Process to end with.")
def demo(host: str, port: int, no_serve: bool, parent: int | None) -> None:
    """Publish the sample datasets in an instance of your own and serve them."""
    if parent is not None:
        end_with_parent(parent)
    if no_serve:
        _fill()
        return
    with bind_socket(host, port) as listener:
        # In a process of its own, so that the one that stays to watch over the others is small.
        command = [sys.executable, "-P", "-m", "opendata", "demo", "--no-serve", "--parent", str(os.getpid())]
        filled = subprocess.run(command, check=False)
        if filled.returncode:
            raise click.exceptions.Exit(filled.returncode)
        run_server(listener)


def _fill() -> None:
    from opendata.services.core.instance import create_instance
    from opendata.services.packages.demo import ensure_sign_in, fill_demo
    from opendata.settings import read_settings

    create_instance(read_settings(), review="none")
    with open_services() as services:
        with show_progress() as progress:
            filled = fill_demo(
                services,
                find_beside("schemas"),
                find_beside("datasets"),
                lambda done, total, name: progress.report(done / total, name),
            )
        accounts = ensure_sign_in(services)
    write_note(
        say(
            N_("%(datasets)s sample datasets are public, %(published)s of them published just now."),
            datasets=filled.datasets,
            published=filled.published,
        )
    )
    for item in accounts:
        click.echo(_describe_sign_in(item))


def _describe_sign_in(item: SignIn) -> str:
    role = say(N_("editor")) if item.role == "editor" else say(N_("maintainer"))
    return say(
        N_("Sign in as %(role)s: name %(name)s, password %(password)s"),
        role=role,
        name=item.name,
        password=item.password,
    )
