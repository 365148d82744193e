"""Asks published tables: finds their files under the gate, runs the query in the engine, says what the answer is of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import lru_cache, partial
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from opendata.domain.resources import TableResource
from opendata.domain.schema import Field
from opendata.errors import N_, InputError, NotFoundError, SuspendedError, WithdrawnError
from opendata.query.engine import Answer, Engine
from opendata.query.values import (
    EDITION,
    MOST_OFFSET,
    MOST_ROWS,
    QueryTable,
    RowsQuery,
    Statement,
    is_float,
    make_unlike,
)
from opendata.services.catalogue.versions import LATEST, Versions
from opendata.services.core.actors import Actor
from opendata.services.core.context import Context
from opendata.services.query.answers import AnswerColumn, QuerySource, RowsPage, RowsStream, find_wide
from opendata.tables.arrow.parquet import open_parquet

if TYPE_CHECKING:
    import pyarrow as pa

    from opendata.query.rows import RowsPlan

_WHOLE = 6
"""A whole answer may take so many times as long as a page."""

_KEPT = 1024

_NO_TABLE = N_(
    "There is no public table “%(table)s” (character %(position)s). The catalogue lists the tables, and their names"
)
_LIMIT = N_("“limit” must be a number from 1 to %(most)s. To get all rows, ask for a file: .csv, .jsonl or .parquet")
_FILE_LIMIT = N_("“limit” must be a number from 1. Leave it out to get all rows")
_OFFSET = N_("“offset” must be a number from 0 to %(most)s")


class Queries:
    """Rows of one table, and one SELECT over many."""

    def __init__(self, context: Context, versions: Versions) -> None:
        settings = context.settings
        self._versions = versions
        self._seconds = settings.query_seconds
        self._nan_fields: dict[str, frozenset[str]] = {}
        self._engine = Engine(memory=settings.query_memory_bytes, most=settings.query_processes)

    def warm(self) -> None:
        """Have the engine ready: somebody looks at a table, and may ask it something."""
        import opendata.query.rows
        import opendata.query.select  # noqa: F401 - the parser too is loaded ahead

        self._engine.warm()

    def close(self) -> None:
        """End the processes of the engine that wait; the next query begins another."""
        self._engine.close()

    def read_page(
        self, dataset: str, version: str, resource: str, query: RowsQuery, reader: Actor | None = None
    ) -> RowsPage:
        """A page of the rows that a query finds.

        Raises `InputError` with the place and what to write instead, `NotFoundError`, `NotPublicError`,
        `WithdrawnError`, `SuspendedError`, `OverloadedError`.
        """
        limit = query.limit or 0
        if not 1 <= limit <= MOST_ROWS:
            raise InputError(_LIMIT, most=MOST_ROWS)
        _require_offset(query.offset)
        with self._open(dataset, version, resource, reader) as (source, table):
            plan = _plan_rows(table, query)
            with self._engine.run(plan.statement, seconds=self._seconds) as answer:
                rows, total = answer.read(), None
                total = answer.total if plan.statement.count else table.rows
            page = _cut_page(plan, query, rows, (source,), total)
            computed = [item.name for item in page.columns if item.field is None]
            return replace(page, wide=_list_wide(page.columns, table) | find_wide(page.rows.select(computed)))

    def identify(
        self, dataset: str, version: str, resource: str, query: RowsQuery, reader: Actor | None = None
    ) -> tuple[QuerySource, str]:
        """What a query would be answered from, and the fingerprint of its answer, without running it.

        Raises as `read_page` does for what is wrong with the table's place.
        """
        with self._open(dataset, version, resource, reader) as (source, table):
            return source, _fingerprint_page(query, query.fingerprint(table))

    @contextmanager
    def stream_rows(
        self, dataset: str, version: str, resource: str, query: RowsQuery, reader: Actor | None = None
    ) -> Iterator[RowsStream]:
        """All rows that a query finds from its `offset` on, at most `limit` where that isn't None.

        Raises as `read_page`, also later.
        """
        if query.limit is not None and query.limit < 1:
            raise InputError(_FILE_LIMIT)
        _require_offset(query.offset)
        with self._open(dataset, version, resource, reader) as (source, table):
            plan = _plan_rows(table, replace(query, cursor=""))
            with self._engine.run(plan.statement, seconds=self._seconds * _WHOLE, rows=query.limit) as answer:
                columns = _list_columns(plan.statement.names, answer.schema, plan.statement.fields)
                schema = _make_schema(columns)
                batches = (_select(batch, schema) for batch in answer.batches)
                yield RowsStream(
                    columns=columns,
                    schema=schema,
                    batches=batches,
                    sources=(source,),
                    fingerprint=plan.owner,
                    wide=_list_wide(columns, table),
                )

    def read_own(
        self,
        dataset: str,
        version: str,
        resource: str,
        write: Callable[[QueryTable], Statement],
        reader: Actor | None = None,
    ) -> pa.Table:
        """The rows of a statement of our own writing over a table, which may take as long as a whole answer.

        Raises as `read_page`.
        """
        with self._open(dataset, version, resource, reader) as (_, table):
            statement = write(table)
            with self._engine.run(statement, seconds=self._seconds * _WHOLE) as answer:
                return answer.read()

    @contextmanager
    def stream_own(
        self, place: tuple[str, str, str], write: Callable[[QueryTable], Statement], *, is_whole: bool = False
    ) -> Iterator[Answer]:
        """The answer to a statement of our own writing over a table that anybody may have, batch by batch.

        It may take as long as a page does, or a whole answer. Raises as `read_page`, also later.
        """
        seconds = self._seconds * (_WHOLE if is_whole else 1)
        with self._open(*place, None) as (_, table), self._engine.run(write(table), seconds=seconds) as answer:
            yield answer

    def select(self, text: str, *, limit: int = 1000) -> RowsPage:
        """The rows of one SELECT over public tables, at most `limit`.

        Raises `InputError` with the place and what to write instead, `OverloadedError`. A table that isn't public
        gets the same answer as one that doesn't exist.
        """
        if not 1 <= limit <= MOST_ROWS:
            raise InputError(_LIMIT, most=MOST_ROWS)
        with (
            self._plan(text) as (statement, sources),
            self._engine.run(statement, seconds=self._seconds, rows=limit + 1) as answer,
        ):
            rows = answer.read()
            columns = _list_columns(_unlike(rows.column_names), rows.schema, ())
            rows = rows.rename_columns([column.name for column in columns])
            return RowsPage(
                columns=columns,
                rows=rows.slice(0, limit),
                sources=sources,
                total=rows.num_rows if rows.num_rows <= limit else None,
                fingerprint=_fingerprint_select(statement, sources),
                is_cut=rows.num_rows > limit,
                wide=find_wide(rows),
            )

    @contextmanager
    def stream_select(self, text: str, limit: int | None = None) -> Iterator[RowsStream]:
        """All rows of one SELECT over public tables, or the first `limit`. Raises as `select`, also later."""
        if limit is not None and limit < 1:
            raise InputError(_FILE_LIMIT)
        with (
            self._plan(text) as (statement, sources),
            self._engine.run(statement, seconds=self._seconds * _WHOLE, rows=limit) as answer,
        ):
            columns = _list_columns(_unlike(answer.schema.names), answer.schema, ())
            schema = _make_schema(columns)
            batches = (_select(batch, schema) for batch in answer.batches)
            yield RowsStream(
                columns=columns,
                schema=schema,
                batches=batches,
                sources=sources,
                fingerprint=_fingerprint_select(statement, sources),
            )

    def identify_select(self, text: str) -> tuple[Sequence[QuerySource], str]:
        """What a SELECT would be answered from, and the fingerprint of its answer, without running it."""
        with self._plan(text) as (statement, sources):
            return sources, _fingerprint_select(statement, sources)

    def weigh_select(self, text: str) -> tuple[Sequence[QuerySource], bool]:
        """The tables that a SELECT reads, and whether it joins rows. Raises as `select`."""
        with self._plan(text) as (statement, sources):
            return sources, statement.joins

    def pin_select(self, text: str) -> str:
        """A SELECT with the version of each table, so that its meaning never changes. Raises as `select`."""
        with self._plan(text) as (statement, _):
            return statement.text

    @contextmanager
    def _open(
        self, dataset: str, version: str, resource: str, reader: Actor | None
    ) -> Iterator[tuple[QuerySource, QueryTable]]:
        """A table that a reader may have, with its file. Raises as `Versions.find_file`."""
        found = self._versions.find_latest(dataset) if version == LATEST else version
        file = self._versions.find_file(dataset, found, resource, "parquet", reader)
        table = self._versions.get_table(dataset, found, resource)
        source = QuerySource(
            dataset=dataset,
            version=found,
            resource=resource,
            hash=f"sha256:{file.sha256}",
            rows=table.rows,
            is_public=file.is_public,
        )
        nan_fields = self._find_nan_fields((dataset, found, resource), file.sha256, table.schema.fields, reader)
        with file.local_tables() as paths:
            yield (
                source,
                QueryTable(
                    name=f"{dataset}.{resource}",
                    path=paths[0],
                    parts=_number_parts(table, paths) if table.parquet.parts else (),
                    sha256=file.sha256,
                    fields=table.schema.fields,
                    rows=table.rows,
                    pinned=f"{dataset}@{found}",
                    nan_fields=nan_fields,
                ),
            )

    def _find_nan_fields(
        self, place: tuple[str, str, str], sha256: str, fields: Sequence[Field], reader: Actor | None
    ) -> frozenset[str]:
        """The columns of floats of which publication didn't find that none is `NaN`."""
        floats = [item.name for item in fields if is_float(item)]
        if not floats:
            return frozenset()
        if sha256 not in self._nan_fields:
            told = {item["name"]: item for item in self._versions.get_profile(*place, reader)}
            clean = {name for name, item in told.items() if "least" in item and "NaN" not in item.get("special", {})}
            if len(self._nan_fields) >= _KEPT:
                self._nan_fields.clear()
            self._nan_fields[sha256] = frozenset(floats) - clean
        return self._nan_fields[sha256]

    @contextmanager
    def _plan(self, text: str) -> Iterator[tuple[Statement, Sequence[QuerySource]]]:
        sources: list[QuerySource] = []
        with ExitStack() as opened:

            def find_table(place: str, resource: str, position: int) -> QueryTable:
                dataset, _, version = place.partition("@")
                try:
                    source, table = opened.enter_context(self._open(dataset, version or LATEST, resource, None))
                except (NotFoundError, WithdrawnError, SuspendedError):
                    raise refuse_table(place, resource, position) from None
                sources.append(source)
                return table

            from opendata.query.select import plan_select

            yield plan_select(text, find_table), sources


def refuse_table(place: str, resource: str, position: int) -> InputError:
    """The error for a table that a SELECT names at a position: it doesn't exist or isn't public."""
    return InputError(_NO_TABLE, table=f'"{place}"."{resource}"'[:200], position=position)


def _plan_rows(table: QueryTable, query: RowsQuery) -> RowsPlan:
    from opendata.query.rows import plan_rows  # it takes long to load: when it is needed

    return plan_rows(table, query)


def _cut_page(
    plan: RowsPlan, query: RowsQuery, rows: pa.Table, sources: Sequence[QuerySource], total: int | None
) -> RowsPage:
    """The page out of the rows that came: one more than it has tells whether there are others beyond."""
    import pyarrow as pa

    from opendata.query.cursors import write_cursor

    limit = query.limit or 0
    has_more = rows.num_rows > limit
    rows = rows.slice(0, limit)
    if plan.backwards:
        rows = rows.take(pa.array(range(rows.num_rows - 1, -1, -1), pa.int64()))
    keyed = rows.select([key.name for key in plan.keys])
    columns = _list_columns(plan.statement.names, rows.schema, plan.statement.fields)
    shown = rows.select(list(range(len(columns)))).rename_columns([column.name for column in columns])
    begins = has_more if plan.backwards else bool(query.cursor or query.offset)
    goes_on = True if plan.backwards else has_more
    last = rows.num_rows - 1
    write = partial(write_cursor, keyed, keys=plan.keys, owner=plan.owner, numbered=not plan.is_grouped)
    return RowsPage(
        columns=columns,
        rows=shown,
        sources=sources,
        total=total,
        fingerprint=_fingerprint_page(query, plan.owner),
        next=write(last) if goes_on and last >= 0 and plan.keys else None,
        previous=write(0, backwards=True) if begins and last >= 0 and plan.keys else None,
        is_grouped=plan.is_grouped,
        numbers=() if plan.is_grouped else keyed.column(plan.keys[-1].name).to_pylist(),
    )


def _require_offset(offset: int) -> None:
    if not 0 <= offset <= MOST_OFFSET:
        raise InputError(_OFFSET, most=MOST_OFFSET)


def _fingerprint_page(query: RowsQuery, owner: str) -> str:
    return hashlib.sha256(json.dumps([owner, query.limit, query.cursor, query.offset]).encode()).hexdigest()


def _fingerprint_select(statement: Statement, sources: Sequence[QuerySource]) -> str:
    parts = [EDITION, statement.sql, [item.hash for item in sources]]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _list_columns(names: Sequence[str], schema: pa.Schema, fields: Sequence[Field | None]) -> list[AnswerColumn]:
    fields = fields or [None] * len(names)
    return [
        AnswerColumn(name=name, type=schema.field(number).type, field=field)
        for number, (name, field) in enumerate(zip(names, fields, strict=True))
    ]


def _list_wide(columns: Sequence[AnswerColumn], table: QueryTable) -> frozenset[str]:
    """The columns of an answer that are columns of the table with long numbers."""
    wide = _find_wide(table.sha256, tuple(path for path, _ in table.files))
    return frozenset(item.name for item in columns if item.field is not None and item.field.name in wide)


@lru_cache(maxsize=_KEPT)
def _find_wide(sha256: str, paths: Sequence[Path]) -> frozenset[str]:  # noqa: ARG001 - the digest is the key
    from opendata.tables.forms.form_numbers import find_wide_columns

    found = frozenset[str]()
    for path in paths:
        with open_parquet(path) as file:
            found |= find_wide_columns(file)
    return found


def _number_parts(table: TableResource, paths: Sequence[Path]) -> Sequence[tuple[Path, int]]:
    """The parts of a table, each with the number of rows before it."""
    before = accumulate((part.rows for part in table.parquet.parts), initial=0)
    return list(zip(paths, before, strict=False))


def _make_schema(columns: Sequence[AnswerColumn]) -> pa.Schema:
    import pyarrow as pa

    return pa.schema([pa.field(column.name, column.type) for column in columns])


def _select(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """A batch with the columns that the answer shows, under their names."""
    import pyarrow as pa

    return pa.RecordBatch.from_arrays(batch.columns[: len(schema)], schema=schema)


def _unlike(names: Sequence[str]) -> list[str]:
    """Names of which no two are equal."""
    found: list[str] = []
    for name in names:
        found.append(make_unlike(name, found))
    return found
