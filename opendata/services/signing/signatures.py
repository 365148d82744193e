"""Signatures under the checks of a draft: taken, counted, and written into the manifest without names."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from opendata.db.models import Draft, DraftComment, ReviewCheck
from opendata.domain.drafts import DraftState
from opendata.domain.moments import format_time
from opendata.domain.review.checklist import REQUIRED, Approval, Check, Part, Place, Remark, Result, SignedCheck
from opendata.errors import N_, InvalidMetadataError, StateError, fault
from opendata.services.core.review_values import CheckView, CommentView, Signature

_PREFIX = "sha256:"


def write_digest(row: Draft) -> str | None:
    """The digest (`sha256:…`) of a draft that is submitted, approved or published; None of one that may change."""
    is_frozen = row.status in (DraftState.SUBMITTED, DraftState.APPROVED, DraftState.PUBLISHED)
    is_stuck = row.status == DraftState.FAILED and row.wanted == "publish"
    return _PREFIX + row.sealed if row.sealed and (is_frozen or is_stuck) else None


def require_digest(row: Draft, digest: str | None) -> None:
    """Raises `StateError` if a digest is given and isn't that of the draft."""
    if digest is not None and digest.removeprefix(_PREFIX) != row.sealed:
        raise StateError(
            N_("The draft has changed: its digest is %(digest)s now. Read the draft again before you sign it"),
            digest=f"{_PREFIX}{row.sealed}",
        )


def require_remarks(signatures: Sequence[Signature]) -> None:
    """Raises `InvalidMetadataError` for refusals without a remark, with a pointer to each."""
    text = N_("Say why you refuse the check. The author sees your remark")
    faults = [
        fault(f"/checks/{number}/remark", text)
        for number, item in enumerate(signatures)
        if item.result == Result.REFUSED and not item.remark.strip()
    ]
    if faults:
        raise InvalidMetadataError(faults=faults)


def sign(row: Draft, signature: Signature, *, actor: str, part: Part, at: datetime) -> None:
    """Keep a signature. Who has already passed a check passes it once."""
    remark = signature.remark.strip()
    if signature.result == Result.PASSED and any(
        item.check_name == signature.check and item.actor == actor for item in _list_in_force(row)
    ):
        return
    row.checks.append(
        ReviewCheck(
            check_name=signature.check,
            result=signature.result,
            actor=actor,
            part=part,
            at=at,
            remark=remark,
            place=signature.place or None,
            digest=row.sealed or "",
        )
    )


def list_open(row: Draft, required: Collection[Check]) -> Sequence[Check]:
    """The checks that nobody has signed yet for the draft as it is."""
    passed = {item.check_name for item in _list_in_force(row) if item.result == Result.PASSED}
    return [check for check in required if check not in passed]


def require_signed(row: Draft) -> None:
    """Raises `StateError` where the checks that every review has aren't signed for the draft as it is.

    A draft that was sealed before there were checks has its approver alone.
    """
    if row.seal_edition >= 2 and list_open(row, REQUIRED):
        raise StateError(N_("The checks of this draft aren't signed. Return it so that it can be submitted again"))


def describe_approval(row: Draft) -> Approval | None:
    """What a manifest says of the approval of a draft; None of one that nobody submitted."""
    if not row.sealed:
        return None
    signed: list[SignedCheck] = [
        {"check": item.check_name, "result": item.result, "role": item.part, "at": format_time(item.at)}
        for item in _list_in_force(row)
    ]
    return {"digest": _PREFIX + row.sealed, "checks": signed}


def add_comment(
    row: Draft,
    *,
    kind: Remark,
    actor: str,
    at: datetime,
    text: str,
    check: Check | None = None,
    place: Place | None = None,
) -> None:
    """Keep something said about a draft."""
    row.comments.append(DraftComment(kind=kind, actor=actor, at=at, text=text, check_name=check, place=place or None))


def end_checks(row: Draft, at: datetime) -> None:
    """What was signed counts no longer, and the draft isn't approved."""
    row.approver = None
    for item in _list_in_force(row):
        item.ended = at


def send_back(row: Draft, at: datetime, text: str) -> None:
    """Return a draft to its author: nothing signed counts, nothing waits for its time, and `text` says why."""
    end_checks(row, at)
    row.status, row.comment = DraftState.RETURNED, text
    row.wanted, row.due, row.publish_at = "", None, None


def view_checks(row: Draft) -> list[CheckView]:
    """All that was signed, in order, what counts no longer included."""
    in_force = _list_in_force(row)
    return [
        CheckView(
            check=item.check_name,
            result=item.result,
            by=item.actor,
            part=item.part,
            at=item.at,
            remark=item.remark,
            place=item.place,
            digest=_PREFIX + item.digest,
            in_force=item in in_force,
        )
        for item in row.checks
    ]


def view_comments(row: Draft) -> list[CommentView]:
    """All that was said, in order."""
    return [
        CommentView(kind=item.kind, by=item.actor, at=item.at, text=item.text, check=item.check_name, place=item.place)
        for item in row.comments
    ]


def _list_in_force(row: Draft) -> list[ReviewCheck]:
    return [item for item in row.checks if item.ended is None and item.digest == row.sealed]
