"""JSON values as the text of cells, noting on the way what a text cannot show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from opendata.errors import N_
from opendata.intake.document.json_text import Constant, Number, write_compact
from opendata.intake.understanding import Decision

_PLAIN = frozenset([str, Number, Constant])


class CellWriter:
    """Writes rows of values as rows of text; `decide` tells, once all are written, what happened."""

    def __init__(self) -> None:
        self._nulls: set[int] = set()
        self._empties: set[int] = set()
        self._nested: set[int] = set()
        self._mended = False

    def write(self, row: Sequence[Any]) -> list[str]:
        """The cells of a row: numbers as written, `true`, `false`, nothing for null, the nested as compact JSON."""
        if "" in row:
            self._empties.update(column for column, value in enumerate(row) if value == "")
        if _PLAIN.issuperset(map(type, row)):
            return list(row)
        return [value if type(value) in _PLAIN else self._write(column, value) for column, value in enumerate(row)]

    def mend(self, cells: list[str]) -> list[str]:
        """The cells with halves of surrogate pairs replaced, which no file of text can hold."""
        mended = [cell.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace") for cell in cells]
        self._mended = self._mended or mended != cells
        return mended

    def decide(self, names: Sequence[str]) -> Iterator[Decision]:
        """What was settled on the way; columns without a name are reported by their number."""
        if both := sorted(self._nulls & self._empties):
            yield Decision(
                rule="empty-and-null",
                text=N_("Both empty text and null appear in %(columns)s. In the table, both become empty cells"),
                details={"columns": name_columns(both, names)},
                sure=0.95,
            )
        if self._nested:
            yield Decision(
                rule="nested-values",
                text=N_("Lists or objects appear in %(columns)s. They are kept as JSON text"),
                details={"columns": name_columns(sorted(self._nested), names)},
                sure=0.95,
            )
        if self._mended:
            yield Decision(
                rule="broken-characters",
                text=N_("Some text contains half a character (a lone surrogate). It is replaced with “�”"),
                sure=0.8,
            )

    def _write(self, column: int, value: Any) -> str:
        if value is None:
            self._nulls.add(column)
            return ""
        if type(value) is dict or type(value) is list:
            self._nested.add(column)
        return write_compact(value)


def name_columns(columns: Sequence[int], names: Sequence[str]) -> str:
    """Columns (from 0) as a person reads them: `“name”, “city”`, or by number from 1; at most five."""
    listed = [f"“{names[column]}”" if column < len(names) else str(column + 1) for column in columns[:5]]
    return ", ".join(listed) + (" …" if len(columns) > 5 else "")
