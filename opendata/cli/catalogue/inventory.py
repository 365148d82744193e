"""`opendata inventory`: whole tables of what publishers hold, in and out."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from opendata.cli.core.failures import NOT_PASSED
from opendata.cli.core.language import choose_voice, say
from opendata.cli.core.opening import open_services
from opendata.cli.core.output import write_json, write_note, write_table
from opendata.errors import N_

_SHOWN = 50


@click.group()
def inventory() -> None:
    """Import and export what publishers hold, and number it."""


@inventory.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--publisher", default="", help="Whose items they are where a row names no publisher.")
@click.option("--check", is_flag=True, help="Only say what the table would do.")
@click.option("--only-valid", is_flag=True, help="Import the rows that are right where others are wrong.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def import_items(file: Path, publisher: str, check: bool, only_valid: bool, as_json: bool) -> None:
    """Import the items in FILE (XLSX, ODS, XLS or CSV), as `opendata inventory export` writes them.

    Where a row is wrong, nothing is imported unless you use --only-valid. Its cells are listed, and the exit status
    is 1. A change to a public item waits for a draft where the portal reviews drafts.
    """
    from opendata.services.core.actors import SYSTEM

    with open_services() as services, file.open("rb") as stream:
        imports = services.inventory_imports
        kept = imports.keep(SYSTEM, stream, file.name)
        plan = imports.plan(SYSTEM, kept, publisher=publisher)
        is_taken = not check and (plan.is_right or only_valid)
        result = imports.take(SYSTEM, kept, only_valid=only_valid, publisher=publisher) if is_taken else None
    voice = choose_voice()
    rows = {kind.value: count for kind, count in plan.counts.items()}
    faults = [
        {
            "sheet": item.sheet,
            "cell": f"{item.letters}{item.row}",
            "column": item.column.label(voice.language),
            "value": item.value,
            "message": item.say(voice),
        }
        for item in plan.faults
    ]
    if as_json:
        taken = {"new": result.new, "changed": result.changed} if result is not None else None
        write_json({"digest": plan.digest, "rows": rows, "ignored": plan.ignored, "taken": taken, "faults": faults})
    else:
        write_table([["rows", "count"], *([kind, str(count)] for kind, count in rows.items())])
        for item in faults[:_SHOWN]:
            place = f"{item['sheet']}!{item['cell']}" if item["sheet"] else item["cell"]
            write_note(f"{place} {item['column']}: {item['message']}")
        if result is not None:
            text = N_("Registered %(new)s items and changed %(changed)s.")
            write_note(say(text, new=result.new, changed=result.changed))
    if faults:
        sys.exit(NOT_PASSED)


@inventory.command("export")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@click.option("--publisher", help="Only the items of this publisher.")
@click.option("--public", "is_public", is_flag=True, help="Only what anyone may see.")
def export_items(file: Path, publisher: str | None, is_public: bool) -> None:
    """Write items to FILE, as an Excel workbook if its name ends in .xlsx, else as CSV."""
    from opendata.services.core.actors import SYSTEM
    from opendata.services.governance.inventory.exports import write_csv, write_workbook
    from opendata.services.governance.inventory.items import ItemFilter

    with open_services() as services:
        actor = None if is_public else SYSTEM
        items = services.inventory.iterate(actor, ItemFilter(publisher=publisher))
        if file.suffix.lower() == ".xlsx":
            with file.open("wb") as out:
                write_workbook(items, out, choose_voice())
        else:
            with file.open("w", encoding="utf-8", newline="") as text:
                text.writelines(write_csv(items, choose_voice()))
    write_note(say(N_("Wrote %(file)s."), file=file.name))


@inventory.command("number")
@click.argument("publisher")
def number_items(publisher: str) -> None:
    """Give an index number to each item of PUBLISHER that has none."""
    from opendata.services.core.actors import SYSTEM

    with open_services() as services:
        count = services.inventory.number(SYSTEM, publisher)
    write_note(say(N_("Numbered %(count)s items."), count=count))
