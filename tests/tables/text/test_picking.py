"""Rows are picked out of a foreign text by their numbers, in another process, within bounds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from opendata.confined import Bounds, BrokenOffError, Cause
from opendata.tables.text.dialect import Dialect
from opendata.tables.text.picking import pick_rows

BOUNDS = Bounds(seconds=20, memory=64 << 20)


def test_rows_are_picked_by_their_numbers_up_to_damage(tmp_path: Path) -> None:
    text = tmp_path / "text.csv"
    text.write_text('a,b\n1,"x\ny"\n2,\n\n4,"open\n', encoding="utf-8")
    found = pick_rows(text, Dialect(), [0, 1, 2, 4, 5, 9], BOUNDS)
    assert found == {1: ["a", "b"], 2: ["1", "x\ny"], 4: []}


@pytest.mark.slow
def test_what_takes_too_long_or_too_much_is_broken_off(tmp_path: Path) -> None:
    text = tmp_path / "text.csv"
    text.write_bytes(b"a\n" + b"x" * (15 << 20) + b"\n")
    with pytest.raises(BrokenOffError) as found:
        pick_rows(text, Dialect(), [2], Bounds(seconds=20, memory=4 << 20))
    assert found.value.cause is Cause.MEMORY
    waiting = tmp_path / "never.csv"
    os.mkfifo(waiting)
    with pytest.raises(BrokenOffError) as found:
        pick_rows(waiting, Dialect(), [1], Bounds(seconds=0.5, memory=64 << 20))
    assert found.value.cause is Cause.TIME
