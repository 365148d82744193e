"""E-mail addresses, vehicle plates and social accounts in a column of text.

Bytes say at once whether a column may have any: an at sign, a capital letter behind a Chinese character, QQ or 微信.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opendata.domain.privacy import Kind
from opendata.privacy.detection.cells import Cells
from opendata.privacy.detection.spans import find_spans
from opendata.privacy.detection.tallies import Tallies
from opendata.privacy.detection.words.patterns import EMAIL, PLATE, SOCIAL

if TYPE_CHECKING:
    import numpy as np

_AT, _COLON = b"@:"
_LONGEST_PLATE = 13
_MARKS = ("微信".encode(), "微博".encode())
_MIDDLE = "微".encode()[1:]
_SHORTEST = 6


def count_contacts(cells: Cells, tallies: Tallies) -> None:
    """Count the cells with an e-mail address, a plate or a social account."""
    import numpy as np

    if cells.longest < _SHORTEST:
        return
    if cells.has_letters:
        marks = cells.data == _AT
        if marks.any():
            _count(cells, _find_rows(cells, marks), tallies, Kind.EMAIL, EMAIL)
        if cells.is_wide:
            behind = (cells.data[:-1] >= 0x80) & ((cells.data[1:] - np.uint8(65)) < 26)
            if behind.any():
                _count(cells, _find_rows(cells, behind), tallies, Kind.PLATE, rf"(?:^|[^A-Z0-9]){PLATE}(?:$|[^A-Z0-9])")
    if (cells.has_letters or len(cells.runs.starts)) and _names_social_account(cells.sample):
        _count(cells, np.arange(len(cells.lengths)), tallies, Kind.SOCIAL, SOCIAL)


def _names_social_account(cells: Cells) -> bool:
    """Whether the name of a social network occurs: QQ, WeChat, 微信, 微博."""
    if not cells.is_wide and not cells.has_marks and not (cells.data == _COLON).any():
        return False  # nothing is between the name and the account
    if cells.has_letters and any(mark in cells.data.tobytes() for mark in (b"QQ", b"WeChat")):
        return True
    if not cells.is_wide or not ((cells.data[:-1] == _MIDDLE[0]) & (cells.data[1:] == _MIDDLE[1])).any():
        return False
    text = cells.data.tobytes()
    return any(mark in text for mark in _MARKS)


def _find_rows(cells: Cells, mask: np.ndarray) -> np.ndarray:
    """The rows that have one of the marked bytes."""
    import numpy as np

    rows = cells.find_rows(np.flatnonzero(mask))
    return rows[np.append(True, np.diff(rows) > 0)] if len(rows) else rows


def _count(cells: Cells, rows: np.ndarray, tallies: Tallies, kind: Kind, pattern: str) -> None:
    import numpy as np
    import pyarrow.compute as pc

    from opendata.tables.arrow.arrays import no_to_nulls, view_flags

    tally = tallies.of(kind)
    tally.rivals += len(rows)
    texts = cells.take(rows)
    found = np.flatnonzero(view_flags(no_to_nulls(pc.match_substring_regex(texts, pattern))))
    if not len(found):
        return
    lengths = cells.lengths[rows[found]]
    tally.count += len(found)
    tally.inside += int(np.count_nonzero(lengths > (_LONGEST_PLATE + 3 if kind is Kind.PLATE else 70)))
    for place in found[:3].tolist():
        text = texts[place].as_py()
        spans = [span for span in find_spans(text[:10_000]) if span.kind is kind]
        tally.add_example(text[spans[0].start : spans[0].end] if spans else text)
