"""Texts that no rule forbids, but that were damaged or wrapped before the file came here.

In, a column of text: `="00123"`, a number with a tab, `4.2E+17`, a text with U+FFFD or a byte order mark
Out: where each kind is; with a repair accepted, the column without it: `00123`

A block without any of a few bytes is skipped, so plain files cost nothing.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from opendata.domain.findings import Problem
from opendata.tables.arrow.arrays import view_flags
from opendata.tables.arrow.masks import only
from opendata.tables.arrow.shapes import find_extent

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class _Kind:
    """`signs` are the bytes without which no cell is odd in this way, each with one byte of it, which is found faster.

    `pattern` (RE2) is what an odd cell has. `repair` names the kind of repair, which replaces `found` by `written`.
    """

    code: str
    signs: Sequence[tuple[bytes, Sequence[bytes]]]
    pattern: str
    repair: str = ""
    found: str = ""
    written: str = ""
    strength: str = "note"

    def may_occur(self, data: bytes, *, has_tabs: bool = False) -> bool:
        """Whether some bytes have a sign; with tabs between its cells, a tab is none."""
        return any(
            byte in data and any(sign in data for sign in signs)
            for byte, signs in self.signs
            if not (has_tabs and byte == b"\t")
        )


_BROKEN = (
    "\ufffd|锟斤拷|烫烫烫|屯屯屯|ï»¿|Â[\u00a0-\u00bf]|â€[\u0098-\u009d™œ“”˜¦¢]"
    "|[ä-é][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]{2}"
    "|Ã[\u0080-\u00bfƒ‚„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]"
)
_KINDS = (
    _Kind("inner-mark", ((b"\xef", (_MARK.encode(),)),), _MARK, "byte-order-mark", _MARK),
    _Kind("formula-text", ((b"=", (b'="',)),), r'^\s*="[^"]*"\s*$', "formula-text", r'^\s*="([^"]*)"\s*$', r"\1"),
    _Kind("stray-tab", ((b"\t", (b"\t",)),), r"^\t|\t$", "stray-tab", r"^\t+|\t+$"),
    _Kind("lost-digits", ((b"+", (b"E+", b"e+")),), r"^[+-]?[0-9](\.[0-9]+)?[eE]\+[0-9]{2,}$", strength="warning"),
    _Kind(
        "broken-text",
        (
            (b"\xef", ("\ufffd".encode(),)),
            (b"\xc3", (b"\xc3\x82", b"\xc3\x83", b"\xc3\xa2\xe2", b"\xc3\xa4\xc2", b"\xc3\xa5\xc5", b"\xc3\xaf\xc2")),
            (b"\x9f", ("锟斤拷".encode(),)),
            (b"\xab", ("烫烫烫".encode(),)),
        ),
        _BROKEN,
        strength="warning",
    ),
)
_BY_CODE = {kind.code: kind for kind in _KINDS}
_EXAMPLES = 5
_LONGEST = 200
"""Of this many characters an example has at most."""

REPAIRED_KINDS: Mapping[str, _Kind] = {kind.repair: kind for kind in _KINDS if kind.repair}


class OddTexts:
    """How many texts of each column are odd in which way, and examples, so that repairs can be proposed."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._examples: defaultdict[tuple[str, str], dict[str, None]] = defaultdict(dict)

    def take(self, name: str, code: str, cells: pa.Array, rows: np.ndarray) -> None:
        """Count the odd cells of a batch of a column."""
        self._counts[name, code] += len(rows)
        examples = self._examples[name, code]
        if len(examples) < _EXAMPLES:
            texts = [str(cells[row].as_py()) for row in rows[:_EXAMPLES].tolist()]
            examples.update((text, None) for text in texts if len(text) <= _LONGEST)

    def count(self, name: str, code: str, cell: str) -> None:
        """Count one odd cell."""
        self._counts[name, code] += 1
        self._examples[name, code][cell] = None

    def join(self, other: OddTexts) -> None:
        """Take in those of a later piece of the table."""
        self._counts.update(other._counts)
        for key, examples in other._examples.items():
            self._examples[key].update(examples)

    def propose(self) -> list[dict[str, Any]]:
        """The repairs that would help; of rows left out nothing is after."""
        found = []
        for (name, code), count in self._counts.items():
            kind = _BY_CODE.get(code)
            if kind is not None and not kind.repair:
                continue
            shown = [
                {"before": text, "after": re.sub(kind.found, kind.written, text) if kind is not None else None}
                for text in [*self._examples[name, code]][:_EXAMPLES]
            ]
            repair = kind.repair if kind is not None else code
            found.append({"fieldName": name, "kind": repair, "count": count, "examples": shown})
        return found


def may_be_odd(block: bytes, delimiter: str) -> bool:
    """Whether some cell of a block may be odd."""
    has_tabs = delimiter == "\t" and b'"' not in block
    return any(kind.may_occur(block, has_tabs=has_tabs) for kind in _KINDS)


def find_odd(cells: pa.Array) -> Sequence[tuple[Problem, np.ndarray]]:
    """The oddities of a column of text, and the rows of each."""
    import numpy as np
    import pyarrow.compute as pc

    found = []
    data = bytes(find_extent(cells)[1])
    for kind in _KINDS:
        if not kind.may_occur(data):
            continue
        odd = only(pc.match_substring_regex(cells, kind.pattern))
        if odd is not None:
            found.append((Problem(kind.code, kind.code, kind.strength), np.flatnonzero(view_flags(odd))))
    return found


def build_cleaner(repairs: Collection[str]) -> Callable[[pa.Array], tuple[pa.Array, Mapping[str, int]]] | None:
    """What repairs the odd texts of a column: the column, and how many cells by the kind of repair; None for none."""
    kinds = [kind for name, kind in REPAIRED_KINDS.items() if name in repairs]
    if not kinds:
        return None

    def clean(cells: pa.Array) -> tuple[pa.Array, Mapping[str, int]]:
        import pyarrow.compute as pc

        counts: dict[str, int] = {}
        for kind in kinds:
            if not kind.may_occur(bytes(find_extent(cells)[1])):
                continue
            odd = only(pc.match_substring_regex(cells, kind.pattern))
            if odd is not None:
                counts[kind.repair] = int(pc.sum(odd).as_py())
                cells = pc.replace_substring_regex(cells, kind.found, kind.written)
        return cells, counts

    return clean
