"""The states of a draft in words, and the steps each state offers to somebody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from opendata.domain.drafts import APPROVE, CHANGE, DISCARD, PUBLISH, RETRY, RETURN, SUBMIT
from opendata.errors import N_
from opendata.services.core.actors import Actor
from opendata.services.core.values import DraftView

STATUSES: Mapping[str, tuple[str, str, str]] = {
    "received": (N_("Received"), N_("The files have arrived and are waiting to be checked."), "busy"),
    "validating": (N_("Being checked"), N_("Every row is being checked against the schema."), "busy"),
    "invalid": (
        N_("Failed the check"),
        N_("The check found errors. Nothing was published. Repair them below, or upload a corrected file."),
        "bad",
    ),
    "valid": (N_("Passed the check"), N_("The check found no errors. The draft can be submitted."), "good"),
    "submitted": (N_("Submitted"), N_("The draft is waiting for the next step."), "busy"),
    "returned": (N_("Returned"), N_("The reviewer returned the draft. See the comment."), "bad"),
    "approved": (N_("Approved"), N_("The draft can be published."), "good"),
    "published": (N_("Published"), N_("The draft is now a version that everyone can see."), "good"),
    "discarded": (N_("Discarded"), N_("The draft was discarded."), "quiet"),
    "failed": (
        N_("Interrupted"),
        N_("A problem on our side stopped the work. Nothing is lost. It will be tried again automatically."),
        "bad",
    ),
}
"""Status → its name, what it means, its tone."""

GIVEN_UP = (
    N_("Stopped"),
    N_("The work didn't succeed and won't be tried again automatically. Nothing is lost. The cause is shown below."),
    "bad",
)
"""The name, the meaning and the tone of the status of a draft that failed too often."""

WORDS = (
    *(N_("received"), N_("validating"), N_("invalid"), N_("valid"), N_("submitted"), N_("returned")),
    *(N_("approved"), N_("published"), N_("discarded"), N_("failed")),
    *(N_("submit"), N_("sign"), N_("approve"), N_("return"), N_("discard"), N_("change"), N_("drop"), N_("retry")),
)
"""States and steps as messages of the services name them."""

KINDS: Mapping[str, str] = {
    "comment": N_("Comment"),
    "returned": N_("Returned"),
    "refused": N_("Check refused"),
    "ended": N_("Approval ended"),
}
"""Kind of a comment → its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Which buttons a draft shows."""

    submit: bool
    approve: bool
    return_: bool
    publish: bool
    discard: bool
    retry: bool
    change: bool


def describe_status(draft: DraftView) -> tuple[str, str, str]:
    """The name of a draft's status, what it means for this draft, its tone."""
    return GIVEN_UP if draft.is_given_up else STATUSES[draft.status]


def list_steps(draft: DraftView, actor: Actor) -> Steps:
    """What this actor may do next; the services decide again when it is asked for."""
    own, status, is_idle = actor.name in draft.contributors, draft.status, not draft.is_at_work
    edits, reviews = (may(draft.publisher, draft.dataset) for may in (actor.may_edit, actor.may_review))
    is_stoppable = status not in RETURN.sources and draft.stage != "publish"
    return Steps(
        submit=edits and status in SUBMIT.sources,
        approve=reviews and status in APPROVE.sources and not own and is_idle,
        return_=reviews and status in RETURN.sources and is_idle,
        publish=actor.may_work(draft.publisher, draft.dataset) and status in PUBLISH.sources and is_idle,
        discard=edits and status in DISCARD.sources and (is_stoppable or (status in RETURN.sources and is_idle)),
        retry=edits and status in RETRY.sources,
        change=edits and status in CHANGE.sources,
    )
