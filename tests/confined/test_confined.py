"""A process of its own: it answers, or it is stopped at its bounds, and the one that asked goes on."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from opendata.confined import Bounds, BrokenOffError, Cause, ask, warm

MODULE = "tests.confined.child"
BOUNDS = Bounds(seconds=20, memory=64 << 20)


@pytest.fixture(autouse=True)
def reachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))


def find_cause(request: bytes, bounds: Bounds = BOUNDS) -> BrokenOffError:
    with pytest.raises(BrokenOffError) as caught:
        ask(MODULE, request, bounds)
    return caught.value


def test_the_answer_is_what_the_module_gives_whatever_else_it_prints() -> None:
    text = "水库" * 100_000
    assert ask(MODULE, f"echo {text}".encode(), BOUNDS).decode() == text


def test_it_knows_no_setting_of_the_instance_and_gives_way_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENDATA_SECRET_KEY", "secret")
    names = ask(MODULE, b"environment", BOUNDS).decode().split()
    assert "PYTHONPATH" in names
    assert not [name for name in names if name.startswith("OPENDATA_")]
    assert int(ask(MODULE, b"nice", BOUNDS)) > 0


def test_memory_is_bound() -> None:
    assert ask(MODULE, b"allocate %d" % (16 << 20), BOUNDS) == b"%d" % (16 << 20)
    assert find_cause(b"allocate %d" % (65 << 20)).cause is Cause.MEMORY
    assert find_cause(b"abort memory allocation of 9 bytes failed").cause is Cause.MEMORY


@pytest.mark.parametrize("word", [b"spin", b"sleep"])
def test_time_is_bound(word: bytes) -> None:
    assert find_cause(word, Bounds(seconds=0.3, memory=64 << 20)).cause is Cause.TIME


def test_it_ends_once_nobody_wants_its_answer() -> None:
    began = time.monotonic()
    with pytest.raises(BrokenOffError) as caught:
        ask(MODULE, b"sleep", BOUNDS, is_wanted=lambda: False)
    assert caught.value.cause is Cause.UNWANTED
    assert time.monotonic() - began < BOUNDS.seconds


def test_a_process_that_fails_says_why() -> None:
    failed = find_cause(b"raise the reason")
    assert (failed.cause, failed.reason) == (Cause.ENDED, "ValueError: the reason")
    assert find_cause(b"abort").cause is Cause.ENDED


def test_a_process_that_was_started_ahead_answers_one_request_within_its_bounds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    warm(MODULE)
    warm(MODULE)  # there is one
    monkeypatch.setenv("MARK", "set after it was started")
    assert "MARK" not in ask(MODULE, b"environment", BOUNDS).decode().split()
    assert "MARK" in ask(MODULE, b"environment", BOUNDS).decode().split()
    warm(MODULE)
    assert find_cause(b"allocate %d" % (65 << 20)).cause is Cause.MEMORY
    assert int(ask(MODULE, b"nice", Bounds(seconds=20, memory=64 << 20, nice=3))) == os.nice(0) + 3
