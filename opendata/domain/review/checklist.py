"""The review of a draft as a checklist: which checks there are, their results, and where in a draft a remark belongs.

Source: 国办发〔2019〕14号 and the State Council's regulation on open government information (2019), articles 14 to 18:
secrecy and personal data are reviewed before anything is published, and so are wording, timing and method.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Required, TypedDict


class Check(StrEnum):
    """One item of the checklist."""

    SECRECY = "secrecy"
    PRIVACY = "privacy"
    WORDING = "wording"
    TIMING = "timing"
    METHOD = "method"


REQUIRED = (Check.SECRECY, Check.PRIVACY)
"""The checks that no setting switches off."""


class Result(StrEnum):
    """What a check found."""

    PASSED = "passed"
    REFUSED = "refused"


class Part(StrEnum):
    """The part that someone who signs a check has in the draft."""

    SUBMITTER = "submitter"
    REVIEWER = "reviewer"


class Remark(StrEnum):
    """Why something was said about a draft."""

    COMMENT = "comment"
    RETURNED = "returned"
    REFUSED = "refused"
    ENDED = "ended"


class Place(TypedDict, total=False):
    """Where in a draft: a table, its column, a row as the file counts it (from 1), or a property of the metadata."""

    table: str
    column: str
    row: int
    field: str


class SignedCheck(TypedDict):
    """A check as a manifest has it. Names of persons stay in the portal: `role` is the signer's part, `at` RFC 3339."""

    check: str
    result: str
    role: str
    at: str


class Approval(TypedDict):
    """What was approved, as a manifest has it: the digest (`sha256:…`) of the draft, and the checks signed for it."""

    digest: Required[str]
    checks: Required[Sequence[SignedCheck]]


def list_required(configured: Collection[str]) -> Sequence[Check]:
    """The checks of an instance in their order, those that can't be switched off included."""
    return [check for check in Check if check in REQUIRED or check in configured]
