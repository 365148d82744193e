"""The words that begin a row of totals: 合计, Total."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from opendata.tables.arrow.arrays import view_flags

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_TOTAL = re.compile(
    r"(?:.{0,6}(?:合计|合計|总计|總計|共计|共計)|小计|小計|总和|grand total|sub-?total|total|sum|totals)[:：]?",
    re.IGNORECASE,
)
_LONGEST = 200
_LIKELY = r"[计計和]|[tT]\W*[oO]\W*[tT]\W*[aA]\W*[lL]|[sS]\W*[uU]\W*[mM]"
"""RE2 pattern without which no text is a total."""


def is_total(text: str) -> bool:
    """Whether a cell names a total of other rows."""
    return bool(_TOTAL.fullmatch("".join(text[:_LONGEST].split())))


def find_totals(column: pa.Array) -> np.ndarray:
    """Which cells of a column of text name a total; each different likely text is looked at once."""
    import numpy as np
    import pyarrow.compute as pc

    likely = view_flags(pc.fill_null(pc.match_substring_regex(column, _LIKELY), False))
    found = np.zeros(len(column), bool)
    if likely.any():
        rows = np.flatnonzero(likely)
        coded = pc.dictionary_encode(column.take(rows))
        totals = np.array([is_total(text) for text in coded.dictionary.to_pylist()], bool)
        found[rows] = totals[coded.indices.to_numpy(zero_copy_only=False)]
    return found
