"""A table of counts and sums in place of rows about persons, with small groups suppressed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opendata.domain.schema import TableSchema
from opendata.privacy.treatments.decisions import Aggregation
from opendata.privacy.treatments.schemas import name_count, name_sum
from opendata.privacy.treatments.suppression import find_suppressed
from opendata.tables.types.registry import arrow_type

if TYPE_CHECKING:
    import pyarrow as pa

MOST_GROUPS = 1_000_000
"""At most this many groups; a table with more isn't an aggregate."""


class Aggregator:
    """Groups the rows of one table, batch by batch: memory grows with the groups, not with the rows."""

    def __init__(self, aggregation: Aggregation) -> None:
        self._aggregation = aggregation
        self._parts: list[pa.Table] = []
        self.groups = 0
        self.suppressed = 0

    def take(self, batch: pa.RecordBatch) -> None:
        """Count some rows."""
        import pyarrow as pa

        found = self._aggregation
        table = pa.Table.from_batches([batch]).select([*found.by, *found.sums])
        counted = table.group_by(list(found.by)).aggregate([([], "count_all"), *((name, "sum") for name in found.sums)])
        self._parts.append(counted)
        if sum(part.num_rows for part in self._parts) > MOST_GROUPS:
            self._parts = [self._join()]

    def finish(self, schema: TableSchema) -> pa.RecordBatch:
        """The finished counts, in the columns of `aggregate_schema`, ordered by the columns counted by."""
        import pyarrow as pa
        import pyarrow.compute as pc

        found = self._aggregation
        wanted = pa.schema([pa.field(item.name, arrow_type(item)) for item in schema.fields])
        if not self._parts:
            return pa.RecordBatch.from_pylist([], wanted)
        joined = self._join()
        joined = joined.sort_by([(name, "ascending") for name in found.by])
        cells = list(zip(*(joined.column(name).to_pylist() for name in found.by), strict=True))
        hidden = pa.array(find_suppressed(cells, joined.column("count_all").to_pylist(), found.threshold))
        self.groups, self.suppressed = len(cells), pc.sum(hidden).as_py() or 0
        columns = [joined.column(name) for name in found.by]
        for name in ("count_all", *(f"{item}_sum" for item in found.sums)):
            columns.append(pc.if_else(hidden, None, joined.column(name)))
        names = [*found.by, name_count(found), *(name_sum(found, item) for item in found.sums)]
        table = pa.Table.from_arrays(
            [pc.cast(column, wanted.field(name).type) for name, column in zip(names, columns, strict=True)],
            schema=wanted,
        )
        return table.combine_chunks().to_batches()[0] if len(table) else pa.RecordBatch.from_pylist([], wanted)

    def _join(self) -> pa.Table:
        """All parts as one."""
        import pyarrow as pa

        found = self._aggregation
        table = pa.concat_tables(self._parts, promote_options="permissive")
        joined = table.group_by(list(found.by)).aggregate(
            [("count_all", "sum"), *((f"{name}_sum", "sum") for name in found.sums)]
        )
        names = {"count_all_sum": "count_all", **{f"{name}_sum_sum": f"{name}_sum" for name in found.sums}}
        return joined.rename_columns([names.get(name, name) for name in joined.column_names])
