"""A finished table as JSON (an array of objects) or JSON Lines, joined column by column from its Parquet file.

Numbers keep the digits they are written with; those of a column in which one has more than 15 are text, so are the
numbers that JSON has no way to write (`NaN`, `INF`, `-INF`). Days and moments are ISO 8601, a missing value is null.
Source: RFC 8259, RFC 7493 (numbers that every reader keeps), jsonlines.org.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from opendata.tables.arrow.parquet import open_parquet
from opendata.tables.arrow.shapes import contains_any
from opendata.tables.forms.form_numbers import find_wide_columns
from opendata.tables.types.canonical import write_column

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH_ROWS = 8192
_CONTROLS = {chr(code): json.dumps(chr(code))[1:-1] for code in range(32)}
_ESCAPED = {"\\": "\\\\", '"': '\\"', **_CONTROLS}


def write_json(parquet: Path, target: Path, *, lines: bool, batch_rows: int = _BATCH_ROWS) -> None:
    """Write the rows as one array, a row on each line, or as a document each (`lines`), `batch_rows` at a time."""

    begin, between, end = ("", "\n", "\n") if lines else ("[\n", ",\n", "\n]\n")
    with open_parquet(parquet) as file, target.open("wb") as out:
        wide = find_wide_columns(file)
        mark = begin
        for batch in file.iter_batches(batch_size=batch_rows):
            out.write(mark.encode())
            out.write(join_texts(join_rows(batch, wide), between))
            mark = between
        out.write((end if file.metadata.num_rows else begin + end.lstrip()).encode())


def join_rows(batch: pa.RecordBatch, wide: Collection[str] = ()) -> pa.Array:
    """Each row as a JSON object; the numbers of the columns named in `wide` are text."""
    import pyarrow.compute as pc

    parts = []
    mark = "{"
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        parts += [f"{mark}{json.dumps(name, ensure_ascii=False)}:", _spell(column, is_text=name in wide)]
        mark = ","
    return pc.binary_join_element_wise(*parts, "}", "", null_handling="replace", null_replacement="null")


def join_lists(batch: pa.RecordBatch) -> pa.Array:
    """Each row as a JSON array of its values."""
    import pyarrow.compute as pc

    parts = []
    mark = "["
    for column in batch.columns:
        parts += [mark, _spell(column, is_text=False)]
        mark = ","
    return pc.binary_join_element_wise(*parts, "]", "", null_handling="replace", null_replacement="null")


def _spell(column: pa.Array, *, is_text: bool) -> pa.Array:
    """Each value as JSON writes it; null stays null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_string(kind):
        return _quote(_escape(column))
    text = write_column(column)
    if pa.types.is_floating(kind):
        return pc.if_else(pc.is_finite(column), text, _quote(text))
    return _quote(text) if is_text or pa.types.is_temporal(kind) else text


def _escape(column: pa.Array) -> pa.Array:
    import pyarrow.compute as pc

    if not contains_any(column, [character.encode() for character in _ESCAPED]):
        return column
    for character, written in _ESCAPED.items():  # the backslash first: the others bring some
        if contains_any(column, [character.encode()]):
            column = pc.replace_substring(column, character, written)
    return column


def _quote(text: pa.Array) -> pa.Array:
    import pyarrow.compute as pc

    mark = '"'
    return pc.binary_join_element_wise(mark, text, mark, "")


def join_texts(texts: pa.Array, between: str = "") -> bytes:
    """All texts of a column as one."""
    import pyarrow as pa
    import pyarrow.compute as pc

    whole = pa.ListArray.from_arrays(pa.array([0, len(texts)], pa.int32()), texts)
    return bytes(pc.binary_join(whole, between)[0].as_buffer())
