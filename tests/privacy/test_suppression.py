"""What is suppressed can't be computed from the totals."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from opendata.privacy.treatments.suppression import find_suppressed

THRESHOLD = 5


def find_revealed(cells: list[tuple[int, ...]], counts: list[int], hidden: list[bool]) -> set[int]:
    """The suppressed cells that have one count in all solutions: whole numbers from 1 with the public totals.

    Solutions are searched for one by one until every cell has had two counts.
    """
    places = [place for place, is_hidden in enumerate(hidden) if is_hidden]
    lines: dict[tuple[int, tuple[int, ...]], list[int]] = {}
    for place, cell in enumerate(cells):
        for dimension in range(len(cell)):
            lines.setdefault((dimension, cell[:dimension] + cell[dimension + 1 :]), []).append(place)
    public = [line for line in lines.values() if sum(counts[place] for place in line) >= THRESHOLD]
    rules = [
        ([place for place in line if hidden[place]], sum(counts[place] for place in line if hidden[place]))
        for line in public
    ]
    seen: dict[int, set[int]] = {place: set() for place in places}
    for found in search(places, {}, rules):
        for place, count in found.items():
            seen[place].add(count)
        if all(len(values) > 1 for values in seen.values()):
            break
    return {place for place, values in seen.items() if len(values) == 1}


def search(places: list[int], chosen: dict[int, int], rules: list[tuple[list[int], int]]) -> Iterator[dict[int, int]]:
    """All ways to fill the places that are left so that every rule holds."""
    if len(chosen) == len(places):
        yield dict(chosen)
        return
    place = places[len(chosen)]
    least, most = 1, 30
    for inside, total in rules:
        if place in inside:
            rest = total - sum(chosen.get(other, 0) for other in inside)
            others = sum(1 for other in inside if other not in chosen and other != place)
            most = min(most, rest - others)
            least = max(least, rest) if not others else least
    for count in range(least, most + 1):
        chosen[place] = count
        yield from search(places, chosen, rules)
        del chosen[place]


@given(st.lists(st.integers(1, 12), min_size=1, max_size=7))
def test_one_line_never_reveals_a_small_cell(counts: list[int]) -> None:
    cells = [(place,) for place in range(len(counts))]
    hidden = find_suppressed(cells, counts, THRESHOLD)
    assert all(is_hidden for is_hidden, count in zip(hidden, counts, strict=True) if count < THRESHOLD)
    if any(hidden) and not all(hidden):
        assert sum(hidden) >= 2
        assert find_revealed([(place,) for place in range(len(counts))], counts, hidden) == set()


@given(st.lists(st.lists(st.integers(1, 9), min_size=3, max_size=3), min_size=2, max_size=3))
def test_two_dimensions_never_reveal_a_small_cell(grid: list[list[int]]) -> None:
    cells: list[tuple[int, ...]] = [(row, column) for row in range(len(grid)) for column in range(3)]
    counts = [grid[row][column] for row, column in cells]
    hidden = find_suppressed(cells, counts, THRESHOLD)
    small = [place for place, count in enumerate(counts) if count < THRESHOLD]
    assert all(hidden[place] for place in small)
    if not all(hidden):
        assert find_revealed(cells, counts, hidden).isdisjoint(small), (counts, hidden)


def test_nothing_is_suppressed_without_a_small_cell() -> None:
    cells = [(row, column) for row in "ab" for column in "xyz"]
    assert find_suppressed(cells, [5, 6, 7, 8, 9, 10], THRESHOLD) == [False] * 6
    assert find_suppressed([], [], THRESHOLD) == []


def test_the_smallest_other_cell_is_the_second() -> None:
    assert find_suppressed([("a",), ("b",), ("c",)], [3, 20, 40], THRESHOLD) == [True, True, False]


def test_many_cells_are_done_in_time() -> None:
    cells = [(row, column) for row in range(60) for column in range(40)]
    counts = [(row * 7 + column * 13) % 50 + 1 for row, column in cells]
    hidden = find_suppressed(cells, counts, THRESHOLD)
    for line in range(60):
        chosen = [hidden[line * 40 + column] for column in range(40)]
        assert sum(chosen) != 1
