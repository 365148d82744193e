"""What `make soak` sends is understood before it is damaged, and what goes wrong is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from opendata.errors import InputError, NotFoundError, fault
from tests.fuzz.readers import Faults, make_input, try_one
from tests.fuzz.readings import READINGS, Reading

OF_FILES = ("file", "check", "screen", "preview", "attachment")


def make_reading(error: BaseException) -> Reading:
    def read(data: bytes, name: str) -> None:
        raise error

    return Reading(
        "test",
        read,
        lambda: {"a.txt": b"abc", "b.csv": b"def"},
        lambda chance, data: data + bytes([chance.randrange(256)]),
    )


@pytest.mark.parametrize(
    "reading", [pytest.param(item, id=item.name) for item in READINGS if item.name not in OF_FILES]
)
def test_a_reader_takes_what_it_is_usually_sent(reading: Reading) -> None:
    for name, data in reading.seeds().items():
        assert try_one(reading, name, data) == ("read", ""), name


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (InputError("x"), "InputError"),
        (InputError("x", faults=[fault("/a", "%(x)s", y=1)]), "!KeyError"),
        (NotFoundError("x"), "!NotFoundError"),
        (ValueError("x"), "!ValueError"),
        (MemoryError(), "!MemoryError"),
        (KeyboardInterrupt(), "!KeyboardInterrupt"),
    ],
)
def test_only_errors_for_bad_input_that_can_be_said_are_no_faults(error: BaseException, outcome: str) -> None:
    assert try_one(make_reading(error), "a.txt", b"x")[0].startswith(outcome)


def test_the_same_seed_makes_the_same_inputs() -> None:
    reading = make_reading(ValueError())
    inputs = [make_input(reading, 1, number) for number in range(20)]
    assert inputs == [make_input(reading, 1, number) for number in range(20)]
    assert inputs != [make_input(reading, 2, number) for number in range(20)]
    assert {name for name, _ in inputs} == {"a.txt", "b.csv"}


def test_an_input_that_goes_wrong_is_kept(tmp_path: Path) -> None:
    faults = Faults(tmp_path / "kept")
    faults.add(make_reading(ValueError()), "a.txt", b"bytes", "ValueError", "told")
    assert (faults.folder / "test@1@a.txt").read_bytes() == b"bytes"
    assert faults.counts.total() == 1
