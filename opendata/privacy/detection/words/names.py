"""Personal names, told by the statistics of a column: surnames in front, characters of given names behind.

In, a column of text: 张伟, 李秀英, 欧阳明. Out, tallies: cells that look like a name, and a sample of different values,
by which `judge_names` decides whether the column has names at all. One short text proves nothing: 白菜 and 高中 begin
with surnames too. Names of minorities are known by their dot: 买买提·吐尔逊.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from opendata.domain.privacy import Kind
from opendata.privacy.detection.cells import Cells
from opendata.privacy.detection.tallies import Tallies
from opendata.privacy.detection.words.name_lists import ENDINGS, FREQUENT, GIVEN, OTHER_WORDS, SURNAMES, get_flags
from opendata.privacy.masks import COMPOUND_SURNAMES

if TYPE_CHECKING:
    import numpy as np

SAMPLE = 4000
"""At most this many different short texts of a column are held."""

_LENGTHS = (6, 9, 12)
_HAN = (0x4E00, 0x9FFF)
_DOTTED = re.compile("[\u4e00-\u9fff]{1,10}(?:[·•‧・][\u4e00-\u9fff]{1,10}){1,3}")
_DOT = "·".encode()
_LONGEST_DOTTED = 60


class NameStatistics(NamedTuple):
    """What a sample of different short texts looks like.

    `named` of `values` look like names, `typical` of those in every character; `frequent` begin with one of the
    hundred most frequent surnames; `surnames` is how many different surnames there are.
    """

    values: int
    named: int
    typical: int
    frequent: int
    surnames: int


class NameSample:
    """The different short Chinese texts of a column, the first `SAMPLE` of them."""

    def __init__(self) -> None:
        self._seen: dict[str, None] = {}

    @property
    def is_full(self) -> bool:
        """Whether no more are taken."""
        return len(self._seen) >= SAMPLE

    def take(self, texts: list[str]) -> None:
        """Regard some texts, in the order of their rows."""
        for text in texts:
            if len(self._seen) >= SAMPLE:
                return
            self._seen.setdefault(text)

    def join(self, later: NameSample) -> None:
        """Take the texts of later rows. Those that a full sample of them left out aren't wanted here either."""
        self.take(list(later._seen))

    def measure(self) -> NameStatistics:
        """The statistics of the sample."""
        named = [text for text in self._seen if looks_like_name(text)]
        return NameStatistics(
            len(self._seen),
            len(named),
            sum(map(is_typical_name, named)),
            sum(text[0] in FREQUENT for text in named),
            len({text[:2] if text[:2] in COMPOUND_SURNAMES else text[0] for text in named}),
        )


def count_names(cells: Cells, tallies: Tallies, sample: NameSample) -> None:
    """Count the cells that look like a personal name; `rivals` are all short Chinese texts."""
    import numpy as np

    if not cells.is_wide or cells.longest < _LENGTHS[0]:
        return
    two, three, four = (cells.lengths == length for length in _LENGTHS)
    fits = two | three | four
    if fits.any():
        rows = np.flatnonzero(fits)
        short, named = _find_names(cells, rows)
        if short.any():
            tally = tallies.of(Kind.NAME)
            tally.rivals += int(np.count_nonzero(short))
            tally.count += int(np.count_nonzero(named))
            if not sample.is_full:
                sample.take(cells.take(rows[short]).unique().to_pylist())
            for row in rows[named][:3].tolist() if len(tally.examples) < 3 else ():
                tally.add_example(cells.read_text(row))
    if cells.longest >= 8:
        _count_dotted(cells, tallies, sample)


def looks_like_name(text: str) -> bool:
    """Whether a text of Chinese characters begins with a surname and doesn't end like something else."""
    if _DOTTED.fullmatch(text):
        return True
    if not 2 <= len(text) <= 4 or text in OTHER_WORDS or text[-1] in ENDINGS:
        return False
    is_compound = text[:2] in COMPOUND_SURNAMES
    return (is_compound and len(text) > 2) or (text[0] in SURNAMES and len(text) <= 3) or _is_double(text)


def is_typical_name(text: str) -> bool:
    """Whether every character of the given name is common in given names."""
    if _DOTTED.fullmatch(text):
        return True
    given = text[2:] if (len(text) > 2 and text[:2] in COMPOUND_SURNAMES) or _is_double(text) else text[1:]
    return all(character in GIVEN for character in given)


def _is_double(text: str) -> bool:
    """Whether a name of four characters begins with the surnames of both parents."""
    return len(text) == 4 and text[0] in FREQUENT and text[1] in FREQUENT


def _find_names(cells: Cells, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which rows are 2 to 4 Chinese characters, and which of them look like names."""
    import numpy as np

    short, named = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
    surnames, frequent, endings = get_flags(SURNAMES), get_flags(FREQUENT), get_flags(ENDINGS)
    for length in _LENGTHS:
        places = np.flatnonzero(cells.lengths[rows] == length)
        if not len(places):
            continue
        points = _decode(cells, rows[places], length // 3)
        chinese = ((points >= _HAN[0]) & (points <= _HAN[1])).all(axis=1)
        short[places] = chinese
        fits = chinese & ~endings[points[:, -1]]
        if length < _LENGTHS[-1]:
            single = surnames[points[:, 0]]
        else:
            single = frequent[points[:, 0]] & frequent[points[:, 1]]
        if length > _LENGTHS[0]:
            single = single | _are_compound(points)
        named[places] = fits & single
    return short, named


def _decode(cells: Cells, rows: np.ndarray, count: int) -> np.ndarray:
    """The code points of cells that are `count` characters of three bytes each (rows x count); 0: not such a one."""
    import numpy as np

    starts = cells.offsets[:-1][rows]
    found = np.zeros((len(rows), count), np.uint16)
    for place in range(count):
        first, second, third = (cells.data[starts + (3 * place + step)].astype(np.uint16) for step in range(3))
        points = ((first & 15) << 12) | ((second & 63) << 6) | (third & 63)
        found[:, place] = np.where(first >= 0xE0, points, 0)
    return found


def _are_compound(points: np.ndarray) -> np.ndarray:
    """Which rows begin with a surname of two characters."""
    import numpy as np

    pairs = (points[:, 0].astype(np.uint32) << 16) | points[:, 1]
    known = np.array([(ord(name[0]) << 16) | ord(name[1]) for name in sorted(COMPOUND_SURNAMES)], np.uint32)
    found: np.ndarray = np.isin(pairs, known)
    return found


def _count_dotted(cells: Cells, tallies: Tallies, sample: NameSample) -> None:
    """Count names with a dot inside."""
    import numpy as np

    marks = cells.data == _DOT[0]
    if not marks.any():
        return
    marks = marks[:-1] & (cells.data[1:] == _DOT[1])
    rows = np.unique(cells.find_rows(np.flatnonzero(marks)))
    texts = cells.take(rows[cells.lengths[rows] <= _LONGEST_DOTTED]).to_pylist()
    found = [text for text in texts if _DOTTED.fullmatch(text)]
    if found:
        tally = tallies.of(Kind.NAME)
        tally.count += len(found)
        tally.rivals += len(found)
        sample.take(list(dict.fromkeys(found)))
        for text in found[:3]:
            tally.add_example(text)
