"""One entry at one higher platform: what is to be sent next, and what follows from the answer. Nothing is sent here.

A message has a serial number, which its repetitions share and every later message exceeds. So the other side does it
once, and a late one never overtakes. `is_unsure` says that something was sent whose end isn't known: it may be there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum


class RecordState(StrEnum):
    """Where an entry is on its way. What `failed` is tried again; what was `refused` waits for a change."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    REFUSED = "refused"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


class Step(StrEnum):
    """What is to be done at the platform."""

    NOTHING = "nothing"
    PUT = "put"
    DELETE = "delete"


class Answer(StrEnum):
    """What became of a message: done, refused for good, not done or unknown, or a later one was there before."""

    TAKEN = "taken"
    REFUSED = "refused"
    AWAY = "away"
    OLDER = "older"


@dataclass(frozen=True, slots=True, kw_only=True)
class SentRecord:
    """What is known of an entry at a platform.

    `wanted` is the digest of what the last message was about, None of a deletion; `delivered` that of what the
    platform has, as it said. `is_new` says that the next message needs a serial of its own.
    """

    state: RecordState = RecordState.WAITING
    wanted: str | None = None
    delivered: str | None = None
    is_unsure: bool = False
    is_new: bool = True
    serial: int = 0
    attempts: int = 0

    @property
    def may_be_there(self) -> bool:
        """Whether the platform has it, or may have."""
        return self.delivered is not None or self.is_unsure


def choose_step(record: SentRecord, wanted: str | None) -> Step:
    """What brings a platform to what is wanted there; None for nothing."""
    if wanted is None:
        return Step.DELETE if record.may_be_there else Step.NOTHING
    return Step.NOTHING if wanted == record.delivered and not record.is_unsure else Step.PUT


def begin(record: SentRecord, wanted: str | None, clock: int) -> SentRecord:
    """The record just before a message about `wanted` is sent; `clock` is in milliseconds.

    What is kept from now on holds even where the sender dies, or never hears the answer.
    """
    is_other = record.is_new or wanted != record.wanted
    serial = max(record.serial + 1, clock) if is_other else record.serial
    return replace(record, wanted=wanted, serial=serial, is_new=False, is_unsure=True)


def rest(record: SentRecord, wanted: str | None) -> SentRecord:
    """The record where nothing needs to be sent."""
    state = RecordState.WITHDRAWN if wanted is None else RecordState.DELIVERED
    return replace(record, state=state, wanted=wanted, attempts=0)


def settle(record: SentRecord, answer: Answer, *, was_unsure: bool) -> SentRecord:
    """The record after the answer to the message that `begin` prepared; `was_unsure` is as it was before that."""
    if answer == Answer.TAKEN:
        state = RecordState.WITHDRAWN if record.wanted is None else RecordState.DELIVERED
        return replace(record, state=state, delivered=record.wanted, is_unsure=False, is_new=True, attempts=0)
    attempts = record.attempts + 1
    if answer == Answer.REFUSED:
        return replace(record, state=RecordState.REFUSED, is_unsure=was_unsure, is_new=True, attempts=attempts)
    is_new = record.is_new or answer == Answer.OLDER
    return replace(record, state=RecordState.FAILED, is_new=is_new, attempts=attempts)


def mark(record: SentRecord) -> SentRecord:
    """The record once its entry may have changed: it is looked at again."""
    return replace(record, state=RecordState.WAITING, attempts=0)


def repeat(record: SentRecord) -> SentRecord:
    """The record that somebody wants to be sent again, whatever the platform is known to have."""
    return replace(mark(record), is_unsure=record.may_be_there, is_new=True)


def forget(record: SentRecord, found: str | None) -> SentRecord:
    """The record once the platform was seen to have something else: `found`, None for nothing."""
    return replace(mark(record), delivered=found, is_unsure=False, is_new=True)


_PAUSES = (5, 60, 600, 3600, 10800, 21600)
"""Seconds between the tries of one record."""


def find_pause(attempts: int) -> timedelta:
    """How long a record waits after so many tries."""
    return timedelta(seconds=_PAUSES[min(max(attempts, 1), len(_PAUSES)) - 1])
