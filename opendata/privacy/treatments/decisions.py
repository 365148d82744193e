"""What was decided about the columns of one table: values that are kept, replayed on the next file and shown.

The JSON form is `{"columns": [{"field", "treatment", …}], "aggregate": {"by", "sum", "threshold"}}`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NotRequired, TypedDict

from opendata.domain.privacy import Generalisation, Ground, Kind, Reason, Treatment

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
    to `generalise`: how, the width of a range or band, and the day (ISO 8601) on which an age is counted. `ground`
    and `article` belong to `publish`, `reason` to `not-personal`, `note` to both.
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
