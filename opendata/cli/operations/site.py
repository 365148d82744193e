"""`opendata site`: the pages of the public side, as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from opendata.cli.core.language import say
from opendata.cli.core.opening import open_services
from opendata.cli.core.output import write_json, write_note, write_table
from opendata.errors import N_, UsageError

if TYPE_CHECKING:
    from opendata.domain.site.kinds import PageKind

_KINDS = ("identity", "guide", "rules", "content", "report", "column", "call", "incident")
_KIND = click.argument("kind", type=click.Choice(_KINDS))


@click.group()
def site() -> None:
    """Keep the pages of the public side: who runs the site, the disclosure column, columns, calls, incidents."""


@site.command("list")
@_KIND
def list_pages(kind: str) -> None:
    """List the pages of a KIND."""
    from opendata.services.core.actors import SYSTEM

    with open_services() as services:
        found = services.pages.list(SYSTEM, _read(kind))
    rows = [[page.id, page.title, "yes" if page.is_public else "no", page.modified.isoformat()] for page in found]
    write_table([["id", "title", "public", "modified"], *rows])


@site.command("get")
@_KIND
@click.argument("page", default="site")
def get_page(kind: str, page: str) -> None:
    """Print the fields of a PAGE as JSON; who runs the site is “identity”, with no PAGE."""
    from opendata.services.core.actors import SYSTEM

    with open_services() as services:
        found = services.pages.get(SYSTEM, _read(kind), page)
    write_json(found.data)


@site.command("set")
@_KIND
@click.argument("page")
@click.argument("file", type=click.File("r", encoding="utf-8"))
@click.option("--hidden", is_flag=True, help="Don't show it to the public.")
@click.option("--position", type=click.IntRange(0, 9999), help="Its place among the pages of its kind.")
def set_page(kind: str, page: str, file: Any, hidden: bool, position: int | None) -> None:
    """Make or change a PAGE from the fields in FILE, a JSON object (“-”: from stdin)."""
    from opendata.services.core.actors import SYSTEM

    try:
        data = json.load(file)
    except ValueError as error:
        raise UsageError(N_("The file isn't JSON: %(reason)s"), reason=error) from None
    if not isinstance(data, dict):
        raise UsageError(N_("The file must have a JSON object"))
    with open_services() as services:
        view, is_new = services.pages.put(SYSTEM, _read(kind), page, data, is_public=not hidden, position=position)
    write_note(say(N_("Made “%(id)s”.") if is_new else N_("Changed “%(id)s”."), id=view.id))


@site.command("delete")
@_KIND
@click.argument("page")
def delete_page(kind: str, page: str) -> None:
    """Delete a PAGE."""
    from opendata.services.core.actors import SYSTEM

    with open_services() as services:
        services.pages.delete(SYSTEM, _read(kind), page)
    write_note(say(N_("Deleted “%(id)s”."), id=page))


@site.command("file")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--logo", is_flag=True, help="It is a logo (SVG or PNG), not an attachment (PDF or XLSX).")
def add_file(path: Path, logo: bool) -> None:
    """Keep a file, and print what a page names it by: for “logo” or an item of “files”.

    A file that no page names is deleted after a day.
    """
    from opendata.services.core.actors import SYSTEM

    with open_services() as services:
        add = services.site_files.add_picture if logo else services.site_files.add_attachment
        write_json(add(SYSTEM, path.name, path.read_bytes()))


@site.command("status")
def show_status() -> None:
    """Print what works now and what the last checks found."""
    with open_services() as services:
        found = services.status.read()
    words = {True: "yes", False: "no", None: "-"}
    rows = [[part.name, words[part.is_working], part.said % part.params] for part in (*found.parts, *found.checks)]
    write_table([["part", "works", "says"], *rows])


def _read(kind: str) -> PageKind:
    from opendata.domain.site.kinds import PageKind

    return PageKind(kind)
