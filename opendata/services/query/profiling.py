"""What is in a column of the rows that a query finds, and how often each value is there.

Of all rows, that is what was found when the table was published. Of fewer, the engine counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, cast

from opendata.domain.profile import Bin, Bound, ColumnProfile
from opendata.domain.schema import Field
from opendata.query.addresses import write_name
from opendata.query.values import MOMENTS, NUMBERS, Filter, RowsQuery, is_float
from opendata.services.catalogue.versions import Versions
from opendata.services.core.actors import Actor
from opendata.services.query.edges import list_edges
from opendata.services.query.queries import Queries
from opendata.tables.types.canonical import write_value

_TELLING = frozenset(["least", "longest", "histogram", "top"])


class Profiling:
    """Profiles of columns, whatever the rows."""

    def __init__(self, queries: Queries, versions: Versions) -> None:
        self._queries = queries
        self._versions = versions

    def describe(
        self, place: tuple[str, str, str], query: RowsQuery, column: str, field: Field, reader: Actor | None = None
    ) -> ColumnProfile:
        """The profile of a column of a table (dataset, version, resource) over the rows that a query finds.

        Of a column whose values aren't told, only counts. Raises as `Queries.read_page`.
        """
        published = self._find_published(place, field, reader)
        if published is not None and query.is_whole:
            return published
        name = write_name(column)
        wanted = {"n": f"count({name})", "rows": "count(*)", "different": f"count(DISTINCT {name})"}
        is_told = published is None or tells_values(published)
        if is_told:
            wanted |= _measure(name, field)
        row = self._read_row(place, query, wanted, reader)
        found: ColumnProfile = {
            "name": field.name,
            "type": field.type,
            "count": row["n"],
            "missing": row["rows"] - row["n"],
            "distinct": {"count": row["different"], "exact": True},
        }
        for key in ("least", "greatest", "mean", "shortest", "longest"):
            if row.get(key) is not None:
                found = cast(ColumnProfile, {**found, key: _write(row[key])})
        if is_told and (bins := self._count_bins(place, query, column, field, row, reader)):
            found["histogram"] = bins
        return found

    def count_values(
        self, place: tuple[str, str, str], query: RowsQuery, column: str, most: int, reader: Actor | None = None
    ) -> Sequence[tuple[Any, int]]:
        """The values of a column in the rows that a query finds, the most frequent first, without missing ones."""
        name = write_name(column)
        asked = _over(query, column, f"{name}, count(*)")  # an alias would be taken for a column of its name
        asked = replace(asked, group_by=name, order_by=f"count(*) DESC, {name}", limit=most)
        rows = self._queries.read_page(*place, asked, reader).rows
        return list(zip(rows.column(0).to_pylist(), rows.column(1).to_pylist(), strict=True))

    def is_telling(self, place: tuple[str, str, str], field: Field, reader: Actor | None = None) -> bool:
        """Whether the values of a column may be listed: it doesn't describe persons."""
        published = self._find_published(place, field, reader)
        return published is None or tells_values(published)

    def _find_published(self, place: tuple[str, str, str], field: Field, reader: Actor | None) -> ColumnProfile | None:
        profiles = self._versions.get_profile(*place, reader)
        return next((item for item in profiles if item["name"] == field.name), None)

    def _read_row(
        self, place: tuple[str, str, str], query: RowsQuery, wanted: dict[str, str], reader: Actor | None
    ) -> dict[str, Any]:
        select = ", ".join(f"{text} AS {name}" for name, text in wanted.items())
        asked = RowsQuery(select=select, where=query.where, filters=query.filters, search=query.search, limit=1)
        (row,) = self._queries.read_page(*place, asked, reader).rows.to_pylist()
        return cast(dict[str, Any], row)

    def _count_bins(
        self,
        place: tuple[str, str, str],
        query: RowsQuery,
        column: str,
        field: Field,
        row: dict[str, Any],
        reader: Actor | None,
    ) -> Sequence[Bin]:
        edges = list_edges(field, row.get("least"), row.get("greatest"))
        if not edges:
            return ()
        name = write_name(column)
        cases = " ".join(f"WHEN {name} < {edge.literal} THEN {place}" for place, edge in enumerate(edges[1:]))
        if is_float(field):
            cases = f"WHEN NOT isfinite({name}) THEN -1 {cases}"
        asked = _over(query, column, f"CASE {cases} ELSE {len(edges) - 1} END AS place, count(*) AS n")
        rows = self._queries.read_page(*place, replace(asked, group_by="place", limit=len(edges) + 1), reader).rows
        counts = dict(zip(rows.column("place").to_pylist(), rows.column("n").to_pylist(), strict=True))
        return [
            {"from": here.bound, "to": beyond.bound, "count": counts.get(number, 0)}
            for number, (here, beyond) in enumerate(pairwise(edges))
        ]


def tells_values(profile: ColumnProfile) -> bool:
    """Whether a profile of publication has values, and not counts alone.

    Where each value is there once, there is nothing to say of yes and no.
    """
    is_bare = profile["type"] == "boolean" and profile["distinct"]["count"] >= profile["count"]
    return not profile["count"] or is_bare or bool(_TELLING & profile.keys())


def _over(query: RowsQuery, column: str, select: str) -> RowsQuery:
    """A query over the values of a column in the rows that another finds."""
    filters = [*query.filters, Filter(column, "isnull", "false")]
    return RowsQuery(select=select, where=query.where, filters=filters, search=query.search)


def _measure(name: str, field: Field) -> dict[str, str]:
    if field.type in (*NUMBERS, *MOMENTS):
        finite = f" FILTER (WHERE isfinite({name}))" if is_float(field) else ""  # as profiles of publication are
        found = {"least": f"min({name}){finite}", "greatest": f"max({name}){finite}"}
        return found | ({"mean": f"avg({name}){finite}"} if field.type in ("integer", "number") else {})
    if field.type == "string":
        return {"shortest": f"min(length({name}))", "longest": f"max(length({name}))"}
    return {}


def _write(value: Any) -> Bound:
    return value if isinstance(value, int | float) else write_value(value)
