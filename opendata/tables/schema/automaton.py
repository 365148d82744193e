"""A pattern of a schema as the table of a deterministic automaton over bytes, for the compiled pass over cells.

What it accepts, the pattern accepts; not the other way round: classes that mean all scripts (`d`, `w`, `s` after a
backslash) have here only their plainest characters. A pattern that isn't of the plain kind, or whose table would be
large, has none.
Source: Thompson's construction and the subset construction; UTF-8 ranges as sequences of ranges of bytes.
"""

from __future__ import annotations

import warnings
from array import array
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from importlib import import_module
from itertools import pairwise
from typing import Any, NamedTuple

codes: Any = import_module("re._constants")
parser: Any = import_module("re._parser")

MOST_NODES, MOST_STATES, MOST_WORK = 3000, 600, 200_000
_LAST = 0x10FFFF
_IDEOGRAPHS = (0x4E00, 0x9FA5)
"""Letters in every version of Unicode."""

Ranges = Sequence[tuple[int, int]]
"""Code points, from the first to the last of each range."""

_PLAIN: dict[Any, Ranges] = {
    codes.CATEGORY_DIGIT: [(48, 57)],
    codes.CATEGORY_WORD: [(48, 57), (65, 90), (95, 95), (97, 122), _IDEOGRAPHS],
    codes.CATEGORY_SPACE: [(9, 13), (32, 32)],
    codes.CATEGORY_NOT_DIGIT: [(0, 47), (58, 127), _IDEOGRAPHS],
    codes.CATEGORY_NOT_WORD: [(32, 47), (58, 64), (91, 94), (96, 96), (123, 126)],
    codes.CATEGORY_NOT_SPACE: [(33, 126), _IDEOGRAPHS],
}
"""Of each named class characters that are surely in it."""

_OUTSIDE: dict[Any, Ranges] = {
    codes.CATEGORY_DIGIT: _PLAIN[codes.CATEGORY_NOT_DIGIT],
    codes.CATEGORY_WORD: _PLAIN[codes.CATEGORY_NOT_WORD],
    codes.CATEGORY_SPACE: _PLAIN[codes.CATEGORY_NOT_SPACE],
    codes.CATEGORY_NOT_DIGIT: _PLAIN[codes.CATEGORY_DIGIT],
    codes.CATEGORY_NOT_WORD: _PLAIN[codes.CATEGORY_WORD],
    codes.CATEGORY_NOT_SPACE: _PLAIN[codes.CATEGORY_SPACE],
}
_STARTS, _ENDS = (codes.AT_BEGINNING, codes.AT_BEGINNING_STRING), (codes.AT_END, codes.AT_END_STRING)


class Automaton(NamedTuple):
    """`classes` gives each byte its class of `kinds`; `next` has `kinds` 16-bit states (little-endian) for each state.

    State 0 accepts nothing and is never left; `accepts` has a byte for each state.
    """

    classes: bytes
    kinds: int
    start: int
    next: bytes
    accepts: bytes


class _TooHardError(Exception):
    """The pattern isn't of the plain kind, or its table would be large."""


@lru_cache(maxsize=256)
def build_automaton(pattern: str) -> Automaton | None:
    """The automaton that accepts whole texts only if the pattern does; None if it is too large or can't be built."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what Python's own syntax may mean in another way some day
            tree = parser.parse(pattern)
        if tree.state.flags & ~int(parser.SRE_FLAG_UNICODE):
            return None
        items = list(tree)
        while items and items[0][0] is codes.AT and items[0][1] in _STARTS:
            del items[0]
        while items and items[-1][0] is codes.AT and items[-1][1] in _ENDS:
            del items[-1]
        graph = _Graph()
        start = graph.add_node()
        return graph.determine(start, graph.add_all(items, start))
    except (_TooHardError, parser.error, RecursionError, OverflowError, Warning):
        return None


class _Graph:
    """Nodes with arcs for bytes, and steps that take none."""

    def __init__(self) -> None:
        self._steps: list[list[int]] = []
        self._arcs: list[list[tuple[int, int, int]]] = []

    def add_node(self) -> int:
        if len(self._steps) >= MOST_NODES:
            raise _TooHardError
        self._steps.append([])
        self._arcs.append([])
        return len(self._steps) - 1

    def add_all(self, items: Iterable[tuple[Any, Any]], start: int) -> int:
        """Add the parts of a pattern from a node on; the node where they end."""
        for kind, given in items:
            start = self._add(kind, given, start)
        return start

    def _add(self, kind: Any, given: Any, start: int) -> int:
        if kind is codes.LITERAL:
            return self._add_characters([(given, given)], start)
        if kind is codes.NOT_LITERAL:
            return self._add_characters(_negate([(given, given)]), start)
        if kind is codes.ANY:
            return self._add_characters(_negate([(10, 10)]), start)
        if kind is codes.IN:
            return self._add_characters(_read_class(given), start)
        if kind is codes.SUBPATTERN and not (given[1] or given[2]):
            return self.add_all(given[3], start)
        if kind is codes.BRANCH:
            end = self.add_node()
            for part in given[1]:
                self._steps[self.add_all(part, self._step(start))].append(end)
            return end
        if kind in (codes.MAX_REPEAT, codes.MIN_REPEAT):
            least, most, part = given
            return self._repeat(least, most, part, start)
        raise _TooHardError

    def _repeat(self, least: Any, most: Any, part: Any, start: int) -> int:
        if least > MOST_NODES:
            raise _TooHardError
        for _ in range(least):
            start = self.add_all(part, self._step(start))
        if most is codes.MAXREPEAT:
            again = self._step(start)
            self._steps[self.add_all(part, self._step(again))].append(again)
            return self._step(again)
        end = self.add_node()
        self._steps[start].append(end)
        for _ in range(most - least):
            start = self.add_all(part, self._step(start))
            self._steps[start].append(end)
        return end

    def _step(self, start: int) -> int:
        node = self.add_node()
        self._steps[start].append(node)
        return node

    def _add_characters(self, ranges: Ranges, start: int) -> int:
        end = self.add_node()
        for first, last in ranges:
            for sequence in _write_bytes(first, last):
                at = start
                for place, (low, high) in enumerate(sequence, start=1):
                    to = end if place == len(sequence) else self.add_node()
                    self._arcs[at].append((low, high, to))
                    at = to
        return end

    def _close(self, nodes: Iterable[int]) -> frozenset[int]:
        found = set(nodes)
        waiting = list(found)
        while waiting:
            for node in self._steps[waiting.pop()]:
                if node not in found:
                    found.add(node)
                    waiting.append(node)
        return frozenset(found)

    def determine(self, start: int, end: int) -> Automaton:
        """The automaton whose states are the sets of nodes that one may be in."""
        cuts = {0, 256}
        for arcs in self._arcs:
            for low, high, _ in arcs:
                cuts |= {low, high + 1}
        edges = sorted(cuts)
        count = len(edges) - 1
        classes = bytearray(256)
        for number, (low, high) in enumerate(pairwise(edges)):
            classes[low:high] = bytes([number]) * (high - low)
        first = self._close([start])
        numbers = {frozenset(): 0, first: 1}
        waiting = [frozenset(), first]
        table: list[int] = []
        work = 0
        while len(table) < len(waiting) * count:
            state = waiting[len(table) // count]
            arcs = [arc for node in state for arc in self._arcs[node]]
            work += (len(arcs) + len(state) + 1) * count
            if work > MOST_WORK:
                raise _TooHardError
            for low in edges[:-1]:
                found = self._close(to for start_of, end_of, to in arcs if start_of <= low <= end_of)
                if found not in numbers:
                    if len(numbers) >= MOST_STATES:
                        raise _TooHardError
                    numbers[found] = len(numbers)
                    waiting.append(found)
                table.append(numbers[found])
        states = array("H", table)
        if array("H", [1]).tobytes() != b"\x01\x00":
            states.byteswap()
        accepts = bytes(end in state for state in waiting)
        return Automaton(bytes(classes), count, numbers[first], states.tobytes(), accepts)


def _read_class(items: Sequence[tuple[Any, Any]]) -> Ranges:
    """The characters of a class in brackets that are surely in it."""
    is_negated = items[0][0] is codes.NEGATE
    ranges: list[tuple[int, int]] = []
    named: list[Ranges] = []
    for kind, given in items[is_negated:]:
        if kind is codes.LITERAL:
            ranges.append((given, given))
        elif kind is codes.RANGE:
            ranges.append(given)
        elif kind is codes.CATEGORY:
            named.append((_OUTSIDE if is_negated else _PLAIN)[given])
        else:
            raise _TooHardError
    if not is_negated:
        return [*ranges, *(part for found in named for part in found)]
    outside = _negate(ranges)
    for found in named:
        outside = _intersect(outside, found)
    return outside


def _negate(ranges: Ranges) -> Ranges:
    found, at = [], 0
    for first, last in sorted(ranges):
        if first > at:
            found.append((at, first - 1))
        at = max(at, last + 1)
    return [*found, (at, _LAST)] if at <= _LAST else found


def _intersect(one: Ranges, other: Ranges) -> Ranges:
    pairs = [(max(a, c), min(b, d)) for a, b in one for c, d in other]
    return sorted((first, last) for first, last in pairs if first <= last)


def _write_bytes(first: int, last: int) -> Iterator[Sequence[tuple[int, int]]]:
    """A range of characters as sequences of ranges of bytes in UTF-8, which has no surrogates."""
    for least, most in ((0, 0x7F), (0x80, 0x7FF), (0x800, 0xD7FF), (0xE000, 0xFFFF), (0x10000, _LAST)):
        low, high = max(first, least), min(last, most)
        if low <= high:
            yield from _split(low, high)


def _split(low: int, high: int) -> Iterator[Sequence[tuple[int, int]]]:
    """Characters of one length, divided so that each byte runs through its range whatever the others are."""
    for places in range(1, len(chr(low).encode())):
        mask = (1 << 6 * places) - 1
        if low & ~mask != high & ~mask:
            if low & mask:
                yield from _split(low, low | mask)
                yield from _split((low | mask) + 1, high)
                return
            if high & mask != mask:
                yield from _split(low, (high & ~mask) - 1)
                yield from _split(high & ~mask, high)
                return
    yield list(zip(chr(low).encode(), chr(high).encode(), strict=True))
