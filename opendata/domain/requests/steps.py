"""The life of a request as a table: which step leads from which states to which, who takes it, and what it must say.

    received → registered → handling → replied → archived
                               ↕
              waiting for the asker, or for a third party

The asker can withdraw a request until it is replied to, and the publisher can mark it as spam.
Source: 政府信息公开条例 (Decree 711), articles 30, 32, 33 and 45.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from opendata.domain.requests.kinds import EXTENDABLE, RequestKind


class RequestState(StrEnum):
    """Where a request is in its life. It is in one state at a time."""

    RECEIVED = "received"
    REGISTERED = "registered"
    HANDLING = "handling"
    WAITING_ASKER = "waiting-asker"
    WAITING_THIRD = "waiting-third"
    REPLIED = "replied"
    ARCHIVED = "archived"
    WITHDRAWN = "withdrawn"
    SPAM = "spam"


class RequestStep(StrEnum):
    """What happens to a request. `receive` is its beginning; `erase` and `remind` are done by the portal itself."""

    RECEIVE = "receive"
    REGISTER = "register"
    START = "start"
    ASSIGN = "assign"
    SUMMARISE = "summarise"
    NOTE = "note"
    CLARIFY = "clarify"
    ANSWER = "answer"
    ADD = "add"
    CONSULT = "consult"
    OPINION = "opinion"
    EXTEND = "extend"
    PASS_ON = "pass-on"  # noqa: S105 - the name of a step
    STOP = "stop"
    REPLY = "reply"
    MEND = "mend"
    ARCHIVE = "archive"
    WITHDRAW = "withdraw"
    SPAM = "spam"


class Taker(StrEnum):
    """Who may take a step: the asker, somebody who works for the publisher, or somebody who decides for it."""

    ASKER = "asker"
    EDITOR = "editor"
    LEAD = "lead"


class Audience(StrEnum):
    """Who is shown that a step was taken: everybody, the two sides, or the publisher alone."""

    PUBLIC = "public"
    SIDES = "sides"
    STAFF = "staff"


OPEN_STATES = frozenset(
    [
        RequestState.RECEIVED,
        RequestState.REGISTERED,
        RequestState.HANDLING,
        RequestState.WAITING_ASKER,
        RequestState.WAITING_THIRD,
    ]
)
"""A request in one of these waits for a reply."""

ACCEPTED_STATES = OPEN_STATES - {RequestState.RECEIVED}
_BOTH = frozenset([RequestState.REGISTERED, RequestState.HANDLING])
_ALL_KINDS = frozenset(RequestKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRule:
    """A step: from these states to `to` (None: the state stays), taken by `taker`, for these kinds.

    `needs` names what must be said with it. With `once`, a step isn't possible again.
    """

    sources: frozenset[RequestState]
    to: RequestState | None
    taker: Taker
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    once: bool = False
    kinds: frozenset[RequestKind] = _ALL_KINDS
    audience: Audience = Audience.SIDES


STEPS: Mapping[RequestStep, StepRule] = {
    RequestStep.REGISTER: StepRule(
        sources=frozenset([RequestState.RECEIVED]),
        to=RequestState.REGISTERED,
        taker=Taker.EDITOR,
        takes=("summary",),
        audience=Audience.PUBLIC,
    ),
    RequestStep.START: StepRule(
        sources=frozenset([RequestState.REGISTERED]),
        to=RequestState.HANDLING,
        taker=Taker.EDITOR,
        audience=Audience.PUBLIC,
    ),
    RequestStep.ASSIGN: StepRule(
        sources=OPEN_STATES, to=None, taker=Taker.LEAD, needs=("person",), audience=Audience.STAFF
    ),
    RequestStep.SUMMARISE: StepRule(
        sources=ACCEPTED_STATES | {RequestState.REPLIED},
        to=None,
        taker=Taker.EDITOR,
        needs=("summary",),
        audience=Audience.STAFF,
    ),
    RequestStep.NOTE: StepRule(
        sources=OPEN_STATES | {RequestState.REPLIED},
        to=None,
        taker=Taker.EDITOR,
        needs=("text",),
        audience=Audience.STAFF,
    ),
    RequestStep.CLARIFY: StepRule(
        sources=_BOTH,
        to=RequestState.WAITING_ASKER,
        taker=Taker.EDITOR,
        needs=("text", "until"),
        once=True,
    ),
    RequestStep.ANSWER: StepRule(
        sources=frozenset([RequestState.WAITING_ASKER]), to=RequestState.HANDLING, taker=Taker.ASKER, needs=("text",)
    ),
    RequestStep.ADD: StepRule(sources=OPEN_STATES, to=None, taker=Taker.ASKER, needs=("text",)),
    RequestStep.CONSULT: StepRule(
        sources=_BOTH,
        to=RequestState.WAITING_THIRD,
        taker=Taker.EDITOR,
        needs=("text",),
        kinds=EXTENDABLE,
        audience=Audience.STAFF,
    ),
    RequestStep.OPINION: StepRule(
        sources=frozenset([RequestState.WAITING_THIRD]),
        to=RequestState.HANDLING,
        taker=Taker.EDITOR,
        needs=("text",),
        kinds=EXTENDABLE,
        audience=Audience.STAFF,
    ),
    RequestStep.EXTEND: StepRule(
        sources=_BOTH,
        to=None,
        taker=Taker.LEAD,
        needs=("text",),
        once=True,
        kinds=EXTENDABLE,
        audience=Audience.PUBLIC,
    ),
    RequestStep.PASS_ON: StepRule(
        sources=_BOTH | {RequestState.RECEIVED},
        to=RequestState.RECEIVED,
        taker=Taker.LEAD,
        needs=("publisher", "text"),
    ),
    RequestStep.STOP: StepRule(
        sources=_BOTH,
        to=None,
        taker=Taker.LEAD,
        needs=("text",),
        once=True,
        kinds=frozenset([RequestKind.OBJECTION]),
    ),
    RequestStep.REPLY: StepRule(
        sources=_BOTH | {RequestState.WAITING_ASKER},
        to=RequestState.REPLIED,
        taker=Taker.LEAD,
        needs=("outcome", "text"),
        takes=("basis", "version", "until"),
        audience=Audience.PUBLIC,
    ),
    RequestStep.MEND: StepRule(
        sources=frozenset([RequestState.REPLIED, RequestState.ARCHIVED]),
        to=None,
        taker=Taker.EDITOR,
        needs=("version",),
        kinds=frozenset([RequestKind.CORRECTION]),
        audience=Audience.PUBLIC,
    ),
    RequestStep.ARCHIVE: StepRule(
        sources=frozenset([RequestState.REPLIED]),
        to=RequestState.ARCHIVED,
        taker=Taker.EDITOR,
        audience=Audience.STAFF,
    ),
    RequestStep.WITHDRAW: StepRule(
        sources=OPEN_STATES, to=RequestState.WITHDRAWN, taker=Taker.ASKER, audience=Audience.PUBLIC
    ),
    RequestStep.SPAM: StepRule(
        sources=_BOTH | {RequestState.RECEIVED}, to=RequestState.SPAM, taker=Taker.LEAD, audience=Audience.STAFF
    ),
}
"""Step → its rule, in the order in which pages offer them."""


def list_steps(kind: RequestKind, state: RequestState, taken: Sequence[RequestStep]) -> Sequence[RequestStep]:
    """The steps that are possible with a request, given those that were taken."""
    return [
        step
        for step, rule in STEPS.items()
        if kind in rule.kinds and state in rule.sources and not (rule.once and step in taken)
    ]


def may_reply(state: RequestState, outcome_needs_silence: bool) -> bool:
    """Whether an outcome fits a state: while the asker is waited for, only that they didn't answer in time."""
    return (state == RequestState.WAITING_ASKER) == outcome_needs_silence
