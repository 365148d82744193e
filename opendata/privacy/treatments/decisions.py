"""What was decided about the columns of one table: values that are kept, replayed on the next file and shown.

The JSON form is `{"columns": [{"field", "treatment", …}], "aggregate": {"by", "sum", "threshold"}}`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NotRequired, TypedDict

from opendata.domain.privacy import Generalisation, Ground, Kind, PrivacyFinding, Reason, Treatment
from opendata.domain.recipes import Step

SMALL_CELL = 5
"""Groups of fewer rows than this are suppressed unless the decision names another threshold."""


class ColumnJson(TypedDict):
    """A decision as JSON; what doesn't apply to its treatment is left out."""

    field: str
    treatment: str
    kind: NotRequired[str]
    within: NotRequired[bool]
    to: NotRequired[str]
    width: NotRequired[int]
    on: NotRequired[str]
    ground: NotRequired[str]
    article: NotRequired[str]
    signedBy: NotRequired[str]
    reason: NotRequired[str]
    note: NotRequired[str]


class AggregationJson(TypedDict):
    """An aggregation as JSON."""

    by: Sequence[str]
    sum: Sequence[str]
    threshold: int


class DecisionsJson(TypedDict):
    """The decisions about a table as JSON."""

    columns: Sequence[ColumnJson]
    aggregate: NotRequired[AggregationJson]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is done with one column.

    `kind` says what kind of data it is. `within` masks only what is found inside a text. `to`, `width` and `on` belong
    to `generalise`: how, the width of a range or band, and the day (ISO 8601) on which an age is counted. `ground`,
    `article` and `signed_by` (the reviewer) belong to `publish`; `reason` and `note` to `not-personal`.
    """

    field: str
    treatment: Treatment
    kind: Kind | None = None
    within: bool = False
    to: Generalisation | None = None
    width: int = 0
    on: str = ""
    ground: Ground | None = None
    article: str = ""
    signed_by: str = ""
    reason: Reason | None = None
    note: str = ""

    def to_json(self) -> ColumnJson:
        """The decision as JSON."""
        found: ColumnJson = {"field": self.field, "treatment": self.treatment.value}
        if self.kind is not None:
            found["kind"] = self.kind.value
        if self.within:
            found["within"] = True
        if self.to is not None:
            found["to"] = self.to.value
        if self.width:
            found["width"] = self.width
        if self.on:
            found["on"] = self.on
        if self.ground is not None:
            found["ground"] = self.ground.value
        if self.article:
            found["article"] = self.article
        if self.signed_by:
            found["signedBy"] = self.signed_by
        if self.reason is not None:
            found["reason"] = self.reason.value
        if self.note:
            found["note"] = self.note
        return found

    @property
    def changes_values(self) -> bool:
        """Whether the cells of the column don't stay as they are."""
        return self.treatment not in (Treatment.PUBLISH, Treatment.NOT_PERSONAL, Treatment.AGGREGATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregation:
    """A table of counts in place of the rows: grouped `by` some columns, with the sums of others.

    Groups of fewer than `threshold` rows are suppressed, and others so that totals don't reveal these.
    """

    by: tuple[str, ...]
    sums: tuple[str, ...] = ()
    threshold: int = SMALL_CELL

    def to_json(self) -> AggregationJson:
        """The aggregation as JSON."""
        return {"by": list(self.by), "sum": list(self.sums), "threshold": self.threshold}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """The decisions about the columns of one table, at most one a column, in their order."""

    columns: tuple[Decision, ...] = ()
    aggregation: Aggregation | None = None
    by_field: Mapping[str, Decision] = field(init=False, default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_field", {item.field: item for item in self.columns})

    def to_json(self) -> DecisionsJson:
        """The decisions as JSON, as `parse_decisions` reads them."""
        found: DecisionsJson = {"columns": [item.to_json() for item in self.columns]}
        if self.aggregation is not None:
            found["aggregate"] = self.aggregation.to_json()
        return found

    @property
    def steps(self) -> tuple[Step, ...]:
        """The decisions as steps of a recipe, in the order in which they are applied."""
        steps = [
            Step(
                item.treatment.value,
                item.field,
                {key: str(value) for key, value in item.to_json().items() if key not in ("field", "treatment")},
            )
            for item in self.columns
        ]
        if self.aggregation is not None:
            found = self.aggregation
            params = {"by": "\n".join(found.by), "sum": "\n".join(found.sums), "threshold": str(found.threshold)}
            steps.append(Step(Treatment.AGGREGATE.value, "", params))
        return tuple(steps)

    @property
    def unsigned(self) -> tuple[str, ...]:
        """The fields published on a ground that no reviewer has signed."""
        return tuple(item.field for item in self.columns if item.treatment is Treatment.PUBLISH and not item.signed_by)

    def list_undecided(self, findings: Sequence[PrivacyFinding]) -> list[PrivacyFinding]:
        """The findings about columns without a decision.

        A table that is aggregated needs none for columns that it leaves out.
        """
        kept = None if self.aggregation is None else {*self.aggregation.by, *self.aggregation.sums}
        return [item for item in findings if item.field not in self.by_field and (kept is None or item.field in kept)]
