"""Canonical CSV for a double click: with a BOM, so that spreadsheets take it for UTF-8, and no cell a formula.

A cell of a field that isn't a number gets an apostrophe where a spreadsheet would take it for a formula: where it
begins with = + - @ (full-width ones too, after white space too), a tab or a line end, and is not a plain number.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from opendata.tables.forms.csv_lines import guard_formula
from opendata.tables.forms.writing import join_csv

if TYPE_CHECKING:
    import pyarrow as pa

_BOM = b"\xef\xbb\xbf"
_BLOCKS = (8 << 20, 256 << 20, (1 << 31) - 1)
"""How much is read at once: a row has to fit, and few need more than the first."""

_MAYBE_FORMULA = r"\A[\s\p{Z}\x{0b}\x{1c}-\x{1f}\x{85}]*[=+\-@＝＋－＠]|\A[\t\r\n]"


def write_excel_csv(csv: Path, target: Path, *, names: Sequence[str], numeric: Collection[str]) -> None:
    """Write a canonical CSV file again; `names` are its columns, `numeric` those that hold numbers."""
    import pyarrow as pa

    header = _join([pa.array([guard_formula(name)], pa.string()) for name in names])
    for block in _BLOCKS:
        try:
            with target.open("wb") as out:
                out.write(_BOM + header)
                for batch in _read_texts(csv, names, block):
                    columns = zip(names, batch.columns, strict=True)
                    out.write(
                        _join([column if name in numeric else guard_formulas(column) for name, column in columns])
                    )
        except pa.ArrowInvalid:  # a row is longer than what is read at once
            if block == _BLOCKS[-1]:
                raise
        else:
            return


def guard_formulas(column: pa.Array) -> pa.Array:
    """A column of text in which a spreadsheet reads no cell as a formula."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.match_substring_regex(column, _MAYBE_FORMULA)
    texts = column.filter(found)
    if not len(texts):
        return column
    return pc.replace_with_mask(column, found, pa.array([guard_formula(text.as_py()) for text in texts], pa.string()))


def _read_texts(csv: Path, names: Sequence[str], block: int) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa
    from pyarrow import csv as csv_files

    yield from csv_files.open_csv(
        csv,
        csv_files.ReadOptions(use_threads=False, block_size=block),
        csv_files.ParseOptions(newlines_in_values=True),
        csv_files.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
    )


def _join(columns: Sequence[pa.Array]) -> bytes:
    import pyarrow as pa

    return join_csv(pa.RecordBatch.from_arrays(columns, [str(place) for place in range(len(columns))]))
