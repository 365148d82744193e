"""Addresses so detailed that they lead to a home: down to the building, the room or the group of a village.

In, a column of text. All digits count as one, so that a column has far fewer different texts, and each is looked at
once. Out, tallies: homes, and as `weak` the addresses that end with a number in a street, which offices have too.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from opendata.domain.privacy import Kind
from opendata.privacy.detection.cells import Cells
from opendata.privacy.detection.tallies import EXAMPLES, Tallies

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_DIGITS = "[0-9]{1,5}"
_NUMBER = "(?:[0-9]{1,5}|[一二三四五六七八九十百零]{1,4})"
_LETTER = "[A-Za-z]?"
_ESTATE = (
    "小区|花园|家园|嘉园|佳苑|雅苑|名苑|新苑|苑|公寓|宿舍|新村|家属院|家属楼|住宅|华庭|豪庭|府邸|公馆|山庄|别墅|雅居|名居|"
    "名城|新城|花城|华城|安置房|廉租房|公租房|经适房|里|坊|邸|墅"
)
_ROOM = f"{_LETTER}{_DIGITS}{_LETTER}(?:室|房|户|门)"
_VILLAGE = "村|庄|屯|寨|嘎查|大队|村委会|社区|居委会|林场|农场|分场|连队"
_DASH = "[-—－–]"
_OWN_NAME = "[^工领专项检督帮考调，。；,;0-9]{1,4}?"
_ENDS = "(?:$|[，。；,;）)\\s])"
HOME = "|".join(
    (
        f"(?:栋|幢|座|楼|号|弄|区|期|{_ESTATE}|路|街|巷){_LETTER}{_NUMBER}(?:号)?单元",
        f"{_NUMBER}单元{_LETTER}{_DIGITS}",
        f"(?:{_ESTATE})(?:[^，。；,;]{{0,8}}?){_LETTER}{_DIGITS}(?:栋|幢|号楼|号院|座|楼|号|单元|室|户|{_DASH}{_DIGITS})",
        f"{_DIGITS}(?:栋|幢|号楼|座|号院|弄)(?:[^，。；,;]{{0,8}}?){_ROOM}",
        f"{_DIGITS}(?:栋|幢){_DASH}?{_LETTER}{_DIGITS}",
        f"{_DIGITS}弄(?:[^，。；,;]{{0,6}}?){_DIGITS}号",
        f"(?:路|街|道|巷|胡同|里){_DIGITS}号(?:[^，。；,;]{{0,10}}?)"
        f"(?:{_ROOM}|{_DIGITS}(?:栋|幢)|{_DIGITS}{_DASH}{_DIGITS}{_DASH}{_DIGITS})",
        f"(?:{_VILLAGE})(?:[^，。；,;0-9]{{0,8}}?)第?{_NUMBER}(?:村民小组|村民组|小组|组|队|社|屯)"
        f"(?:[^，。；,;0-9个年月]{{0,4}}?)(?:{_DIGITS}号|{_ENDS})",
        f"(?:{_VILLAGE})(?:[^，。；,;0-9]{{0,6}}?){_DIGITS}(?:附{_DIGITS})?号",
        f"(?:村|社区){_OWN_NAME}(?:村民小组|村民组|组|屯)(?:{_DIGITS}号)?$",
    )
)
"""An address that leads to a home."""

OFFICE = (
    "大厦|大楼|写字楼|商务|广场|办公|行政中心|服务中心|政务|中心|工业园|产业园|科技园|创业园|软件园|物流园|产业|园区|开发区|市场|政府|委员会办|村委会$|"
    "医院|卫生院|卫生室|学校|中学|小学|大学|学院|幼儿园|银行|公司|厂|商城|商场|超市|门面|门市|商铺|铺|酒店|宾馆|饭店|药店|药房|商店|店$|局|所$|站$|院$|馆|公园|基地|仓库"
)
"""Words of addresses of offices, shops and public places."""

RESIDENT = "小区|花园|家园|嘉园|佳苑|苑|公寓|宿舍|新村|家属|住宅|单元|住|村民|组|安置"
"""Words that make an address a home even beside a word of `OFFICE`."""

STREET = f"(?:路|街|大道|道|巷|弄|胡同|村|庄|镇|乡){_DIGITS}号"
"""An address with a number in a street."""

_SHORTEST = 12
_GROUPS = tuple(character.encode() for character in "组屯队社单")
_FEW = 8
_LONG = 120
_REST = re.compile("(?:[-—－–0-9A-Za-z]|单元|[号室栋幢楼层户房门座组附])*")
_HOME, _STREET = 2, 1
_REMEMBERED = 20_000
_UNSHIFTED = bytes((byte + 48) & 0xFF for byte in range(256))


class AddressCounter:
    """Counts the addresses of one column. Texts that were classified before are remembered, up to a number."""

    def __init__(self) -> None:
        self._known: dict[bytes, int] = {}

    def __reduce__(self) -> tuple[type[AddressCounter], tuple[()]]:
        """A new one: what it remembers only saves time."""
        return AddressCounter, ()

    def count(self, cells: Cells, tallies: Tallies) -> None:
        """Count the cells with the address of a home, and those with the number of a street."""
        import pyarrow.compute as pc

        from opendata.tables.arrow.arrays import view_numbers

        if cells.longest < _SHORTEST or not cells.is_wide or not _may_have_addresses(cells):
            return
        coded = pc.dictionary_encode(_shape(cells))
        if len(coded.dictionary) * _FEW <= len(cells.lengths) or len(cells.lengths) < _FEW * _FEW:
            classes = self._look_up(coded.dictionary)[view_numbers(coded.indices)]
        else:
            classes = classify_addresses(cells.column)
        _keep(cells, classes, tallies)

    def _look_up(self, coded: pa.Array) -> np.ndarray:
        import numpy as np

        from opendata.tables.arrow.arrays import make_texts

        shapes = coded.to_pylist()
        new = [shape for shape in shapes if shape not in self._known]
        if new:
            if len(self._known) + len(new) > _REMEMBERED:
                self._known.clear()
                new = shapes
            self._known.update(zip(new, classify_addresses(make_texts(list(map(_unshape, new)))).tolist(), strict=True))
        return np.array([self._known[shape] for shape in shapes], np.uint8)


def classify_addresses(texts: pa.Array) -> np.ndarray:
    """For each text: 2 if it has the address of a home, else 1 if it has the number of a street, else 0."""
    import numpy as np
    import pyarrow.compute as pc

    from opendata.tables.arrow.arrays import make_integers, no_to_nulls, view_flags

    def match(pattern: str, chosen: pa.Array) -> np.ndarray:
        return view_flags(no_to_nulls(pc.match_substring_regex(chosen, pattern))).copy()

    homes = match(HOME, texts)
    doubtful = np.flatnonzero(homes)
    if len(doubtful):
        chosen = texts.take(make_integers(doubtful))
        homes[doubtful] = ~match(OFFICE, chosen) | match(RESIDENT, chosen)
    found: np.ndarray = np.where(homes, _HOME, match(STREET, texts) * _STREET)
    return found


def find_homes(text: str) -> list[tuple[int, int]]:
    """Where in a text the address of a home is: start and end in characters, with the words before it."""
    found = []
    for match in _compile_home().finditer(text):
        start = match.start()
        while start > 0 and match.start() - start < 30 and re.match(r"[\u4e00-\u9fff0-9]", text[start - 1]):
            start -= 1
        around = text[start : match.end() + 6]
        if not re.search(OFFICE, around) or re.search(RESIDENT, around):
            rest = _REST.match(text, match.end())
            found.append((start, rest.end() if rest else match.end()))
    return found


@cache
def _compile_home() -> Any:
    return re.compile(HOME)


def _keep(cells: Cells, classes: np.ndarray, tallies: Tallies) -> None:
    import numpy as np

    are_homes = classes == _HOME
    homes, streets = int(np.count_nonzero(are_homes)), int(np.count_nonzero(classes == _STREET))
    if not homes and not streets:
        return
    tally = tallies.of(Kind.ADDRESS)
    tally.count += homes
    tally.weak += streets
    if homes and cells.longest > _LONG:
        tally.inside += int(np.count_nonzero(cells.lengths[are_homes] > _LONG))
    if len(tally.examples) < EXAMPLES:
        for row in np.flatnonzero(are_homes if homes else classes)[:EXAMPLES].tolist():
            tally.add_example(cells.read_text(row))


def _may_have_addresses(cells: Cells) -> bool:
    """Whether there are digits, or one of the characters that a number in Chinese characters needs behind it."""
    if cells.has_digits:
        return True
    data = cells.sample.data
    return any(
        ((data[2:] == third) & (data[1:-1] == second) & (data[:-2] == first)).any() for first, second, third in _GROUPS
    )


def _shape(cells: Cells) -> pa.Array:
    """The column as bytes that differ where its texts differ in more than digits."""
    import numpy as np
    import pyarrow as pa

    offsets = np.ascontiguousarray(cells.offsets)
    return pa.BinaryArray.from_buffers(
        pa.binary(), len(cells.lengths), [None, pa.py_buffer(offsets), pa.py_buffer(cells.shape)]
    )


def _unshape(shape: bytes) -> str:
    """The text of a shape, with 0 for every digit."""
    return shape.translate(_UNSHIFTED).decode("utf-8", "replace")
