"""The house has rooms: a folder for each subject, small enough to be taken in at a glance."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "opendata"
MOST_MODULES = 15
MOST_LINES = 400


def test_no_room_has_more_modules_than_a_reader_takes_in() -> None:
    rooms = {path.parent for path in PACKAGE.rglob("*.py")}
    sizes = {str(room.relative_to(PACKAGE)): len(list(room.glob("*.py"))) - 1 for room in rooms}
    assert len(sizes) > 30
    assert {room: size for room, size in sizes.items() if size > MOST_MODULES} == {}


def test_no_module_is_longer_than_a_reader_takes_in() -> None:
    sizes = {str(path.relative_to(PACKAGE)): len(path.read_bytes().splitlines()) for path in PACKAGE.rglob("*.py")}
    assert len(sizes) > 300
    assert {module: size for module, size in sizes.items() if size > MOST_LINES} == {}
