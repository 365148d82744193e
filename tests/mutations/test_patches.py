"""Each of the hand-made faults still fits the code it is a fault of; whether tests notice them `run.py` finds out."""

from __future__ import annotations

import shutil

import pytest

from tests.mutations.run import CHECKOUT, apply, list_patches, read_tests

SUBJECTS = {
    *("casting", "diff", "erasing", "publication", "ranges"),
    *("rebuild", "scanning", "sessions", "signatures", "tus", "uniqueness"),
    *("access", "decisions", "erasure", "expiry", "grants", "routine", "seal", "stops", "undecided"),
    *("outbox", "recovery"),
}


def test_there_is_a_fault_of_each_subject() -> None:
    assert set(list_patches()) >= SUBJECTS


@pytest.mark.parametrize("name", list_patches())
def test_a_fault_can_still_be_put_into_the_code(name: str) -> None:
    if shutil.which("git") is None:
        pytest.skip("no git here (Debian: apt-get install git)")
    if not (CHECKOUT / ".git").exists():
        pytest.skip("no checkout of git, but a copy: perhaps one that holds a fault already")
    apply(list_patches()[name], CHECKOUT, check=True)


@pytest.mark.parametrize("name", list_patches())
def test_a_fault_says_what_it_does_to_a_user_and_names_tests_that_exist(name: str) -> None:
    patch = list_patches()[name]
    first = patch.read_text(encoding="utf-8").partition("\n")[0]
    assert first.endswith("."), first
    assert not first.startswith("Tests:")
    tests = read_tests(patch)
    assert [test for test in tests if not (CHECKOUT / test.partition("::")[0]).exists()] == []
