"""Mobile numbers written like other numbers: 138.1234.5601; in columns of telephones 13,812,345,601 and 138-12345601.

In, a column. Out, a tally of such cells as weak ones: the column's name, or their share, decides what they are.
"""

from __future__ import annotations

import re

from opendata.domain.privacy import Kind
from opendata.privacy.detection.cells import Cells
from opendata.privacy.detection.tallies import EXAMPLES, Tallies

_SPACE, _COMMA, _HYPHEN, _DOT = b" ,-."
_SHORTEST = 12
_DOTTED = r"1[3-9][0-9]\.[0-9]{4}\.[0-9]{4}"
_HALVES = "1[3-9][0-9][ -][0-9]{8}|1[3-9][0-9]{5}[ -][0-9]{4}"
_ALONE = f"^{_DOTTED}$"
_NAMED = (
    r"(?:^|[^-0-9A-Za-z_.,]|[^0-9A-Za-z_][-.,])"
    rf"(?:{_DOTTED}|1[3-9](?:,[0-9]{{3}}){{3}}|1[3-9][0-9]{{9}}\.00+|{_HALVES})(?:\.0+)?"
    r"(?:$|[^0-9A-Za-z_.,]|[.,](?:$|[^0-9]))"
)
_ANY_HALVES = re.compile(b"(?<![0-9])(?:[0-9]{3}[ -][0-9]{8}|[0-9]{7}[ -][0-9]{4})(?![0-9])")
_NUMBER = re.compile("1[0-9., -]{10,}[0-9]")


def count_loose_mobiles(cells: Cells, tallies: Tallies, *, is_named: bool) -> None:
    """Count cells with such a number; where no name says what they are, only cells that are nothing else."""
    import pyarrow.compute as pc

    if cells.longest < _SHORTEST or not cells.has_marks:
        return
    if not (_has_points(cells.sample) or _has_halves(cells) if is_named else _has_dots(cells.sample)):
        return
    mask = pc.match_substring_regex(cells.column, _NAMED if is_named else _ALONE)
    number = pc.sum(mask).as_py() or 0
    if not number:
        return
    tally = tallies.of(Kind.MOBILE)
    tally.weak += number
    if len(tally.examples) < EXAMPLES:
        for text in cells.column.filter(mask)[:EXAMPLES].to_pylist():
            found = _NUMBER.search(text)
            tally.add_example(found[0] if found else text)


def _has_dots(cells: Cells) -> bool:
    """Whether two dots are five bytes apart."""
    dots = cells.data == _DOT
    return bool((dots[:-5] & dots[5:]).any())


def _has_points(cells: Cells) -> bool:
    """Whether a dot or a comma occurs."""
    return bool((cells.data == _DOT).any() or (cells.data == _COMMA).any())


def _has_halves(cells: Cells) -> bool:
    """Whether a space or a hyphen is behind the first three or seven digits of a mobile number."""
    import numpy as np

    data = cells.data
    if cells.are_alike:
        shapes = _ANY_HALVES.finditer(data[: cells.width].tobytes())
        return any(bool((cells.grid[:, shape.start()] == ord("1")).any()) for shape in shapes)
    places = np.flatnonzero((data == _SPACE) | (data == _HYPHEN))
    places = places[places >= 3]
    if ((data[places - 3] == ord("1")) & (data[places - 2] >= ord("3"))).any():
        return True
    places = places[(places >= 7) & (places + 4 < len(data))]
    places = places[(data[places - 7] == ord("1")) & (data[places - 6] >= ord("3"))]
    behind = data[np.minimum(places + 5, len(data) - 1)]
    ends = (behind < ord("0")) | (behind > ord("9"))
    ends |= cells.offsets[np.searchsorted(cells.offsets, places + 5)] == places + 5
    return bool(ends.any())
