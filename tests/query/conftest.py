"""Tables to ask without a portal around them: the service over files of Parquet that a test writes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from opendata.domain.schema import TableSchema
from opendata.errors import NotFoundError
from opendata.query.values import RowsQuery
from opendata.services.query.answers import RowsPage, write_lines
from opendata.services.query.queries import Queries
from opendata.tables.forms.writing import ROW_GROUP_ROWS

TYPES = {
    pa.string(): "string",
    pa.int64(): "integer",
    pa.int32(): "year",
    pa.float64(): "number",
    pa.date32(): "date",
    pa.timestamp("us"): "datetime",
    pa.bool_(): "boolean",
}


@dataclass
class Tables:
    """Published tables, as the service finds them."""

    folder: Path
    files: dict[str, tuple[Path, str, TableSchema, int]] = field(default_factory=dict)

    def put(self, name: str, table: pa.Table, fields: Sequence[Mapping[str, Any]] | None = None) -> None:
        path = self.folder / f"{len(self.files)}-{id(table)}.parquet"
        pq.write_table(table, path, compression="zstd", row_group_size=ROW_GROUP_ROWS)  # as publication does
        found = fields or [describe(item) for item in table.schema]
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        self.files[name] = (path, sha256, TableSchema({"fields": list(found)}), table.num_rows)

    def find_latest(self, dataset: str) -> str:
        return "1.0.0"

    def find_file(self, dataset: str, version: str, resource: str, suffix: str, reader: object = None) -> Any:
        if resource not in self.files:
            raise NotFoundError
        path, sha256, _, _ = self.files[resource]

        def local_copy() -> AbstractContextManager[Path]:
            return nullcontext(path)

        def local_tables() -> AbstractContextManager[list[Path]]:
            return nullcontext([path])

        return SimpleNamespace(sha256=sha256, is_public=True, local_copy=local_copy, local_tables=local_tables)

    def get_profile(self, dataset: str, version: str, resource: str, reader: object = None) -> list[Any]:
        return []

    def get_table(self, dataset: str, version: str, resource: str) -> Any:
        _, _, schema, rows = self.files[resource]
        return SimpleNamespace(schema=schema, rows=rows, parquet=SimpleNamespace(parts=()))


def describe(item: pa.Field) -> Mapping[str, Any]:
    """The field of a column, as publication types it."""
    if pa.types.is_decimal(item.type):
        return {"name": item.name, "type": "number", "opendata": {"scale": item.type.scale}}
    return {"name": item.name, "type": TYPES[item.type]}


@dataclass(frozen=True)
class Asking:
    """Questions to these tables."""

    tables: Tables
    queries: Queries

    def page(self, name: str = "t", **asked: Any) -> RowsPage:
        return self.queries.read_page("d", "1.0.0", name, RowsQuery(**asked))

    def rows(self, name: str = "t", **asked: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.page(name, **{"limit": 10_000, **asked}).rows.to_pylist()
        return found

    def select(self, text: str, limit: int = 1000) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.queries.select(text, limit=limit).rows.to_pylist()
        return found

    def lines(self, name: str = "t", **asked: Any) -> bytes:
        page = self.page(name, **asked)
        return b"".join(write_lines(page.rows, page.wide))


def make_asking(folder: Path, *, seconds: int = 20, megabytes: int = 512, processes: int = 2) -> Asking:
    tables = Tables(folder)
    settings = SimpleNamespace(query_seconds=seconds, query_memory_bytes=megabytes << 20, query_processes=processes)
    context: Any = SimpleNamespace(settings=settings)
    versions: Any = tables
    return Asking(tables, Queries(context, versions))


@pytest.fixture(scope="session")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    found = make_asking(tmp_path_factory.mktemp("asking"))
    yield found
    found.queries.close()
