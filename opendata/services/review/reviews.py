"""The reviewer's desk: which drafts wait, which of them are routine, and approval of those together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opendata.domain.comparison import ReasonText
from opendata.domain.drafts import DraftState
from opendata.domain.editions.modes import MUCH_LOST
from opendata.domain.privacy.codes import Treatment
from opendata.errors import N_, NotFoundError, NotPermittedError, OpendataError, PreconditionError, StateError
from opendata.services.core.actors import Actor, require_signed_in
from opendata.services.core.values import DraftView
from opendata.services.drafts.drafts import Drafts

MOST_WAITING = 100
"""At most this many drafts are listed: the oldest, which wait longest."""

_ROUTINE = frozenset({"rows-added", "rows-removed", "rows-changed", "rows-moved", "rows-rewritten", "period-changed"})
"""Reasons of a version that change rows and their period alone. A number that was raised has a reason of its own."""

_EDITION = frozenset({"sourceVersion", "period"})
"""Metadata that change with every edition of the source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingDraft:
    """A submitted draft.

    `is_own` says that somebody else approves it: the actor has a part in it, or doesn't review.
    """

    draft: DraftView
    is_routine: bool
    is_own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewOutcome:
    """What became of one draft of a list; `error` says why it isn't approved."""

    draft: str
    approved: bool
    error: OpendataError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalColumn:
    """A column with personal data that a reviewer looks at: what was found, and what was decided about it.

    `is_open` says that it needs a decision, perhaps another one.
    """

    table: str
    field: str
    findings: Sequence[Mapping[str, Any]]
    decision: Mapping[str, Any] | None
    is_open: bool


class Reviews:
    """Lists drafts that wait for a review, and approves routine ones together."""

    def __init__(self, drafts: Drafts) -> None:
        self._drafts = drafts

    def list_waiting(self, actor: Actor | None) -> Sequence[WaitingDraft]:
        """The submitted drafts that the actor sees and nobody works at, oldest first."""
        found = require_signed_in(actor)
        return [
            WaitingDraft(draft=view, is_routine=is_routine(view), is_own=_is_for_others(found, view))
            for view in self._drafts.list_submitted(found, MOST_WAITING)
        ]

    def approve_all(self, actor: Actor | None, drafts: Sequence[tuple[str, str]]) -> Sequence[ReviewOutcome]:
        """Approve routine drafts, each as its digest names it, and sign all its open checks as passed.

        One that isn't routine, has changed or isn't the actor's to approve is left as it is; the others don't mind.
        Raises `NotSignedInError`.
        """
        require_signed_in(actor)
        return [self._approve(actor, draft, digest) for draft, digest in dict.fromkeys(drafts)]

    def _approve(self, actor: Actor | None, draft: str, digest: str) -> ReviewOutcome:
        try:
            view = self._drafts.get(actor, draft)
            if not is_routine(view):
                raise StateError(N_("This draft isn't routine. Review it on its own page"))
            self._drafts.approve(actor, draft, digest=digest, revision=view.revision)
        except (NotFoundError, NotPermittedError, PreconditionError, StateError) as error:
            return ReviewOutcome(draft=draft, approved=False, error=error)
        return ReviewOutcome(draft=draft, approved=True)


def _is_for_others(actor: Actor, draft: DraftView) -> bool:
    return actor.name in draft.contributors or not actor.may_review(draft.publisher, draft.dataset)


def is_routine(draft: DraftView) -> bool:
    """Whether a submitted draft is the next edition of a known table, and nothing else.

    That is: only rows change, and of the metadata at most the edition of the source; no schema, attachment or table
    changes; no warnings, no breaking change, no raised number; no personal data that is undecided, published or
    declared not personal; and it doesn't lose many rows.
    """
    following = draft.next
    if draft.status != DraftState.SUBMITTED or draft.base is None or following is None or following.version is None:
        return False
    is_quiet = not (draft.warnings or list_personal_columns(draft) or draft.breaking or draft.dropped)
    return (
        is_quiet
        and all(_is_routine_reason(reason) for reason in following.reasons)
        and {name for name, _, _ in draft.metadata_changes} <= _EDITION
        and all(table.lost_share < MUCH_LOST for table in draft.tables)
    )


def _is_routine_reason(reason: ReasonText) -> bool:
    if reason["type"] == "metadata-changed":
        return {name.strip() for name in str(reason.get("names", "")).split(",")} <= _EDITION
    return reason["type"] in _ROUTINE


def list_personal_columns(draft: DraftView) -> Sequence[PersonalColumn]:
    """The columns whose personal data is undecided, published or declared not personal: a reviewer looks at them."""
    decisions = {
        (table.name, item["field"]): item
        for table in draft.tables
        for item in (table.decisions or {}).get("columns", ())
        if item["treatment"] in (Treatment.PUBLISH, Treatment.NOT_PERSONAL)
    }
    undecided = {(item["resource"], item["field"]) for item in draft.undecided}
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for item in draft.privacy:
        if (place := (item["resource"], item["field"])) in undecided or place in decisions:
            found.setdefault(place, []).append(item)
    return [
        PersonalColumn(
            table=table,
            field=field,
            findings=findings,
            decision=decisions.get((table, field)),
            is_open=(table, field) in undecided,
        )
        for (table, field), findings in found.items()
    ]
