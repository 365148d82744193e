"""Writes docs/reference/real-files.md: what is understood of each file of a folder; `--check` compares."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

os.environ.update(LC_ALL="C.UTF-8")  # the page is in English on every machine

from opendata.errors import InputError
from opendata.intake.understanding import CAREFUL
from opendata.services.packages.description import describe_file

CHECKOUT = Path(__file__).resolve().parent.parent
TARGET = CHECKOUT / "docs" / "reference" / "real-files.md"
REAL = CHECKOUT.parent / "shared" / "realdata"

NO_DATA = re.compile(r"(?i)(readme|licen[cs]e|notice|manifest|datapackage|.*schema.*\.json$|.*\.(md|ya?ml)$)")
HEAD = """<!-- Made by tools/make_outcomes.py; a test compares. Change the program, then run it. -->
# Real files and what is understood of them

This page lists files that governments and data communities have published, unchanged. Each line is a table that was
found in a file, or the reason why none was found. The files in `reported/` are small ones that were made to show what
users of other tools have reported.

- **header**: the rows of the source that contain the column names.
- **rows**: the rows of data.
- **noticed**: what `opendata describe` reports in full. “(?)” means that a person should check it.
- **errors**: errors in the structure, which a report lists: extra or missing cells, blank rows, columns without a name.
- **encoding**: the widest of its kind (GB18030 for GBK, Big5-HKSCS for Big5). Workbooks have none.

The files aren't part of this project. `python tools/make_outcomes.py FOLDER` made this page from them. It leaves out
descriptors, schemas and notes: files named README, LICENSE, NOTICE, MANIFEST, `datapackage…` or `…schema….json`, and
YAML and Markdown.

| file | table | format | encoding | header | rows | columns | noticed |
|---|---|---|---|---|---|---|---|
"""

# What a decision is called here. Encoding, delimiter and header aren't repeated: encoding and header have columns.
SELF_EVIDENT = frozenset(["encoding", "delimiter", "header"])
NAMES = {
    "blank-columns": "blank columns left out",
    "blank-rows": "blank rows left out",
    "decimal-comma": "decimal commas",
    "footnotes": "notes below the table",
    "group-rows": "group headings left out",
    "hidden-sheet": "a hidden sheet",
    "json-tree": "a tree of names",
    "merged-body": "merged cells among the rows",
    "month-as-number": "months stored as numbers",
    "numbers-as-codes": "codes stored as numbers",
    "rounding-leftover": "leftovers of rounding",
    "second-table": "another table below the first",
    "stacked-tables": "one of several tables on the sheet",
    "titles": "title lines above the header",
    "total-row": "a row of totals",
    "units": "a line with the unit",
}


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False), default=REAL)
@click.option("--check", is_flag=True, help="Change nothing; status 1 if the page isn't up to date.")
def main(folder: Path, check: bool) -> None:
    """Write the page of all files of FOLDER."""
    lines = [line for path in list_files(folder) for line in list_lines(path, folder)]
    if not lines:
        raise click.UsageError(f"no data files in {folder}")
    text = HEAD + "".join(lines)
    if not check:
        TARGET.write_text(text, encoding="utf-8")
    elif not TARGET.exists() or TARGET.read_text(encoding="utf-8") != text:
        click.echo(f"not up to date: {TARGET.name}; run python tools/make_outcomes.py", err=True)
        sys.exit(1)


def list_files(folder: Path) -> list[Path]:
    """The data files of a folder, by their names."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and not NO_DATA.match(path.name))


def list_lines(path: Path, folder: Path) -> Iterator[str]:
    """The lines about a file."""
    name = path.relative_to(folder).as_posix()
    try:
        tables = describe_file(path)["tables"]
    except InputError as error:
        yield _write(name, "", "refused", "", "", "", "", error.text)
        return
    for table in tables:
        place = "" if len(tables) == 1 else table["sheet"] or table["name"]
        if table["hidden"]:
            yield _write(name, place, table["form"], "", "", "", "", "hidden, not read")
        else:
            yield _write(name, place, *_describe(table))


def _describe(table: Mapping[str, Any]) -> Iterator[str]:
    yield table["form"]
    yield table["encoding"] or ""
    yield ", ".join(map(str, table["header_rows"])) or "none"
    yield f"{table['rows']:,}"
    yield str(len(table["fields"]))
    errors = table["errors"]
    yield ", ".join([*_notice(table["decisions"]), *([f"errors: {errors:,}"] if errors else [])])


def _notice(decisions: list[Mapping[str, Any]]) -> Iterator[str]:
    """What was noticed beyond the other columns of the page, in a few words each."""
    for decision in decisions:
        rule, is_sure = decision["rule"], decision["sure"] >= CAREFUL
        if not is_sure or rule not in SELF_EVIDENT:
            yield NAMES.get(rule, rule.replace("-", " ")) + ("" if is_sure else " (?)")


def _write(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', '&#124;').replace(chr(10), ' ') for cell in cells)} |\n"


if __name__ == "__main__":
    main()
