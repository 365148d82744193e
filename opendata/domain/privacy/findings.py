"""What a screen for personal data found: in columns, and in single texts. Counts and masked examples, never values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NotRequired, TypedDict

from opendata.domain.privacy.codes import Certainty, Evidence, Kind


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


class TextFindingJson(TypedDict):
    """The personal data of one kind in a text as JSON: never a value."""

    kind: str
    count: int
    certainty: str
    examples: Sequence[str]


class PlacedFindingJson(TextFindingJson):
    """A finding in a text with its place: a property of a part of the draft, in a language if it is a translation.

    `resource` names the table or the attachment, `field` the column. `needsReason` tells that the draft is submitted
    only with a reason.
    """

    part: str
    property: str
    needsReason: bool
    language: NotRequired[str]
    resource: NotRequired[str]
    field: NotRequired[str]


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign with its parameters. `count` and `of` are numbers of cells (of `surnames`: of different values)."""

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
