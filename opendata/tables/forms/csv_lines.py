"""Lines of CSV files for spreadsheets, which see no formula in any text.

Source: OWASP on formulas in CSV.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)*")


def guard_formula(text: str) -> str:
    """A text as a CSV cell that no spreadsheet takes for a formula; numbers stay as they are."""
    return f"'{text}" if _FORMULA.match(text) and not _PLAIN_NUMBER.fullmatch(text) else text


def write_csv_line(cells: Iterable[object], end: str = "\n") -> str:
    """A line in which no spreadsheet sees a formula. What is None is empty."""
    out = io.StringIO()
    csv.writer(out, lineterminator=end).writerow(["" if cell is None else guard_formula(str(cell)) for cell in cells])
    return out.getvalue()
