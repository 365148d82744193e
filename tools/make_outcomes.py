"""Writes docs/reference/real-files.md: what is understood of every file of a folder of real ones; `--check` compares.

Run with the folder, `../shared/realdata` unless another is named. Descriptors, schemas and notes are no data: files
named README, LICENSE, NOTICE, MANIFEST, `datapackage`, `*schema*.json` and whatever is YAML or Markdown are left out.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

os.environ.update(LC_ALL="C.UTF-8")  # the page is in English, whoever makes it

from opendata.errors import OpendataError
from opendata.services.description import describe_file

CHECKOUT = Path(__file__).resolve().parent.parent
TARGET = CHECKOUT / "docs" / "reference" / "real-files.md"
REAL = CHECKOUT.parent / "shared" / "realdata"

NO_DATA = re.compile(r"(?i)(readme|licen[cs]e|notice|manifest|datapackage|.*schema.*\.json|.*\.(md|ya?ml)$)")
HEAD = """<!-- Made by tools/make_outcomes.py; a test compares. Change the program, then run it. -->
# Real files and what is understood of them

Files that governments and data communities have published, as they are. Each line is a table that was found in one, or
the reason why none was. Rows are rows of data; “header” tells in which rows of the source the names stand. “Noticed”
are the kinds of decisions that were taken, as `opendata describe` tells them in full. The files are not part of this
project; `python tools/make_outcomes.py FOLDER` made this page.

| file | table | form | encoding | header | rows | columns | noticed |
|---|---|---|---|---|---|---|---|
"""


def main(words: list[str]) -> int:
    """Write the page, or with `--check` tell whether it is the one that would be written."""
    folder = Path(next((word for word in words if not word.startswith("-")), str(REAL)))
    text = HEAD + "".join(
        f"| {' | '.join(line)} |\n" for path in list_files(folder) for line in list_lines(path, folder)
    )
    if "--check" in words:
        return 0 if TARGET.read_text(encoding="utf-8") == text else 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


def list_files(folder: Path) -> list[Path]:
    """The data files of a folder, by their names."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and not NO_DATA.match(path.name))


def list_lines(path: Path, folder: Path) -> Iterator[list[str]]:
    """The cells of the lines about a file."""
    name = _cell(path.relative_to(folder).as_posix())
    try:
        tables = describe_file(path)["tables"]
    except OpendataError as error:
        yield [name, "", "refused", "", "", "", "", _cell(error.text)]
        return
    for table in tables:
        if table.get("hidden"):
            yield [name, _cell(table["sheet"] or table["name"]), table["form"], "", "", "", "", "hidden, not read"]
        else:
            yield [name, *_describe(table, single=len(tables) == 1)]


def _describe(table: Mapping[str, Any], *, single: bool) -> list[str]:
    kinds = dict.fromkeys(str(decision["rule"]) for decision in table["decisions"])
    return [
        "" if single else _cell(table.get("sheet") or table["name"]),
        table["form"],
        table.get("encoding") or "",
        ", ".join(str(number) for number in table["header_rows"]),
        f"{table['rows']:,}",
        str(len(table["fields"])),
        _cell(", ".join(kind for kind in kinds if kind)),
    ]


def _cell(text: object) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
