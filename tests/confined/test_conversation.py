"""A process that is talked with: message for message, within bounds for each, without the network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from opendata.confined import Bounds, BrokenOffError, Cause
from opendata.conversing import Conversation

MODULE = "tests.confined.talker"
BOUNDS = Bounds(seconds=20, memory=64 << 20)


@pytest.fixture
def talk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Conversation]:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))
    with Conversation(MODULE, BOUNDS) as conversation:
        yield conversation


def test_it_answers_message_for_message_and_reaches_nobody_else(talk: Conversation) -> None:
    talk.say(b"echo a bb")
    assert (talk.hear(), talk.hear()) == (b"a", b"bb")
    talk.say(b"allocate 1000000")
    assert talk.hear() == b"1000000"
    talk.say(b"connect 9")
    assert talk.hear().startswith(b"refused: socket.")
    talk.say(b"start")
    assert talk.hear().startswith(b"refused: subprocess.")


@pytest.mark.parametrize(
    ("message", "cause"), [(b"allocate 1000000000", Cause.MEMORY), (b"die", Cause.MEMORY), (b"what", Cause.ENDED)]
)
def test_one_that_ends_says_why(talk: Conversation, message: bytes, cause: Cause) -> None:
    talk.say(message)
    with pytest.raises(BrokenOffError) as caught:
        talk.hear()
    assert caught.value.cause == cause
    talk.say(b"echo nobody")


def test_it_ends_when_its_time_is_over_or_nobody_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))
    for is_wanted, cause in ((True, Cause.TIME), (False, Cause.UNWANTED)):
        with Conversation(MODULE, Bounds(seconds=0.5, memory=64 << 20)) as conversation:
            conversation.say(b"spin")
            with pytest.raises(BrokenOffError) as caught:
                conversation.hear(lambda wanted=is_wanted: wanted)  # type: ignore[misc]
            assert caught.value.cause == cause
