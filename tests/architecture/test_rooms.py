"""The house has rooms: a folder for each subject, small enough to be taken in at a glance."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "opendata"
MOST_MODULES = 15


def test_no_room_has_more_modules_than_a_reader_takes_in() -> None:
    rooms = {path.parent for path in PACKAGE.rglob("*.py")}
    sizes = {str(room.relative_to(PACKAGE)): len(list(room.glob("*.py"))) - 1 for room in rooms}
    assert len(sizes) > 30
    assert {room: size for room, size in sizes.items() if size > MOST_MODULES} == {}
