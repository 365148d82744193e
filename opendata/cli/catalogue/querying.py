"""`opendata query`: asks a portal's public tables in SQL and prints the answer."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any

import click

from opendata.cli.core.failures import Failure
from opendata.cli.core.language import ngettext, say
from opendata.cli.core.output import write_note, write_table
from opendata.cli.core.portals import PortalConnection, UnreachableError
from opendata.errors import N_, UsageError

if TYPE_CHECKING:
    import requests

_LONGEST = 2000
"""Characters of SQL in an address. Not every proxy takes more."""
_WIDEST = 60
"""Characters of a cell in a printed table."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@click.command(short_help="Ask a portal in SQL.")
@click.argument("url")
@click.argument("sql")
@click.option("--json", "as_json", is_flag=True, help="Print the portal's JSON, with what was read.")
@click.option("--csv", "as_csv", is_flag=True, help="Print the rows as CSV.")
def query(url: str, sql: str, as_json: bool, as_csv: bool) -> None:
    """Run one SELECT over the public tables of the portal at URL.

    A table is named "dataset"."table" in its newest version and "dataset@1.0.0"."table" in another one. Put the SQL in
    single quotes, so that the shell leaves the double ones alone.
    """
    if as_json and as_csv:
        raise UsageError(N_("--json and --csv can't be used together"))
    portal = PortalConnection(url.partition("/datasets")[0])
    try:
        if as_csv:
            _write_csv(portal, sql)
        else:
            _write_json(portal, sql, as_table=not as_json)
    except UnreachableError as error:
        raise Failure(say(N_("Can't reach %(url)s: %(reason)s"), url=portal.url, reason=str(error))) from error


def _ask(portal: PortalConnection, sql: str, form: str, **options: Any) -> requests.Response:
    options["headers"] = {"Accept": form}
    if len(sql) <= _LONGEST:
        return portal.ask("GET", "/sql", params={"q": sql}, **options)
    return portal.ask("POST", "/sql", json={"q": sql}, **options)


def _write_csv(portal: PortalConnection, sql: str) -> None:
    with _ask(portal, sql, "text/csv", stream=True) as answer:
        if not answer.headers.get("Content-Type", "").startswith("text/csv"):
            raise portal.refuse()
        for piece in portal.read_pieces(answer):
            sys.stdout.buffer.write(piece)


def _write_json(portal: PortalConnection, sql: str, *, as_table: bool) -> None:
    answer = _ask(portal, sql, "application/json")
    found = portal.read(answer, parse_float=str)
    if not as_table:
        click.echo(answer.content)
        return
    try:
        names = [column["name"] for column in found["columns"]]
        write_table([list(map(_show, names)), *([_show(row[name]) for name in names] for row in found["items"])])
        write_note(ngettext("%(num)s row", "%(num)s rows", len(found["items"])))
        if found["truncated"]:
            write_note(say(N_("There are more rows. To get all of them, use --csv")))
        write_note(say(N_("To cite this answer: %(link)s"), link=_clean(found["query"]["link"])))
    except (KeyError, TypeError) as error:
        raise portal.refuse() from error


def _show(value: object) -> str:
    """A cell on one line, no wider than people read."""
    text = "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = _clean(text)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _clean(text: str) -> str:
    """A text without what would move the cursor."""
    return _CONTROL.sub(" ", text)
