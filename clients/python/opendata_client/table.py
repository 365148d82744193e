"""One published table of one version, in the reader's library of choice."""

from __future__ import annotations

import glob
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet

from opendata_client.cache import Cache
from opendata_client.changes import parse_changes
from opendata_client.transport import Transport

if TYPE_CHECKING:
    import duckdb
    import pandas
    import polars


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table. `url` is the permanent address of its version, `sha256` and `size` are those of its Parquet file.

    `schema` is its Table Schema. The types of Parquet follow from it: decimals, dates and codes stay what they are.
    """

    dataset: str
    version: str
    resource: str
    url: str
    sha256: str
    size: int
    schema: Mapping[str, Any] = field(repr=False)
    transport: Transport = field(repr=False, compare=False)
    cache: Cache = field(repr=False, compare=False)

    @property
    def path(self) -> Path:
        """Its Parquet file in the cache, downloaded where it isn't there, with the published digest."""
        address = f"{self.url}{quote(self.resource)}.parquet"
        return self.cache.fetch(self.sha256, self.size, lambda: self.transport.download(address, self.size))

    def to_arrow(self) -> pa.Table:
        """The rows as a table of pyarrow."""
        with pyarrow.parquet.ParquetFile(self.path) as file:
            return file.read()

    def to_pandas(self) -> pandas.DataFrame:
        """The rows as a data frame of pandas. Its types are those of Arrow, so nothing is rounded or guessed."""
        import pandas as pd

        found: pandas.DataFrame = self.to_arrow().to_pandas(types_mapper=pd.ArrowDtype)
        return found

    def to_polars(self) -> polars.DataFrame:
        """The rows as a data frame of polars."""
        import polars as pl

        return pl.DataFrame(self.to_arrow())

    def to_duckdb(self, connection: duckdb.DuckDBPyConnection | None = None) -> duckdb.DuckDBPyRelation:
        """A relation of DuckDB that reads the Parquet file as it is queried."""
        import duckdb

        source = connection if connection is not None else duckdb
        return source.read_parquet(glob.escape(str(self.path)), hive_partitioning=False)

    @cached_property
    def citation(self) -> str:
        """How to cite the version: who, when, what, where, and the digest that proves it."""
        data, _ = self.transport.get_bytes(f"{self.url}citation.txt", "text/plain")
        return data.decode().strip()

    def changes_since(self, version: str) -> pa.Table:
        """What to do to the rows of an older version to have these: `_change` is `added`, `removed` or `after`.

        Write `added` and `after` rows over those with the same key, and delete `removed` rows.
        """
        address = f"{self.url}{quote(self.resource)}.csv?since={quote(version, safe='')}"
        data, _ = self.transport.get_bytes(address, "text/csv")
        with pyarrow.parquet.ParquetFile(self.path) as file:
            return parse_changes(data, self.schema, file.schema_arrow)
