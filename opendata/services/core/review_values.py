"""Signed checks and comments as services hand them to pages, REST and the command line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from opendata.domain.review.checklist import Check, Part, Place, Remark, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckView:
    """A check that someone signed. `digest` (`sha256:…`) names what was signed; `in_force` whether it still counts."""

    check: Check
    result: Result
    by: str
    part: Part
    at: datetime
    remark: str
    place: Place | None
    digest: str
    in_force: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentView:
    """Something said about a draft. `check` is the check it belongs to, if it is about one."""

    kind: Remark
    by: str
    at: datetime
    text: str
    check: Check | None
    place: Place | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A check as someone signs it. A refusal needs a remark, and says where the fault is if it has a place."""

    check: Check
    result: Result = Result.PASSED
    remark: str = ""
    place: Place | None = None
