"""`opendata describe` and `opendata convert`: what a file holds, and the same rows in another format."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from opendata.cli.core.failures import NOT_PASSED
from opendata.cli.core.language import say, say_error
from opendata.cli.core.output import show_progress, write_json, write_note
from opendata.errors import N_, InputError, UsageError

_FORMS = (".csv", ".parquet", ".jsonl", ".json", ".arrow")


@click.command(short_help="Show which tables a file contains.")
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def describe(ctx: click.Context, source: Path, as_json: bool) -> None:
    """Show which tables SOURCE contains, how each is read and why, and which types fit all its rows.

    SOURCE is a table in any format: delimited text in any encoding, Excel, OpenDocument, JSON, XML, HTML, Parquet,
    Arrow, dBase, or a compressed file or archive of them, such as a zipped Shapefile.
    """
    from opendata.services.packages.description import describe_file

    _require_file(source)
    try:
        found = describe_file(source)
    except InputError as error:
        if as_json:
            write_json({"tables": [], "error": error.text})
        else:
            write_note(say_error(error))
        ctx.exit(NOT_PASSED)
    if as_json:
        write_json(found)
        return
    for table in found["tables"]:
        _write_table(table)


@click.command(short_help="Convert a table to another format.")
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("dest", type=click.Path(path_type=Path))
@click.option("--schema", metavar="FILE|NAME[@VERSION]", help="The table's schema: a file, or a name in the library.")
@click.option("--table", metavar="NAME", help="The table to convert, if the file contains several.")
@click.option("--force", is_flag=True, help="Replace DEST if it exists.")
@click.pass_context
def convert(ctx: click.Context, source: Path, dest: Path, schema: str | None, table: str | None, force: bool) -> None:
    """Read SOURCE in any format and write DEST. Its suffix is the format: .csv, .parquet, .json, .jsonl or .arrow.

    With a schema, the columns have its types, and nothing is written unless every row is valid. Without one, every
    column is text, unless the file itself has types (Parquet, Arrow).
    """
    _require_file(source)
    if dest.suffix.lower() not in _FORMS:
        raise UsageError(
            N_("The format of “%(path)s” isn't supported. Use %(forms)s"), path=dest, forms=", ".join(_FORMS)
        )
    if dest.exists() and not force:
        raise UsageError(N_("“%(path)s” already exists. Use --force to overwrite it"), path=dest)
    from opendata.cli.core.summary import write_summary
    from opendata.cli.packages.validation import find_schema
    from opendata.services.packages.description import convert_file

    rules = find_schema(schema) if schema else None
    try:
        with show_progress() as progress:
            report = convert_file(source, dest, schema=rules, table=table, on_progress=progress.report)
    except InputError as error:
        write_note(say_error(error))
        ctx.exit(NOT_PASSED)
    write_summary(report)
    if not report["valid"]:
        ctx.exit(NOT_PASSED)


def _require_file(source: Path) -> None:
    if not source.is_file():
        raise UsageError(N_("There is no file “%(path)s”"), path=source)


def _write_table(table: Mapping[str, Any]) -> None:
    if table["hidden"]:
        click.echo(say(N_("%(name)s: hidden, not read"), name=table["name"]))
        return
    facts = [table["form"], *([table["encoding"]] if table["encoding"] else []), *([table["sheet"] or ""])]
    counts = say(N_("rows: %(rows)s, columns: %(columns)s"), rows=f"{table['rows']:,}", columns=len(table["fields"]))
    click.echo(f"{table['name']} ({', '.join(filter(None, facts))}): {counts}")
    for decision in table["decisions"]:
        mark = "?" if decision["sure"] < 0.9 else "-"
        click.echo(f"  {mark} {say(decision['template'], **decision['details'])}")
    if table["errors"]:
        text = N_("%(count)s errors in the structure: extra or missing cells, blank rows, or columns without a name")
        click.echo(f"  ! {say(text, count=table['errors'])}")
    for field in table["fields"]:
        click.echo(f"    {field['name']}: {field['type']}{_word_marks(field.get('opendata') or {})}")


def _word_marks(own: Mapping[str, Any]) -> str:
    """What a file says of a column, after its type."""
    marks = [say(N_("percent"))] if own.get("percent") is True else []
    marks += [str(own[name]) for name in ("unit", "crs") if own.get(name)]
    return f" ({', '.join(marks)})" if marks else ""
