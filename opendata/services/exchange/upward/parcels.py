"""What is handed to a way to a platform, and what it brings back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from opendata.domain.upward.messages import MessageName
from opendata.domain.upward.platforms import PlatformKind, Selection, SendMethod
from opendata.domain.upward.records import Answer, Step
from opendata.errors import KeptMessage

MOST_ANSWER = 500
"""Characters of an answer that are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """A platform as it was when a worker took it; `owner` is the name of the hold."""

    id: str
    owner: str
    kind: PlatformKind
    url: str
    account: str
    method: SendMethod
    secret: str = field(repr=False)
    selection: Selection
    compares: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One message. A deletion has no `content`; `name` and `there` are what it is called there, if it has been."""

    number: int
    revision: int
    message: MessageName
    digest: str | None
    content: Mapping[str, Any] | None
    name: str
    there: str
    was_unsure: bool

    @property
    def is_deletion(self) -> bool:
        """Whether the record is withdrawn."""
        return self.message.step == Step.DELETE


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of it. `text` is what the platform said, `reason` why it couldn't be asked.

    `there` and `page` are its id and its address there, where it said them. `retry_after` is in seconds.
    """

    answer: Answer
    status: int | None = None
    text: str = ""
    reason: KeptMessage | None = None
    there: str = ""
    page: str = ""
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class There:
    """A record that a platform has: the UUID of the dataset, the digest of what was sent, and its id there."""

    uuid: str
    digest: str
    there: str = ""


class Way(Protocol):
    """How a kind of platform is spoken to. Raises `BackendError`, `NotPermittedError` where nobody answers."""

    def send(self, parcel: Parcel) -> Outcome:
        """Send one message."""
        ...

    def list_there(self) -> Iterator[There]:
        """What the platform has of ours. Raises `BackendError` where it doesn't say."""
        ...
