"""How requests end: the types of reply, on which article each rests, and the row of the annual report it counts in.

Source: 政府信息公开条例 (Decree 711), articles 14 to 16 and 36 to 39; 国办公开办函〔2021〕30号, table 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from opendata.domain.requests.kinds import RequestKind


class AnnualRow(StrEnum):
    """The rows of results in table 3 of the annual report, in its order."""

    GIVEN = "given"
    PARTLY = "partly"
    STATE_SECRET = "state-secret"  # noqa: S105 - the name of a row
    LAW = "law"
    SECURITY = "security"
    THIRD_PARTY = "third-party"
    INTERNAL = "internal"
    PROCESS = "process"
    ENFORCEMENT = "enforcement"
    REGISTRY = "registry"
    NOT_HELD = "not-held"
    NEEDS_MAKING = "needs-making"
    UNCLEAR = "unclear"
    COMPLAINT = "complaint"
    REPEATED = "repeated"
    PUBLICATION = "publication"
    EXCESSIVE = "excessive"
    REISSUE = "reissue"
    NO_CLARIFICATION = "no-clarification"
    FEE = "fee"
    OTHER = "other"


class Outcome(StrEnum):
    """What a reply says, in one word."""

    OPEN = "open"
    ALREADY_PUBLIC = "already-public"
    PARTLY = "partly"
    STATE_SECRET = "state-secret"  # noqa: S105 - the name of an outcome
    LAW = "law"
    SECURITY = "security"
    THIRD_PARTY = "third-party"
    INTERNAL = "internal"
    PROCESS = "process"
    ENFORCEMENT = "enforcement"
    REGISTRY = "registry"
    NOT_EXISTING = "not-existing"
    ELSEWHERE = "elsewhere"
    NEEDS_MAKING = "needs-making"
    UNCLEAR = "unclear"
    COMPLAINT = "complaint"
    REPEATED = "repeated"
    PUBLICATION = "publication"
    EXCESSIVE = "excessive"
    REISSUE = "reissue"
    NO_CLARIFICATION = "no-clarification"
    FEE = "fee"
    OTHER = "other"
    GRANTED = "granted"
    DECLINED = "declined"
    CORRECTED = "corrected"
    WILL_CORRECT = "will-correct"
    NO_ERROR = "no-error"
    UPHELD = "upheld"
    REJECTED = "rejected"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class OutcomeRule:
    """The article of the Regulations that a reply rests on (empty: none), and its row of the annual table."""

    article: str
    row: AnnualRow | None = None
    needs_silence: bool = False
    needs_basis: bool = False


OUTCOMES: Mapping[Outcome, OutcomeRule] = {
    Outcome.OPEN: OutcomeRule("36(2)", AnnualRow.GIVEN),
    Outcome.ALREADY_PUBLIC: OutcomeRule("36(1)", AnnualRow.GIVEN),
    Outcome.PARTLY: OutcomeRule("37", AnnualRow.PARTLY, needs_basis=True),
    Outcome.STATE_SECRET: OutcomeRule("14", AnnualRow.STATE_SECRET, needs_basis=True),
    Outcome.LAW: OutcomeRule("14", AnnualRow.LAW, needs_basis=True),
    Outcome.SECURITY: OutcomeRule("14", AnnualRow.SECURITY, needs_basis=True),
    Outcome.THIRD_PARTY: OutcomeRule("15", AnnualRow.THIRD_PARTY, needs_basis=True),
    Outcome.INTERNAL: OutcomeRule("16(1)", AnnualRow.INTERNAL, needs_basis=True),
    Outcome.PROCESS: OutcomeRule("16(2)", AnnualRow.PROCESS, needs_basis=True),
    Outcome.ENFORCEMENT: OutcomeRule("16(2)", AnnualRow.ENFORCEMENT, needs_basis=True),
    Outcome.REGISTRY: OutcomeRule("36(7)", AnnualRow.REGISTRY, needs_basis=True),
    Outcome.NOT_EXISTING: OutcomeRule("36(4)", AnnualRow.NOT_HELD, needs_basis=True),
    Outcome.ELSEWHERE: OutcomeRule("36(5)", AnnualRow.NOT_HELD, needs_basis=True),
    Outcome.NEEDS_MAKING: OutcomeRule("38", AnnualRow.NEEDS_MAKING, needs_basis=True),
    Outcome.UNCLEAR: OutcomeRule("30", AnnualRow.UNCLEAR, needs_basis=True),
    Outcome.COMPLAINT: OutcomeRule("39", AnnualRow.COMPLAINT, needs_basis=True),
    Outcome.REPEATED: OutcomeRule("36(6)", AnnualRow.REPEATED, needs_basis=True),
    Outcome.PUBLICATION: OutcomeRule("39", AnnualRow.PUBLICATION, needs_basis=True),
    Outcome.EXCESSIVE: OutcomeRule("35", AnnualRow.EXCESSIVE, needs_basis=True),
    Outcome.REISSUE: OutcomeRule("38", AnnualRow.REISSUE, needs_basis=True),
    Outcome.NO_CLARIFICATION: OutcomeRule("30", AnnualRow.NO_CLARIFICATION, needs_silence=True, needs_basis=True),
    Outcome.FEE: OutcomeRule("42", AnnualRow.FEE, needs_basis=True),
    Outcome.OTHER: OutcomeRule("", AnnualRow.OTHER),
    Outcome.GRANTED: OutcomeRule(""),
    Outcome.DECLINED: OutcomeRule("15", needs_basis=True),
    Outcome.CORRECTED: OutcomeRule(""),
    Outcome.WILL_CORRECT: OutcomeRule(""),
    Outcome.NO_ERROR: OutcomeRule(""),
    Outcome.UPHELD: OutcomeRule("15"),
    Outcome.REJECTED: OutcomeRule(""),
    Outcome.ANSWERED: OutcomeRule(""),
}
"""Outcome → its rule, in the order in which pages offer them."""

_REGULATED = tuple(outcome for outcome, rule in OUTCOMES.items() if rule.row is not None)
_SILENT = Outcome.NO_CLARIFICATION

OUTCOMES_OF: Mapping[RequestKind, Sequence[Outcome]] = {
    RequestKind.APPLICATION: _REGULATED,
    RequestKind.OPEN: tuple(item for item in _REGULATED if item not in (Outcome.FEE, Outcome.REISSUE)),
    RequestKind.ACCESS: (Outcome.GRANTED, Outcome.DECLINED, Outcome.UNCLEAR, _SILENT, Outcome.OTHER),
    RequestKind.CORRECTION: (Outcome.CORRECTED, Outcome.WILL_CORRECT, Outcome.NO_ERROR, _SILENT, Outcome.OTHER),
    RequestKind.OBJECTION: (Outcome.UPHELD, Outcome.REJECTED, _SILENT, Outcome.OTHER),
    RequestKind.QUESTION: (Outcome.ANSWERED, Outcome.ALREADY_PUBLIC, Outcome.ELSEWHERE, _SILENT, Outcome.OTHER),
}
"""Kind → the outcomes that its reply can have."""
