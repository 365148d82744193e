"""The words that begin a row of totals: 合计, Total."""

from __future__ import annotations

import re

_TOTAL = re.compile(
    r"(?:.{0,6}(?:合计|合計|总计|總計|共计|共計)|小计|小計|总和|grand total|sub-?total|total|sum|totals)[:：]?",
    re.IGNORECASE,
)
_LONGEST = 200


def is_total(text: str) -> bool:
    """Whether a cell names a total of other rows."""
    return bool(_TOTAL.fullmatch("".join(text[:_LONGEST].split())))
