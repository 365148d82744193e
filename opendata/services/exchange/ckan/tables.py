"""Rows of published tables as CKAN's DataStore gives them. Only tables that anybody may have are there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from opendata.domain.catalogue.entries import CatalogueEntry
from opendata.domain.resources import TableResource
from opendata.domain.schema import Field
from opendata.errors import InputError
from opendata.exchange.ckan import ids
from opendata.exchange.ckan.faults import AbsentError, DeniedError, ParameterError
from opendata.exchange.ckan.records import ID
from opendata.query.values import MOST_ROWS, ROW, QueryTable, Statement, name_columns
from opendata.services.exchange.ckan.catalogue import CkanCatalogue
from opendata.services.query.answers import RowsPage
from opendata.services.query.queries import Queries

if TYPE_CHECKING:
    import pyarrow as pa

    from opendata.query.engine import Answer

MOST_RECORDS = 32_000
MOST_SELECTED = MOST_ROWS
_MOST_VALUES = 1_000
_MOST_WORDS = 20
_MOST_SORT = 4_000
_DIRECTION = re.compile(r"\s+(asc|desc)(?:\s+nulls\s+(first|last))?\s*$", re.IGNORECASE)
_ID_TEXT = re.compile(r"[0-9]{1,15}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordsAsked:
    """Which rows and columns of a table. `fields` are none for all of them; `limit` is None for all rows."""

    filters: Mapping[str, Any] = field(default_factory=dict)
    words: str | Mapping[str, Any] = ""
    fields: Sequence[str] = ()
    sort: str = ""
    limit: int | None = 100
    offset: int = 0
    is_distinct: bool = False
    has_total: bool = True


@dataclass(frozen=True, slots=True)
class FoundTable:
    """A table by the UUID of its resource; `columns` are its fields by their names in queries."""

    resource: str
    entry: CatalogueEntry
    table: TableResource
    columns: Mapping[str, Field]

    @property
    def place(self) -> tuple[str, str, str]:
        """Its dataset, version and name."""
        return self.entry.id, self.entry.version or "", self.table.name


class CkanTables:
    """Reads rows of tables."""

    def __init__(self, catalogue: CkanCatalogue, queries: Queries) -> None:
        self._catalogue = catalogue
        self._queries = queries

    def find(self, resource: str) -> FoundTable:
        """A table by the UUID of its resource. Raises `AbsentError`."""
        try:
            entry, file = self._catalogue.find_file(resource)
        except AbsentError:
            raise AbsentError(f'Resource "{resource[:80]}" was not found.') from None
        if file.table is None:
            raise AbsentError(f'Resource "{resource[:80]}" has no table.')
        return FoundTable(resource.lower(), entry, file.table, name_columns(file.table.schema.fields))

    @contextmanager
    def stream(self, found: FoundTable, asked: RecordsAsked, *, is_whole: bool = False) -> Iterator[Answer]:
        """Rows of a table, batch by batch; the columns are those of `choose_columns`.

        Raises `ParameterError`, and as `Queries.stream_own`, also later.
        """
        plan = _Planner(found, asked).plan
        with self._queries.stream_own(found.place, plan, is_whole=is_whole) as answer:
            names = choose_columns(found, asked)
            yield replace(answer, batches=(batch.rename_columns(names) for batch in answer.batches))

    def read(self, found: FoundTable, asked: RecordsAsked) -> tuple[list[pa.RecordBatch], int | None]:
        """All these rows at once, and how many there are without `limit`. Raises as `stream`."""
        with self.stream(found, asked) as answer:
            size, batches = 0, []
            for batch in answer.batches:
                size += batch.nbytes
                if size > _most_bytes():
                    raise ParameterError("limit", "These rows are too large for one answer. Ask for fewer")
                batches.append(batch)
        return batches, self._count(found, asked)

    def select(self, text: str) -> RowsPage:
        """The rows of one SELECT over tables, which are named by the UUIDs of their resources.

        Raises `DeniedError` for other tables, `InputError` for what is wrong with it.
        """
        return self._queries.select(text, limit=MOST_SELECTED)

    def translate(self, text: str) -> str:
        """A SELECT over resources as one over the tables of this portal. Raises `DeniedError`, `InputError`."""
        from sqlglot import tokenize
        from sqlglot.errors import SqlglotError
        from sqlglot.tokenizer_core import TokenType

        from opendata.query.grammar import DIALECT, MOST_CHARACTERS

        if len(text) > MOST_CHARACTERS:
            raise ParameterError("sql", f"At most {MOST_CHARACTERS:,} characters are read")
        try:
            tokens = tokenize(text, read=DIALECT)
        except (SqlglotError, RecursionError):
            raise ParameterError("sql", "The query can't be understood") from None
        places = [item for item in tokens if item.token_type == TokenType.IDENTIFIER and ids.is_uuid(item.text)]
        known: dict[str, str] = {}
        for item in places:
            if item.text not in known:
                if len(known) == _MOST_WORDS:
                    raise ParameterError("sql", f"At most {_MOST_WORDS} tables can be named")
                known[item.text] = self._name_table(item.text)
        for item in reversed(places):
            text = text[: item.start] + known[item.text] + text[item.end + 1 :]
        return text

    def _name_table(self, resource: str) -> str:
        try:
            found = self.find(resource)
        except AbsentError:
            raise DeniedError(f"there is no public table {resource}") from None
        return f'"{found.entry.id}@{found.entry.version}"."{found.table.name}"'

    def _count(self, found: FoundTable, asked: RecordsAsked) -> int | None:
        if not asked.has_total:
            return None
        if not (asked.filters or asked.words or asked.is_distinct):
            return found.table.rows
        with self._queries.stream_own(found.place, _Planner(found, asked).count) as answer:
            return int(answer.read().column(0)[0].as_py())


def choose_columns(found: FoundTable, asked: RecordsAsked) -> list[str]:
    """The columns of an answer, the number of the row first unless others are chosen. Raises `ParameterError`."""
    known = [ID, *(name for name in found.columns if name != ID)]
    unknown = [name for name in asked.fields if name not in known]
    if unknown:
        raise ParameterError("fields", f'field "{unknown[0][:80]}" not in table')
    return list(dict.fromkeys(asked.fields)) or known


def _most_bytes() -> int:
    from opendata.query.engine import MOST_BYTES

    return MOST_BYTES


class _Planner:
    """Writes the statement of an answer."""

    def __init__(self, found: FoundTable, asked: RecordsAsked) -> None:
        self._found = found
        self._asked = asked
        self._names = choose_columns(found, asked)

    def plan(self, table: QueryTable) -> Statement:
        asked = self._asked
        shown = ", ".join(f"{self._write(name)} AS s{number}" for number, name in enumerate(self._names))
        sql = f"SELECT {'DISTINCT ' if asked.is_distinct else ''}{shown} {self._write_source(table)}"
        orders = list(self._list_orders())
        if not asked.is_distinct:
            orders.append(_quote(ROW))
        if orders:
            sql += f" ORDER BY {', '.join(orders)}"
        if asked.limit is not None:
            sql += f" LIMIT {asked.limit}"
        if asked.offset:
            sql += f" OFFSET {asked.offset}"
        return Statement(sql=sql, tables=(table,), names=self._names, threads=1, hides_rows=False)

    def count(self, table: QueryTable) -> Statement:
        inner = "*"
        if self._asked.is_distinct:
            shown = ", ".join(f"{self._write(name)} AS s{number}" for number, name in enumerate(self._names))
            inner = f"DISTINCT {shown}"
        sql = f"SELECT count(*) AS n FROM (SELECT {inner} {self._write_source(table)}) AS q"  # noqa: S608
        return Statement(sql=sql, tables=(table,), threads=0, hides_rows=False)

    def _write_source(self, table: QueryTable) -> str:
        conditions = [*self._list_filters(), *self._list_searches()]
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        return f"FROM {_quote(table.view)}{where}"

    def _write(self, name: str) -> str:
        return f"({_quote(ROW)} + 1)" if name == ID else _quote(name)

    def _list_filters(self) -> Iterator[str]:
        for name, value in self._asked.filters.items():
            if name != ID and name not in self._found.columns:
                raise ParameterError("filters", f'"{name[:80]}" is not a column name')
            values = value if isinstance(value, list) else [value]
            if len(values) > _MOST_VALUES:
                raise ParameterError("filters", f"at most {_MOST_VALUES:,} values")
            given = [self._write_value(name, item) for item in values if item is not None]
            ways = [f"{self._write(name)} IN ({', '.join(given)})"] if given else []
            ways += [f"{self._write(name)} IS NULL"] if len(given) < len(values) else []
            yield f"({' OR '.join(ways)})" if ways else "FALSE"

    def _write_value(self, name: str, value: Any) -> str:
        from opendata.query.filters import read_value

        if isinstance(value, dict | list):
            raise ParameterError("filters", "a value must be a text, a number, true or false")
        text = json.dumps(value) if isinstance(value, bool | int | float) else str(value)
        if name == ID:
            if not _ID_TEXT.fullmatch(text):
                raise ParameterError("filters", '"_id" needs a whole number')
            return text
        try:
            return read_value(self._found.columns[name], text, name).sql("duckdb")
        except InputError as error:
            raise ParameterError("filters", error.text) from None

    def _list_searches(self) -> Iterator[str]:
        from sqlglot import exp

        from opendata.query.filters import contains, quote_name

        words = self._asked.words
        pairs = [("", words)] if isinstance(words, str) else list(words.items())
        for name, text in pairs:
            if name and name not in self._found.columns:
                raise ParameterError("q", f'"{name[:80]}" is not a column name')
            columns = [(name, self._found.columns[name])] if name else list(self._found.columns.items())
            for word in str(text).split()[:_MOST_WORDS]:
                ways = [contains(quote_name(column), word, kind) for column, kind in columns]
                yield f"({exp.or_(*ways).sql('duckdb')})"

    def _list_orders(self) -> Iterator[str]:
        if len(self._asked.sort) > _MOST_SORT:
            raise ParameterError("sort", f"at most {_MOST_SORT:,} characters are read")
        for part in _split(self._asked.sort):
            match = _DIRECTION.search(part)
            name = _unquote(part[: match.start()] if match else part)
            if name != ID and name not in self._found.columns:
                raise ParameterError("sort", f'field "{name[:80]}" not in table')
            if self._asked.is_distinct and name not in self._names:
                raise ParameterError("sort", f'field "{name[:80]}" is not among the distinct fields')
            direction = match[1].upper() if match else "ASC"
            place = f"s{self._names.index(name)}" if self._asked.is_distinct else self._write(name)
            yield f"{place} {direction} NULLS {(match[2] if match and match[2] else 'LAST').upper()}"


def _split(text: str) -> Sequence[str]:
    """The parts between commas that aren't in double quotes."""
    parts = re.findall(r'(?:[^,"]|"(?:[^"]|"")*"|")+', text)
    return [item.strip() for item in parts if item.strip()]


def _unquote(name: str) -> str:
    name = name.strip()
    if len(name) > 1 and name[0] == name[-1] == '"':
        return name[1:-1].replace('""', '"')
    return name


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
