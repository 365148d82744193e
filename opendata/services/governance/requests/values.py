"""What pages and REST are given of requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Self

from opendata.domain.requests.clock import RequestClock
from opendata.domain.requests.kinds import Applicant, RequestKind
from opendata.domain.requests.outcomes import Outcome
from opendata.domain.requests.steps import OPEN_STATES, RequestState, RequestStep
from opendata.services.core.values import DatasetView, PublisherView


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks and what they wrote: personal data, which is kept encrypted and erased some time after the end.

    `text` is what is wanted, wrong or asked; `proposed` the right value of a cell; `purpose`, `period` and `agreement`
    what an application for data says; `form` how the information is wanted.
    """

    name: str = ""
    identity: str = ""
    telephone: str = ""
    mail: str = ""
    text: str = ""
    form: str = ""
    proposed: str = ""
    purpose: str = ""
    period: str = ""
    agreement: str = ""

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Self:
        """The value of what was sealed."""
        names = {item.name for item in fields(cls)}
        return cls(**{name: str(value) for name, value in found.items() if name in names})


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLine:
    """A line of a request's history. `text` is what was said, empty where the reader isn't shown it."""

    at: datetime
    step: RequestStep
    state: RequestState
    actor: str = ""
    text: str = ""
    link: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestView:
    """A request as its reader may see it.

    `asker` is there for the asker and the publisher until it is erased, `person`, `subject` and `steps` for those who
    may know them. `days` are those from receipt to the reply.
    """

    number: str
    kind: RequestKind
    state: RequestState
    publisher: PublisherView
    dataset: DatasetView | None
    place: Mapping[str, Any]
    applicant: Applicant
    subject: str
    summary: str
    is_public: bool
    created: datetime
    changed: datetime
    ended: datetime | None
    erased: datetime | None
    clock: RequestClock
    is_overdue: bool
    is_near: bool
    is_on_time: bool | None
    days: int | None
    outcome: Outcome | None
    reply: str
    basis: str
    mended: str | None
    history: Sequence[RequestLine]
    asker: Asker | None = None
    is_mail_confirmed: bool = False
    person: str | None = None
    steps: Sequence[RequestStep] = ()

    @property
    def is_open(self) -> bool:
        """Whether it waits for a reply."""
        return self.state in OPEN_STATES


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedRequest:
    """A request that was just received, with the code to follow it, which is shown this once."""

    request: RequestView
    code: str
    sends_mail: bool
