"""What the API takes for reviews: signatures with their places, comments, lists of drafts."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, post_load, validate

from opendata.api.core.fields import Inner, Many, Shape, Text, Whole
from opendata.api.drafts.draft_inputs import PUBLISH_AT
from opendata.domain.review.checklist import Check, Result
from opendata.errors import N_
from opendata.metadata.dataset import MAX_TEXT
from opendata.services.core.review_values import Signature

MOST_DRAFTS = 100
"""At most this many drafts are approved with one request."""

_NO_CHECK = N_("This isn't a check of a review")
_NO_RESULT = N_("This must be “passed” or “refused”")
_TOO_MANY = N_("This list is too long")
_DIGEST = {"description": "The `digest` of the draft as you read it: refused with 409 if the draft has changed since."}


def _check(**options: Any) -> fields.String:
    return fields.String(
        validate=validate.OneOf([str(item) for item in Check], error=_NO_CHECK),
        error_messages={"invalid": _NO_CHECK, "null": _NO_CHECK, "required": N_("This property is required")},
        **options,
    )


class PlaceInput(Shape):
    """Where in a draft a remark belongs."""

    table = Text(longest=100)
    column = Text(longest=1000)
    row = Whole(1, 2**31 - 1, error=N_("This must be a whole number, 1 or more"), strict=True)
    field = Text(longest=100, metadata={"description": "A property of the metadata, such as `title`."})


class SignatureInput(Shape):
    """A check, signed. `refused` needs a `remark` and returns the draft."""

    check = _check(required=True)
    result = fields.String(
        load_default="passed",
        validate=validate.OneOf([str(item) for item in Result], error=_NO_RESULT),
        error_messages={"invalid": _NO_RESULT, "null": _NO_RESULT},
    )
    remark = Text(longest=MAX_TEXT, load_default="")
    place = Inner(PlaceInput, allow_none=True, load_default=None)

    @post_load
    def build(self, data: dict[str, Any], **options: Any) -> Signature:  # noqa: ARG002 - marshmallow's own way
        """The value that services take."""
        check, result = Check(data["check"]), Result(data["result"])
        return Signature(check=check, result=result, remark=data["remark"], place=data["place"])


class SignInput(Shape):
    """Checks to sign, and of which draft."""

    digest = Text(longest=100, metadata=_DIGEST)
    checks = Many(
        Inner(SignatureInput), required=True, validate=validate.Length(1, 20, error=N_("Name at least one check"))
    )


class ApproveInput(Shape):
    """Which draft is approved, and the checks signed with that. Without `checks` all that are open are passed."""

    may_be_absent = True

    digest = Text(longest=100, metadata=_DIGEST)
    checks = Many(Inner(SignatureInput), validate=validate.Length(max=20, error=_TOO_MANY))
    publish_at = Text(longest=40, data_key="publishAt", metadata=PUBLISH_AT)


class CommentInput(Shape):
    """Something to say about a draft."""

    text = Text(required=True, longest=MAX_TEXT)
    check = _check(allow_none=True, load_default=None)
    place = Inner(PlaceInput, allow_none=True, load_default=None)


class ReviewedDraftInput(Shape):
    """A draft and the digest that is approved."""

    draft = Text(required=True, longest=100)
    digest = Text(required=True, longest=100, metadata=_DIGEST)


class ReviewsInput(Shape):
    """Routine drafts to approve together."""

    drafts = Many(Inner(ReviewedDraftInput), required=True, validate=validate.Length(max=MOST_DRAFTS, error=_TOO_MANY))
