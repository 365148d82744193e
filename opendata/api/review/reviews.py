"""A review: checks are signed one by one, drafts approved, comments given, routine drafts approved together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import Schema, fields

from opendata.api.core.authentication import caller
from opendata.api.core.blueprints import ApiBlueprint
from opendata.api.core.conditions import Answer, read_revision
from opendata.api.core.current import services
from opendata.api.core.shapes import page_of
from opendata.api.drafts.draft_shapes import DraftShape
from opendata.api.drafts.drafts import ONE, REFUSED_BODY, STEP, answer
from opendata.api.review.review_inputs import ApproveInput, CommentInput, ReviewsInput, SignInput
from opendata.domain.access.scopes import Verb
from opendata.errors import N_
from opendata.services.core.values import Page
from opendata.services.review.reviews import ReviewOutcome

blueprint = ApiBlueprint("reviews", N_("The review of drafts: signed checks, approval, comments."))


class ReviewOutcomeShape(Schema):
    """What became of a draft in a list of drafts to approve."""

    draft = fields.String(required=True)
    approved = fields.Boolean(required=True)
    error = fields.Function(
        lambda found: found.error.text if found.error else None,
        required=True,
        metadata={"type": ["string", "null"], "description": "Why it isn't approved."},
    )


ReviewOutcomePage = page_of(ReviewOutcomeShape)


@blueprint.operation("POST", f"{ONE}/checks", body=SignInput, problems=REFUSED_BODY, **STEP, needs=Verb.PUBLISH)
def sign_checks(body: Mapping[str, Any], draft: str) -> Answer:
    """Sign checks of a submitted draft. One that is refused returns the draft with check, place and remark.

    Several people may sign, each some of the checks, but nobody who uploaded, changed or submitted the draft.
    """
    digest, revision = body.get("digest"), read_revision()
    return answer(services().drafts.sign(caller(), draft, body["checks"], digest=digest, revision=revision))


@blueprint.operation("POST", f"{ONE}/approve", body=ApproveInput, problems=REFUSED_BODY, **STEP, needs=Verb.PUBLISH)
def approve_draft(body: Mapping[str, Any], draft: str) -> Answer:
    """Agree to publication of exactly what was submitted, as another person than those who made the draft.

    Every check must be signed. `checks` signs the rest in the same request. Without `checks` you sign all that are open
    as passed.
    """
    digest, signatures, publish_at = body.get("digest"), body.get("checks"), body.get("publish_at")
    return answer(
        services().drafts.approve(
            caller(), draft, digest=digest, signatures=signatures, publish_at=publish_at, revision=read_revision()
        )
    )


@blueprint.operation(
    "POST",
    f"{ONE}/comments",
    status=201,
    shape=DraftShape,
    body=CommentInput,
    problems=(400, 403, 404, 413, 415, 422),
    needs=Verb.UPLOAD,
)
def comment_on_draft(body: Mapping[str, Any], draft: str) -> Answer:
    """Say something about a draft, in any state. Its author and its reviewers see it as long as the draft is kept."""
    check, place = body["check"], body["place"]
    return answer(services().drafts.comment(caller(), draft, body["text"], check=check, place=place))


@blueprint.operation(
    "POST", "/reviews", shape=ReviewOutcomePage, body=ReviewsInput, problems=(400, 413, 415, 422), needs=Verb.PUBLISH
)
def approve_routine_drafts(body: Mapping[str, Any]) -> Page[ReviewOutcome]:
    """Approve routine drafts together, each by its digest: all open checks of each are signed as passed.

    A draft is routine if only rows change: no schema, no metadata but the version of the source, no warnings, no
    personal data that is undecided, published or declared not personal. What becomes of one draft doesn't depend on the
    others.
    """
    listed: Sequence[Mapping[str, str]] = body["drafts"]
    found = services().reviews.approve_all(caller(), [(item["draft"], item["digest"]) for item in listed])
    return Page(found)
