"""What figures say of a file: the whole table again, more of it, or something to ask about."""

from __future__ import annotations

from typing import Any

import pytest

from opendata.domain.editions.modes import Figures, choose_mode, doubt_mode

KEY = {"key": ["month", "town"]}


@pytest.mark.parametrize(
    ("rows", "total", "known", "more", "last", "expected"),
    [
        (40, 40, 0, KEY, None, ("append", False)),  # the next month
        (41, 40, 1, KEY, None, ("append", False)),  # and one correction
        (40, 40, 38, KEY, None, ("replace", False)),  # the whole list again, two towns new
        (52, 40, 40, KEY, "append", ("replace", False)),  # all rows so far and the next month
        (40, 80, 40, KEY, "append", ("append", True)),  # a month that was sent before
        (40, 80, 40, KEY, None, ("replace", False)),
        (60, 40, 20, KEY, None, ("replace", True)),  # half of either
        (1, 80, 1, KEY, None, ("append", True)),  # a correction alone
        (1, 80, 1, KEY, "append", ("append", False)),
        (20, 40, 10, KEY, None, ("append", True)),
        (40, 40, 0, {"period": "month"}, None, ("append", False)),
        (40, 40, 0, {}, None, ("replace", True)),
        (40, 40, 0, {}, "replace", ("replace", False)),
        (40, 40, 0, {}, "append", ("append", False)),
        (3, 40, 0, {}, None, ("append", True)),
        (40, 40, 0, {**KEY, "unlike": ["area"]}, None, ("replace", True)),
        (0, 40, 0, KEY, "append", ("replace", False)),
        (40, 0, 0, KEY, None, ("replace", False)),
    ],
)
def test_figures_choose_a_mode_or_leave_a_question(
    rows: int, total: int, known: int, more: dict[str, Any], last: str | None, expected: tuple[str, bool]
) -> None:
    figures: Figures = {"rows": rows, "total": total, "known": known, **more}  # type: ignore[typeddict-item]
    assert choose_mode(figures, last) == expected


def test_figures_speak_against_a_mode_only_where_they_are_clear() -> None:
    month: Figures = {"rows": 40, "total": 120, "known": 0, "key": ["month"]}
    whole: Figures = {"rows": 160, "total": 120, "known": 120, "key": ["month"]}
    middle: Figures = {"rows": 40, "total": 120, "known": 60, "key": ["month"]}
    assert doubt_mode("replace", month)
    assert doubt_mode("append", whole)
    assert not any(doubt_mode(mode, middle) for mode in ("replace", "append"))
    assert not doubt_mode("append", month)
    assert not doubt_mode("replace", whole)
