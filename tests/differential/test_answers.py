"""Stored answers stand for frictionless only while they are its own, and never for a question it was not asked."""

from __future__ import annotations

from typing import Any

import pytest

from tests.differential import answers
from tests.differential.answers.__main__ import ASKING, TESTS


def ask_badly() -> Any:
    raise AssertionError("frictionless is asked")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "is_quick", lambda: True)


@pytest.fixture
def thorough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "is_quick", lambda: False)


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What is stored, here: the answer to `["q"]` about `a`."""
    collected: dict[str, Any] = {}
    monkeypatch.setattr(answers.Recording, "answers", collected)
    assert answers.recall(["q"], b"a", lambda: (1, 2)) == [1, 2]
    monkeypatch.setattr(answers.Recording, "answers", None)
    monkeypatch.setattr(answers, "list_known", lambda: collected)
    return collected


def test_the_stored_answers_are_those_of_this_frictionless_and_this_judge() -> None:
    origin, stored = answers.read_file()
    assert origin == answers.describe_origin(), f"they do not count: run {answers.COMMAND}"
    assert len(stored) > 400
    assert answers.FILE.stat().st_size < 1_000_000


def test_the_command_that_stores_answers_runs_tests_that_exist() -> None:
    assert [name for name in ASKING if not (TESTS / name).exists()] == []


def test_a_stored_answer_is_taken_for_the_live_one(known: dict[str, Any], quick: None) -> None:
    assert answers.recall(["q"], b"a", ask_badly) == [1, 2]


@pytest.mark.parametrize(("question", "content"), [(["q"], b"b"), (["p"], b"a"), (["q", {}], b"a")])
def test_what_is_not_stored_is_asked(known: dict[str, Any], quick: None, question: Any, content: bytes) -> None:
    assert answers.recall(question, content, lambda: "live") == "live"


def test_answers_of_another_version_do_not_count(monkeypatch: pytest.MonkeyPatch, quick: None) -> None:
    stored = {"frictionless": "5.0", "judge": answers.describe_origin()["judge"]}
    monkeypatch.setattr(answers, "read_file", lambda: (stored, {"any": 1}))
    answers.list_known.cache_clear()
    try:
        assert answers.list_known() == {}
    finally:
        answers.list_known.cache_clear()


def test_a_thorough_run_asks_always_and_fails_where_the_stored_answer_is_another(
    known: dict[str, Any], thorough: None
) -> None:
    assert answers.recall(["q"], b"a", lambda: [1, 2]) == [1, 2]
    with pytest.raises(AssertionError, match="frictionless says"):
        answers.recall(["q"], b"a", lambda: [1, 3])
    with pytest.raises(AssertionError, match="answers stores it"):
        answers.recall(["q"], b"b", lambda: [1, 2])
