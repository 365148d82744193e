"""Turns: a few at once on a machine, one of each publisher, and nobody waits long."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from opendata.errors import OverloadedError, SupersededError
from opendata.storage import turns
from opendata.storage.turns import Turns


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "WAIT_SECONDS", 0.1)


def test_a_publisher_has_one_turn_and_others_have_theirs(tmp_path: Path) -> None:
    # Each `Turns` stands for a process: flock(2) locks belong to the open file, so two of one process compete as well.
    first, second = Turns(tmp_path), Turns(tmp_path)
    with first.take("water", "a", "busy"):
        with pytest.raises(OverloadedError, match="busy"), second.take("water", "b", "busy"):
            pass
        with second.take("health", "a", "busy"):
            pass
    with second.take("water", "b", "busy"):
        pass


def test_there_are_no_more_turns_than_a_machine_has(tmp_path: Path) -> None:
    first, second = Turns(tmp_path), Turns(tmp_path)
    with (
        first.take("water", "a", "busy"),
        second.take("health", "a", "busy"),
        pytest.raises(OverloadedError),
        Turns(tmp_path).take("roads", "a", "busy"),
    ):
        pass


def test_no_more_than_two_threads_of_a_process_wait(tmp_path: Path) -> None:
    own = Turns(tmp_path, most=9)
    with own.take("water", "a", "busy"), own.take("health", "a", "busy"), pytest.raises(OverloadedError):
        own.take("roads", "a", "busy").__enter__()


def test_a_turn_is_unwanted_once_the_same_is_asked_for_anew(tmp_path: Path) -> None:
    first, second = Turns(tmp_path), Turns(tmp_path)
    with first.take("water", "draft/table", "busy") as is_wanted:
        with pytest.raises(OverloadedError), second.take("water", "draft/other", "busy"):
            pass
        assert is_wanted()
        with pytest.raises(OverloadedError), second.take("water", "draft/table", "busy"):
            pass
        assert not is_wanted()


def test_the_newest_of_the_same_has_the_turn_and_those_that_wait_hear_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "WAIT_SECONDS", 30)
    own, heard = Turns(tmp_path), []
    begun = threading.Event()

    def wait() -> None:
        begun.set()
        with pytest.raises(SupersededError), own.take("water", "draft/table", "busy"):
            pass
        heard.append("ended")

    second = threading.Thread(target=wait)
    with own.take("water", "draft/table", "busy") as is_wanted:
        second.start()
        begun.wait()
        while is_wanted():  # the second has asked
            pass
        newest = threading.Thread(target=lambda: own.take("water", "draft/table", "busy").__enter__())
        newest.start()  # a third in this process: there is room for it as soon as the second leaves
        second.join()
    newest.join()
    assert heard == ["ended"]
