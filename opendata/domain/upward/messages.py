"""Names of messages between portals: what is done, to which record, and the serial. The signature covers them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self
from uuid import UUID

from opendata.domain.upward.records import Step

_MOST_DIGITS = 18


@dataclass(frozen=True, slots=True)
class MessageName:
    """The name of one message; repetitions of it have the same."""

    step: Step
    record: str
    serial: int

    def __str__(self) -> str:
        return f"{self.step}_{self.record}_{self.serial}"

    @classmethod
    def read(cls, text: str) -> Self | None:
        """The name in a header; None for anything else."""
        word, _, rest = text.partition("_")
        record, _, serial = rest.partition("_")
        if word not in (Step.PUT, Step.DELETE) or not is_record_id(record):
            return None
        if not (serial.isascii() and serial.isdecimal() and len(serial) <= _MOST_DIGITS):
            return None
        return cls(Step(word), record, int(serial))


def is_record_id(text: str) -> bool:
    """Whether a text can be the id of a record: a UUID in small letters."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
