"""The states of a draft, and the steps by which people take it from one to another.

The worker's own moves are in `services.work`: it checks what is `received`, publishes what is asked for, and notes in
`failed` what was a fault of ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Required, TypedDict


class DraftState(StrEnum):
    """Where a draft is on its way."""

    RECEIVED = "received"
    VALIDATING = "validating"
    INVALID = "invalid"
    VALID = "valid"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    APPROVED = "approved"
    PUBLISHED = "published"
    DISCARDED = "discarded"
    FAILED = "failed"


_S = DraftState

ENDED = (_S.PUBLISHED, _S.DISCARDED)
"""States that nothing leads out of."""

SETTLED = (_S.INVALID, _S.VALID, _S.RETURNED, *ENDED)
"""States in which nothing more happens without somebody's doing."""

FORESEEN = (_S.VALID, _S.SUBMITTED, _S.RETURNED, _S.APPROVED)
"""States in which it is known what would become of the draft."""


class Failure(TypedDict, total=False):
    """What was in the way of the work on a draft. `type` is the name of an exception, or `HELD`.

    What explains it: `code` for a limit of ours, `message` for an exception of ours, both filled with `params`, else
    `detail`, which a library said. `final` says that it is not tried again. `tries` counts how often the virus scanner
    was asked in vain.
    """

    type: Required[str]
    code: str
    message: str
    params: Mapping[str, object]
    detail: str
    final: bool
    tries: int


HELD = "Held"
"""The `type` of a failure that is none: the virus scanner hasn't answered, and the work waits for as long as it takes.
"""


def is_held(error: Failure | None) -> bool:
    """Whether the work on a draft waits for the virus scanner."""
    return error is not None and error["type"] == HELD


class Verdict(TypedDict):
    """What the virus scanner said of a file: the signature it `found`, empty for a clean file.

    `by` is the version of the scanner and its signatures.
    """

    found: str
    by: str


class ChangeCounts(TypedDict):
    """How a draft's table differs from the version before. `cells` counts changed cells by column."""

    key: Sequence[str] | None
    added: int
    removed: int
    changed: int
    unchanged: int
    cells: Mapping[str, int]
    reordered: bool


class KeptChanges(ChangeCounts):
    """The changes of a table, as a draft keeps them.

    `base` stands for the table it was compared with, `blobs` are that table's files, `rows` is the SHA-256 of the file
    of changed rows, `refused` counts the errors that the previous schema finds in the new rows.
    """

    base: str
    blobs: Sequence[str]
    rows: str
    refused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step that somebody takes with a draft: its verb, the states it starts from, the one it leads to.

    `target` is None where what is done decides the state. Who takes an `is_contributing` step has a part in the draft,
    and may not approve it. An `is_idle` step waits until no publication is under way.
    """

    verb: str
    sources: Sequence[DraftState]
    target: DraftState | None = None
    is_contributing: bool = False
    is_idle: bool = False


CHANGE = Step(verb="change", sources=(_S.RECEIVED, _S.VALID, _S.INVALID, _S.RETURNED, _S.FAILED), is_contributing=True)
"""Its tables are checked again: it is `received` then."""

DROP = Step(verb="drop", sources=CHANGE.sources, is_contributing=True)
"""Leave a table or an attachment out. Dropping a table sends the draft back to work."""

SUBMIT = Step(verb="submit", sources=(_S.VALID, _S.RETURNED), target=_S.SUBMITTED, is_contributing=True)
APPROVE = Step(verb="approve", sources=(_S.SUBMITTED,), target=_S.APPROVED, is_idle=True)
SIGN = Step(verb="sign", sources=(_S.SUBMITTED,), is_idle=True)
"""Sign checks. A refusal returns the draft."""

RETURN = Step(verb="return", sources=(_S.SUBMITTED, _S.APPROVED), target=_S.RETURNED, is_idle=True)
PUBLISH = Step(verb="publish", sources=(_S.APPROVED,), is_idle=True)
"""It stays approved until the worker has published it."""

PUBLISH_DIRECTLY = Step(verb="publish", sources=(_S.VALID,), target=_S.SUBMITTED)
DISCARD = Step(
    verb="discard",
    sources=(
        *(_S.RECEIVED, _S.VALIDATING, _S.VALID, _S.INVALID),
        *(_S.RETURNED, _S.SUBMITTED, _S.APPROVED, _S.FAILED),
    ),
    target=_S.DISCARDED,
    is_idle=True,
)
RETRY = Step(verb="retry", sources=(_S.FAILED,))
"""It goes back to where the work began: `received`, or `submitted` where it was being published."""
