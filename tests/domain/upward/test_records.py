"""A platform ends with exactly what is wanted, whatever is lost on the way, and nothing is ever there twice."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from opendata.domain.upward.records import (
    Answer,
    RecordState,
    SentRecord,
    Step,
    begin,
    choose_step,
    forget,
    mark,
    settle,
)
from opendata.domain.upward.records import rest as leave

_CONTENT = st.sampled_from([None, "a", "b", "c"])
_EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("want"), _CONTENT),
        st.tuples(st.just("send"), st.sampled_from(["done", "refused", "lost", "deaf", "late"])),
        st.tuples(st.just("clock"), st.sampled_from([-5, 0, 1, 50])),
    ),
    max_size=40,
)


@dataclass
class Platform:
    """A platform that does each message once, and none that is older than one it has seen."""

    has: str | None = None
    serial: int = 0
    late: list[tuple[int, str | None]] = field(default_factory=list)

    def take(self, serial: int, content: str | None) -> Answer:
        if serial < self.serial:
            return Answer.OLDER
        if serial == self.serial:
            assert content == self.has, "one serial, two messages"
        self.serial, self.has = serial, content
        return Answer.TAKEN


@dataclass
class Sender:
    """What the worker does with a record."""

    platform: Platform
    record: SentRecord = field(default_factory=SentRecord)
    wanted: str | None = None
    clock: int = 1000

    def send(self, fate: str) -> None:
        step = choose_step(self.record, self.wanted)
        if step == Step.NOTHING:
            self.record = leave(self.record, self.wanted)
            assert self.record.delivered == self.wanted
            return
        assert (step == Step.PUT) == (self.wanted is not None)
        was_unsure = self.record.is_unsure
        self.record = begin(self.record, self.wanted, self.clock)
        answer = Answer.AWAY
        if fate == "done":
            answer = self.platform.take(self.record.serial, self.wanted)
        elif fate == "refused":
            answer = Answer.REFUSED
        elif fate == "lost":
            self.platform.take(self.record.serial, self.wanted)
        elif fate == "late":
            self.platform.late.append((self.record.serial, self.wanted))
        self.record = settle(self.record, answer, was_unsure=was_unsure)


@given(_EVENTS)
def test_the_platform_ends_with_what_is_wanted(events: list[tuple[str, object]]) -> None:
    sender = Sender(Platform())
    for name, value in events:
        if name == "want":
            sender.wanted = value if isinstance(value, str) else None
            sender.record = mark(sender.record)
        elif name == "clock":
            sender.clock += value if isinstance(value, int) else 0
        else:
            sender.send(str(value))
            for message in sender.platform.late[:-1]:  # it arrives after the next one
                sender.platform.take(*message)
                sender.platform.late.remove(message)
    sender.record = mark(sender.record)
    for _ in range(3):
        sender.clock += 10_000
        sender.send("done")
    assert sender.platform.has == sender.wanted == sender.record.delivered
    assert sender.record.state == (RecordState.WITHDRAWN if sender.wanted is None else RecordState.DELIVERED)
    for message in sender.platform.late:  # what arrives after all changes nothing
        sender.platform.take(*message)
    assert sender.platform.has == sender.wanted


def test_repetitions_share_a_serial_and_what_follows_has_a_higher_one() -> None:
    first = begin(SentRecord(), "a", 1000)
    again = begin(settle(first, Answer.AWAY, was_unsure=False), "a", 9000)
    assert again.serial == first.serial == 1000
    taken = settle(again, Answer.TAKEN, was_unsure=True)
    assert choose_step(taken, "a") == Step.NOTHING
    assert begin(taken, "b", 500).serial == 1001
    assert begin(begin(taken, "b", 500), None, 500).serial == 1002


def test_what_was_refused_leaves_what_was_there() -> None:
    there = settle(begin(SentRecord(), "a", 1), Answer.TAKEN, was_unsure=False)
    refused = settle(begin(there, "b", 2), Answer.REFUSED, was_unsure=False)
    assert (refused.state, refused.delivered, refused.is_unsure) == (RecordState.REFUSED, "a", False)
    assert choose_step(mark(refused), None) == Step.DELETE
    never = settle(begin(SentRecord(), "a", 1), Answer.REFUSED, was_unsure=False)
    assert choose_step(never, None) == Step.NOTHING


def test_what_a_platform_lost_is_sent_again() -> None:
    there = settle(begin(SentRecord(), "a", 1), Answer.TAKEN, was_unsure=False)
    lost = forget(there, None)
    assert (choose_step(lost, "a"), begin(lost, "a", 1).serial) == (Step.PUT, 2)
    strange = forget(SentRecord(), "x")
    assert choose_step(strange, None) == Step.DELETE
