"""What a mirror remembers, and what it therefore writes and deletes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from opendata.mirror.journal import Journal, Unit, Written, read_versions

ONE = Unit("one", "a", {"1.0.0": "x", "1.1.0": "y"})
FILES = [Written("one/1.csv", "aa", 3), Written("one/index.html", "bb", 4)]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(tmp_path / "journal.sqlite")
    made.enter(ONE, 7, FILES, {"two"})
    yield made
    made.close()


def test_a_unit_is_known_with_its_state_and_files(journal: Journal) -> None:
    state, seen = journal.read_units()["one"]
    assert (state, seen) == (ONE.whole, 7)
    assert read_versions(state) == ONE.versions
    assert journal.find("one/1.csv") == FILES[0]
    assert journal.find_digest("one/2.csv") == ""
    assert journal.count() == (2, 7)


def test_what_a_unit_has_no_longer_is_stale(journal: Journal) -> None:
    assert journal.list_stale("one", FILES[:1]) == ["one/index.html"]
    journal.enter(ONE, 8, FILES[:1])
    assert journal.list_keys("one") == ["one/1.csv"]


def test_who_names_a_unit_is_found_until_it_does_no_longer(journal: Journal) -> None:
    assert journal.list_mentioning(["two", "three"]) == {"one"}
    journal.enter(ONE, 8, FILES)
    assert journal.list_mentioning(["two"]) == set()


def test_strays_and_files_that_are_missing_or_of_another_size_are_found(journal: Journal) -> None:
    strays, lacking = journal.compare([("one/1.csv", 99), ("one/index.html", 4), ("other.txt", 1)])
    assert (strays, lacking) == (["other.txt"], {"one"})
    assert journal.find("one/1.csv") is None
    assert journal.compare([("one/index.html", 4)]) == ([], set())


def test_a_dataset_keeps_its_number_and_no_two_have_the_same(journal: Journal) -> None:
    numbers = [journal.number(name) for name in ("one", "two", "one", "three")]
    assert numbers == [0, 1, 0, 2]
    journal.drop("two")
    assert journal.number("four") == 3
    journal.enter(ONE, 8, FILES, words='{"水": 1}')
    assert list(journal.list_cards()) == [(0, '{"水": 1}')]
    assert journal.count_cards() == 1


def test_a_reader_sees_what_was_entered(journal: Journal, tmp_path: Path) -> None:
    reader = Journal(tmp_path / "journal.sqlite", writes=False)
    journal.enter(Unit("new", "n"), 9, [Written("new.csv", "cc", 1)])
    assert reader.find_digest("new.csv") == "cc"
    reader.close()


def test_a_state_that_cant_be_read_has_no_versions() -> None:
    assert [read_versions(text) for text in ("", "failed", "[1]", "[1, 2]")] == [{}] * 4
