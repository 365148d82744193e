"""Arrow columns as the cells of a worksheet, a whole column at a time: text as text, numbers and days as they are.

Source: ECMA-376 (SpreadsheetML), Excel's published limits and its calendar, which takes 1900 for a leap year.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from opendata.tables.arrow.arrays import make_integers
from opendata.tables.forms.json_form import join_texts
from opendata.tables.forms.workbook_parts import DAY, MAX_CELL, MOMENT, STYLES, cut_text, escape_text, name_column
from opendata.tables.types.canonical import write_column

if TYPE_CHECKING:
    import pyarrow as pa

_DAY_0 = 25_569
"""The number a spreadsheet has for 1970-01-01."""

_FIRST_DAY = 61 - _DAY_0
"""1900-03-01, the first day that has the same number in every spreadsheet, in days since 1970."""

_MILLISECOND = 1000
_DAY = 86_400_000 * _MILLISECOND
_RARE = "[\\x00-\\x08\\x0b-\\x1f\ufffe\uffff]|_x[0-9A-Fa-f]{4}_"
_MARKUP = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"))


class CellWriter:
    """Writes rows of cells. `cut` counts the texts that were longer than a cell holds.

    The numbers of the columns named in `wide` are text.
    """

    def __init__(self, wide: Collection[str] = ()) -> None:
        self.cut = 0
        self._wide = wide

    def join_rows(self, batch: pa.RecordBatch, first: int) -> bytes:
        """The rows of a worksheet from number `first` on."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        numbers = pc.cast(make_integers(np.arange(first, first + batch.num_rows)), pa.string())
        parts = ['<row r="', numbers, '">']
        for place, (name, column) in enumerate(zip(batch.schema.names, batch.columns, strict=True)):
            begin = f'<c r="{name_column(place)}'
            cells = self._write(column, is_text=name in self._wide)
            parts.append(pc.binary_join_element_wise(begin, numbers, cells, ""))  # null: no cell
        rows = pc.binary_join_element_wise(*parts, "</row>\n", "", null_handling="skip")
        return join_texts(rows)

    def _write(self, column: pa.Array, *, is_text: bool) -> pa.Array:
        """The XML of a cell after its place; null if the cell is empty."""
        import pyarrow as pa
        import pyarrow.compute as pc

        kind = column.type
        if pa.types.is_string(kind):
            return _write_text(self._escape(column))
        if pa.types.is_boolean(kind):
            return _wrap('" t="b"><v>', pc.if_else(column, "1", "0"))
        text = write_column(column)
        if pa.types.is_date(kind):
            return _write_days(pc.cast(pc.cast(column, pa.int32()), pa.int64()), text)
        if pa.types.is_timestamp(kind) and kind.tz is not None:  # a spreadsheet knows no zones
            return _write_text(text)
        if pa.types.is_timestamp(kind):
            return _write_moments(pc.cast(column, pa.int64()), text)
        if pa.types.is_floating(kind):
            return pc.if_else(pc.is_finite(column), _wrap('"><v>', text), _write_text(text))
        return _write_text(text) if is_text else _wrap('"><v>', text)

    def _escape(self, column: pa.Array) -> pa.Array:
        """Text for XML, cut to what a cell holds."""
        import pyarrow as pa
        import pyarrow.compute as pc

        long = pc.greater(pc.utf8_length(column), MAX_CELL // 2)
        rare = pc.or_(long, pc.match_substring_regex(column, _RARE))
        texts = [text.as_py() for text in column.filter(rare)]
        kept = [cut_text(text) for text in texts]
        self.cut += sum(text != whole for text, whole in zip(kept, texts, strict=True))
        for character, written in _MARKUP:
            column = pc.replace_substring(column, character, written)
        return pc.replace_with_mask(column, rare, pa.array([*map(escape_text, kept)], pa.string())) if kept else column


def write_text_cell(place: str, text: str, style: str) -> str:
    """One cell of text."""
    return (
        f'<c r="{place}" s="{STYLES[style]}" t="inlineStr"><is><t xml:space="preserve">'
        f"{escape_text(cut_text(text))}</t></is></c>"
    )


def _write_text(text: pa.Array) -> pa.Array:
    return _wrap(f'" s="{STYLES["text"]}" t="inlineStr"><is><t xml:space="preserve">', text, "</t></is></c>")


def _write_days(days: pa.Array, text: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    serial = pc.cast(pc.add(days, _DAY_0), pa.string())
    fits = pc.greater_equal(days, _FIRST_DAY)
    return pc.if_else(fits, _wrap(f'" s="{DAY}"><v>', serial), _write_text(text))


def _write_moments(moments: pa.Array, text: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    days = pc.divide(pc.cast(moments, pa.float64(), safe=False), float(_DAY))
    serial = pc.cast(pc.add(days, float(_DAY_0)), pa.string())
    whole = pc.multiply(pc.divide(moments, _MILLISECOND), _MILLISECOND)
    fits = pc.and_(pc.greater_equal(moments, _FIRST_DAY * _DAY), pc.equal(whole, moments))
    return pc.if_else(fits, _wrap(f'" s="{MOMENT}"><v>', serial), _write_text(text))


def _wrap(before: str, text: pa.Array, after: str = "</v></c>") -> pa.Array:
    import pyarrow.compute as pc

    return pc.binary_join_element_wise(before, text, after, "")
