"""Personal data in tables: what kinds there are, how sure a finding is, and what may be decided about a column.

Codes only: `wording.privacy` has the sentences. Source: Personal Information Protection Law, articles 4, 28 and 73;
GB/T 37964-2019 (de-identification) for direct identifiers and the treatments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NotRequired, TypedDict


class Kind(StrEnum):
    """A kind of personal data."""

    RESIDENT_ID = "resident-id"
    PASSPORT = "passport"
    TRAVEL_PERMIT = "travel-permit"
    MILITARY_ID = "military-id"
    MOBILE = "mobile-number"
    LANDLINE = "landline-number"
    BANK_CARD = "bank-card"
    EMAIL = "email"
    PLATE = "vehicle-plate"
    ADDRESS = "address"
    NAME = "personal-name"
    BIRTH_DATE = "birth-date"
    TRACK = "gps-track"
    SOCIAL = "social-account"


class Certainty(StrEnum):
    """How sure a finding is, the surest first.

    `certain` rests on a check digit or a notation that nothing else has, `likely` on shape and share together, and
    `possible` on weak signs that a person must judge.
    """

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


class Evidence(StrEnum):
    """A sign that a column has personal data. `EVIDENCE` has the parameters of each."""

    COLUMN_NAME = "column-name"
    PATTERN = "pattern"
    CHECK_DIGIT = "check-digit"
    CARD_PREFIX = "card-prefix"
    SURNAMES = "surnames"
    HOME_WORDS = "home-words"
    INSIDE_TEXT = "inside-text"
    CONTEXT_WORD = "context-word"
    YEARS = "years"
    BESIDE = "beside"
    MOVEMENT = "movement"


EVIDENCE: Mapping[Evidence, tuple[str, ...]] = {
    Evidence.COLUMN_NAME: ("word",),
    Evidence.PATTERN: ("count", "of"),
    Evidence.CHECK_DIGIT: ("count", "of"),
    Evidence.CARD_PREFIX: ("count", "of"),
    Evidence.SURNAMES: ("count", "of"),
    Evidence.HOME_WORDS: ("count", "of"),
    Evidence.INSIDE_TEXT: ("count",),
    Evidence.CONTEXT_WORD: ("word",),
    Evidence.YEARS: ("first", "last"),
    Evidence.BESIDE: ("field",),
    Evidence.MOVEMENT: ("field",),
}
"""The parameters of each sign. `count` and `of` are numbers of cells (of `surnames`: of different values)."""


class Treatment(StrEnum):
    """What is done with a column that has personal data."""

    DROP = "drop"
    MASK = "mask"
    GENERALISE = "generalise"
    PSEUDONYMISE = "pseudonymise"
    AGGREGATE = "aggregate"
    PUBLISH = "publish"
    NOT_PERSONAL = "not-personal"


class Ground(StrEnum):
    """A ground on which the law lets personal data be published: 惩戒公示 or 强制性信息披露."""

    PUNISHMENT_PUBLICITY = "punishment-publicity"
    MANDATORY_DISCLOSURE = "mandatory-disclosure"


class Reason(StrEnum):
    """Why data that looks personal isn't."""

    OFFICIAL_CONTACT = "official-contact"
    ORGANISATION = "organisation"
    PUBLIC_VEHICLE = "public-vehicle"
    CODE = "code"
    FICTITIOUS = "fictitious"
    OTHER = "other"


class Generalisation(StrEnum):
    """A way to make values coarser."""

    COUNTY = "county"
    TOWNSHIP = "township"
    YEAR = "year"
    MONTH = "month"
    AGE_BAND = "age-band"
    RANGE = "range"


class RiskLevel(StrEnum):
    """The verdict on the combination risk of a table."""

    PASS = "pass"  # noqa: S105 - a verdict
    SIGN_OFF = "sign-off"
    BLOCK = "block"


class SignJson(TypedDict):
    """A sign as JSON: its code and its parameters."""

    code: str
    params: Mapping[str, str | int]


class FindingJson(TypedDict):
    """A finding as JSON: what a draft keeps, never a value."""

    resource: str
    field: str
    kind: str
    count: int
    share: NotRequired[float]
    certainty: NotRequired[str]
    evidence: NotRequired[Sequence[SignJson]]
    examples: NotRequired[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign with its parameters, as `EVIDENCE` has them."""

    code: Evidence
    params: tuple[tuple[str, str | int], ...] = ()

    def describe(self) -> SignJson:
        """The sign as JSON."""
        return {"code": self.code.value, "params": dict(self.params)}


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyFinding:
    """The verdict on one column and one kind.

    `count` is the number of cells with such data, `share` that number divided by the cells with a value (0 to 1).
    `examples` are at most three cells, masked so that nobody can find out their values.
    """

    resource: str
    field: str
    kind: Kind
    count: int
    share: float = 0.0
    certainty: Certainty = Certainty.POSSIBLE
    evidence: tuple[Sign, ...] = ()
    examples: tuple[str, ...] = ()

    def describe(self) -> FindingJson:
        """The finding as JSON."""
        return {
            "resource": self.resource,
            "field": self.field,
            "kind": self.kind.value,
            "count": self.count,
            "share": round(self.share, 4),
            "certainty": self.certainty.value,
            "evidence": [sign.describe() for sign in self.evidence],
            "examples": list(self.examples),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFinding:
    """Personal data inside a text: its kind, where (`start` and `end` in characters, from 0), a masked example."""

    kind: Kind
    start: int
    end: int
    example: str
    certainty: Certainty = Certainty.LIKELY


def make_sign(code: Evidence, **params: str | int) -> Sign:
    """Build a sign from its code and its parameters."""
    return Sign(code, tuple(params.items()))
