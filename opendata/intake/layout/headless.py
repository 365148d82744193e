"""Whether the first row of a table is data rather than its header: by what the cells below it look like.

In: `110001,北京1,2024-01-01` above `110002,北京2,2024-01-02`     Out: as the rows below, so it may be data
In: `code,name,day` above the same                             Out: a header: no number or day above numbers and days
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

Columns = Sequence[tuple[str, Sequence[str]]]
"""The cell of the first row and the cells below it, column by column, without empty ones."""

_DIGITS = re.compile(r"\d+")
_ORDINAL = re.compile(r"\d{1,2}")
_SHARE = 0.9


def looks_headless(columns: Columns, find_kind: Callable[[str], str], is_period: Callable[[str], bool]) -> bool:
    """Whether no column speaks for a header, and some say that the first row is a row like the others.

    `find_kind` tells numbers and days (empty for other texts): days above numbers are names. Years and months may be
    names too, and so may the numbers of columns: 1, 2, 3 from the second column on.
    """
    if not any(below for _, below in columns):  # a single row
        return all(find_kind(cell) and not is_period(cell) for cell, _ in columns)
    telling = 0
    numbered = [cell for cell, _ in columns if _ORDINAL.fullmatch(cell)]
    is_numbered = [int(cell) for cell in numbered] in (list(range(1, len(numbered) + 1)), list(range(len(numbered))))
    is_numbered = is_numbered and 1 < len(numbered) < len(columns)
    for cell, below in columns:
        if not below:
            continue
        kind, count = Counter(map(find_kind, below)).most_common(1)[0]
        if kind and count >= _SHARE * len(below):
            if find_kind(cell) != kind:
                return False
            telling += not (is_period(cell) or (is_numbered and cell in numbered))
        elif _is_code(cell, below):
            telling += 1
        elif _is_code(below[0], below[1:]):
            return False
    return telling > 0


def _is_code(cell: str, below: Sequence[str]) -> bool:
    """Whether a cell and those below are codes that differ in their digits alone: A001, A002."""
    if not below or not re.search(r"\d{2}", cell) or len(set(below)) < len(below):
        return False
    shape = _DIGITS.sub("0", cell)
    return sum(_DIGITS.sub("0", other) == shape and len(other) == len(cell) for other in below) >= _SHARE * len(below)
