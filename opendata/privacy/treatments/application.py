"""Decisions applied to a table: batches and schema in, treated batches, schema and record out.

The record says what was done to which column and on what ground, never a value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NotRequired, TypedDict

from opendata.domain.privacy import Treatment
from opendata.domain.schema import TableSchema
from opendata.privacy.treatments.aggregation import Aggregator
from opendata.privacy.treatments.columns import Transform, build_transform
from opendata.privacy.treatments.decisions import ColumnJson, Decisions
from opendata.privacy.treatments.schemas import aggregate_schema, treat_schema
from opendata.tables.types.registry import arrow_type

if TYPE_CHECKING:
    import pyarrow as pa


class ColumnRecord(ColumnJson):
    """What was done to a column: its decision, and in how many cells."""

    count: int


class AggregationRecord(TypedDict):
    """What was counted: by which columns, and how many groups there are and are suppressed."""

    by: list[str]
    sum: list[str]
    threshold: int
    groups: int
    suppressed: int


class PrivacyRecord(TypedDict):
    """What was done to a table, as its manifest says it."""

    columns: list[ColumnRecord]
    aggregate: NotRequired[AggregationRecord]


class TreatedTable:
    """A table with decisions applied. Run through `batches` once; then `describe` says what was done.

    `names` are the columns as they come, `schema` is what the treated rows follow. The key makes pseudonyms: at
    least 16 secret bytes, one for each dataset. Raises `ValueError` if it's needed and too short.
    """

    def __init__(
        self, batches: Iterable[pa.RecordBatch], schema: TableSchema, decisions: Decisions, *, key: bytes = b""
    ) -> None:
        self._source = batches
        self._decisions = decisions
        self.names = schema.names
        self._rows_schema = treat_schema(schema, decisions)
        found = decisions.aggregation
        self._aggregator = Aggregator(found) if found is not None else None
        self.schema = aggregate_schema(self._rows_schema, found) if found is not None else self._rows_schema
        self._transforms: dict[str, Transform] = {}
        for item in decisions.columns:
            transform = build_transform(item, key)
            if transform is not None:
                self._transforms[item.field] = transform
        self._counts: Counter[str] = Counter()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The treated rows. An aggregated table is one batch."""
        for batch in self._source:
            treated = self._treat(batch)
            if self._aggregator is None:
                yield treated
            else:
                self._aggregator.take(treated)
        if self._aggregator is not None:
            yield self._aggregator.finish(self.schema)

    def count(self, values: Mapping[str, int]) -> None:
        """Take the number of values of each column from elsewhere, where the rows stay as they are and aren't run."""
        self._counts.update({name: values[name] for name in self._decisions.by_field})

    def describe(self) -> PrivacyRecord:
        """The record for the manifest. `count` is the number of cells with a value that the decision is about."""
        columns: list[ColumnRecord] = [
            {**item.to_json(), "count": self._counts[item.field]} for item in self._decisions.columns
        ]
        found: PrivacyRecord = {"columns": columns}
        if self._aggregator is not None and self._decisions.aggregation is not None:
            done = self._decisions.aggregation
            found["aggregate"] = {
                "by": list(done.by),
                "sum": list(done.sums),
                "threshold": done.threshold,
                "groups": self._aggregator.groups,
                "suppressed": self._aggregator.suppressed,
            }
        return found

    def _treat(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        import pyarrow as pa
        import pyarrow.compute as pc

        kept: list[pa.Array] = []
        decisions = self._decisions.by_field
        for name, column in zip(self.names, batch.columns, strict=True):
            decision = decisions.get(name)
            if decision is not None:
                self._counts[name] += len(column) - column.null_count
                if decision.treatment is Treatment.DROP:
                    continue
            transform = self._transforms.get(name)
            kept.append(transform(column) if transform is not None else column)
        wanted = _find_types(self._rows_schema)
        typed = [pc.cast(column, field.type) for column, field in zip(kept, wanted, strict=True)]
        return pa.RecordBatch.from_arrays(typed, schema=wanted)


def _find_types(schema: TableSchema) -> pa.Schema:
    import pyarrow as pa

    return pa.schema([pa.field(item.name, arrow_type(item)) for item in schema.fields])
