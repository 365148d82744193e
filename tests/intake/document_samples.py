"""Tables of text to be written in many forms and read back equal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from opendata.errors import UnreadableFileError
from opendata.intake.grid import Grid, TableInfo

# What every form can hold: no control characters, no surrogates.
PRINTED = st.characters(exclude_categories=("Cs", "Cc", "Cn"))
TEXTS = st.text(PRINTED, max_size=12)
NAMES = st.text(st.characters(categories=("Lu", "Ll", "Lo")), min_size=1, max_size=6)

Opener = Callable[..., Grid]
Lister = Callable[..., list[TableInfo]]


@st.composite
def tables(
    draw: st.DrawFn,
    cells: st.SearchStrategy[str] = TEXTS,
    rows: int = 1,
    columns: int = 1,
    names: st.SearchStrategy[str] = NAMES,
) -> Any:
    """Distinct names, and rows of as many texts."""
    header = draw(st.lists(names, min_size=columns, max_size=5, unique=True))
    body = draw(st.lists(st.lists(cells, min_size=len(header), max_size=len(header)), min_size=rows, max_size=8))
    return header, body


def read_only(lister: Lister, opener: Opener, path: Path, **options: Any) -> list[list[str]]:
    """All rows of the only table of a file."""
    (table,) = lister(path, **options)
    return read_rows(opener, path, table.place, **options)[0]


def read_rows(opener: Opener, path: Path, place: str, **options: Any) -> tuple[list[list[str]], set[str]]:
    """All rows of a table, and the rules that were told."""
    grid = opener(path, place, **options)
    rows = list(grid.rows)
    for decision in grid.decisions:
        assert decision.describe()["text"]
    return rows, {decision.rule for decision in grid.decisions}


def read_whole(lister: Lister, opener: Opener, path: Path, **options: Any) -> None:
    """Read all rows of all tables of a file."""
    for table in lister(path, **options):
        for _ in opener(path, table.place, **options).rows:
            pass


def is_readable(lister: Lister, opener: Opener, path: Path, **options: Any) -> bool:
    """Whether a file is read to its end; any error but those a reader may raise comes through."""
    try:
        read_whole(lister, opener, path, **options)
    except UnreadableFileError:
        return False
    return True
