"""Which cells of a table of counts are suppressed: the small ones, and others so that totals don't reveal them.

In, the coordinates of each cell (cells x dimensions) and its count. Out, which cells are suppressed.

A reader may know the totals along every dimension. So for each line of cells (all coordinates but one the same):

    counts          3   20   40      total 63
    primary         x   20   40      63 - 60 = 3: revealed
    with a second   x    x   40      23 in two cells: not revealed

That isn't enough in two dimensions, where lines together can reveal a cell. A cell is safe only if some other solution
gives it another count. With one or two dimensions this is exact: solutions differ by closed walks over cells, whose
counts go up and down by one in turn and never below one. With three or more, the null space of the equations and the
bounds of each line decide, which finds what lines reveal by addition, but not every combination.
Source: GB/T 37964-2019 (suppression); Hundepool and others, Statistical Disclosure Control (2012), chapter 4.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

MOST_TOGETHER = 800
"""At most this many suppressed cells that hang together are solved for; larger groups have freedom enough."""

_EXACT = 1e-9
_EXACT_DIMENSIONS = 2

Line = tuple[int, tuple[object, ...]]


def find_suppressed(coordinates: Sequence[tuple[object, ...]], counts: Sequence[int], threshold: int) -> list[bool]:
    """For each cell whether it is suppressed. Lines whose total is itself below the threshold have no public total."""
    hidden = [count < threshold for count in counts]
    lines = _list_lines(coordinates)
    totals = {line: sum(counts[place] for place in places) for line, places in lines.items()}
    known = {line: places for line, places in lines.items() if totals[line] >= threshold}
    of_cell: list[list[Line]] = [[] for _ in counts]
    for line, places in known.items():
        for place in places:
            of_cell[place].append(line)
    todo = list(known)
    while todo:
        for line in todo:
            _protect_line(known[line], counts, hidden, threshold)
        exposed = list(_find_exposed(known, hidden, of_cell, counts, coordinates))
        todo = []
        for place in exposed:
            more = _hide_beside(place, known, of_cell, counts, hidden)
            if more is not None:
                todo += of_cell[more]
        todo = [line for line in known if _needs_more(known[line], counts, hidden, threshold)] + todo
    return hidden


def _list_lines(coordinates: Sequence[tuple[object, ...]]) -> dict[Line, list[int]]:
    """The cells of each line: a dimension, and the coordinates in all others."""
    lines: dict[Line, list[int]] = {}
    for place, cell in enumerate(coordinates):
        for dimension in range(len(cell)):
            lines.setdefault((dimension, cell[:dimension] + cell[dimension + 1 :]), []).append(place)
    return lines


def _needs_more(places: Sequence[int], counts: Sequence[int], hidden: Sequence[bool], threshold: int) -> bool:
    """Whether the suppressed cells of a line are too few or too small together, and others can be added."""
    chosen = [place for place in places if hidden[place]]
    if not chosen or len(chosen) == len(places):
        return False
    total = sum(counts[place] for place in chosen)
    return len(chosen) < 2 or total < max(threshold, 2 * len(chosen))


def _protect_line(places: Sequence[int], counts: Sequence[int], hidden: list[bool], threshold: int) -> None:
    """Suppress the smallest further cells of a line until their total tells nothing of a small one."""
    while _needs_more(places, counts, hidden, threshold):
        hidden[min((place for place in places if not hidden[place]), key=lambda place: (counts[place], place))] = True


def _hide_beside(
    place: int,
    known: Mapping[Line, Sequence[int]],
    of_cell: Sequence[Sequence[Line]],
    counts: Sequence[int],
    hidden: list[bool],
) -> int | None:
    """Suppress the smallest cell that shares a line with an exposed one; None if all are suppressed."""
    others = {other for line in of_cell[place] for other in known[line] if not hidden[other]}
    if not others:
        return None
    chosen = min(others, key=lambda other: (counts[other], other))
    hidden[chosen] = True
    return chosen


def _find_exposed(
    known: Mapping[Line, Sequence[int]],
    hidden: Sequence[bool],
    of_cell: Sequence[Sequence[Line]],
    counts: Sequence[int],
    coordinates: Sequence[tuple[object, ...]],
) -> Iterator[int]:
    """The suppressed cells whose count follows from the totals, where another cell could be suppressed."""
    for group in _list_groups(known, hidden, of_cell):
        lines = {line: [place for place in known[line] if hidden[place]] for cell in group for line in of_cell[cell]}
        if all(len(cell) <= _EXACT_DIMENSIONS for cell in coordinates[:1]):
            found = _find_fixed(group, of_cell, counts)
        else:
            found = _find_pinned(group, lines, counts)
            if not found and len(group) <= MOST_TOGETHER:
                found = find_determined(group, lines)
        for place in found:
            if any(not hidden[other] for line in of_cell[place] for other in known[line]):
                yield place


def _find_fixed(group: Sequence[int], of_cell: Sequence[Sequence[Line]], counts: Sequence[int]) -> list[int]:
    """The cells of a group that no closed walk passes, in tables of one or two dimensions.

    Lines are nodes, and so is the outside: where a line's total isn't public, a walk may leave and come back. A cell
    leads from its first line to its second when its count goes up, and back when it goes down, if it is two or more.
    """
    ends: dict[int, tuple[Line | None, Line | None]] = {}
    steps: dict[Line | None, list[tuple[int, Line | None]]] = {}
    for place in group:
        first = next((line for line in of_cell[place] if line[0] == 0), None)
        second = next((line for line in of_cell[place] if line[0] == 1), None)
        ends[place] = (first, second)
        steps.setdefault(first, []).append((place, second))
        if counts[place] > 1:
            steps.setdefault(second, []).append((place, first))

    def has_walk(place: int, start: Line | None, end: Line | None) -> bool:
        seen, todo = {start}, [start]
        while todo:
            node = todo.pop()
            if node == end:
                return True
            for used, following in steps.get(node, ()):
                if used != place and following not in seen:
                    seen.add(following)
                    todo.append(following)
        return False

    return [
        place
        for place, (first, second) in ends.items()
        if not has_walk(place, second, first) and not (counts[place] > 1 and has_walk(place, first, second))
    ]


def _find_pinned(group: Sequence[int], lines: Mapping[Line, Sequence[int]], counts: Sequence[int]) -> list[int]:
    """The cells of a group that have one count left because every count is at least one.

    Each line narrows the bounds of its cells: what the others have at least is the most that is left for one.
    """
    least, most = dict.fromkeys(group, 1), {place: max(counts) * len(counts) + 1 for place in group}
    changed = True
    while changed:
        changed = False
        for places in lines.values():
            total = sum(counts[place] for place in places)
            floor, ceiling = sum(least[place] for place in places), sum(most[place] for place in places)
            for place in places:
                low = max(least[place], total - (ceiling - most[place]))
                high = min(most[place], total - (floor - least[place]))
                if (low, high) != (least[place], most[place]):
                    floor, ceiling = floor + low - least[place], ceiling + high - most[place]
                    least[place], most[place] = low, high
                    changed = True
    return [place for place in group if least[place] == most[place]]


def find_determined(group: Sequence[int], lines: Mapping[Line, Sequence[int]]) -> list[int]:
    """The cells of a group whose counts are the same in every solution of the equations, one a line."""
    import numpy as np

    column = {place: number for number, place in enumerate(group)}
    rows = [[column[place] for place in places] for places in lines.values()]
    matrix: np.ndarray = np.zeros((len(rows), len(group)))
    for number, places in enumerate(rows):
        matrix[number, places] = 1
    if not len(rows):
        return []
    _, values, basis = np.linalg.svd(matrix, full_matrices=True)
    rank = int((values > _EXACT * max(1.0, float(values.max(initial=0.0)))).sum())
    freedom = np.abs(basis[rank:]).max(axis=0, initial=0.0)
    return [place for place, number in column.items() if freedom[number] < _EXACT**0.5]


def _list_groups(
    known: Mapping[Line, Sequence[int]], hidden: Sequence[bool], of_cell: Sequence[Sequence[Line]]
) -> Iterator[list[int]]:
    """The suppressed cells that hang together by lines."""
    left = {place for place, is_hidden in enumerate(hidden) if is_hidden}
    while left:
        todo, group = [left.pop()], []
        while todo:
            place = todo.pop()
            group.append(place)
            for line in of_cell[place]:
                near = [other for other in known[line] if other in left]
                left.difference_update(near)
                todo += near
        yield sorted(group)
