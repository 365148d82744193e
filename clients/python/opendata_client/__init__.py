"""Tables of an opendata portal in pandas, polars, pyarrow or DuckDB: typed, checked against their digests, cached."""

from __future__ import annotations

from opendata_client.errors import (
    IntegrityError,
    NotAPortalError,
    NotFoundError,
    NotPublicError,
    OpendataError,
    RefusedError,
    UnreachableError,
    UsageError,
    WithdrawnError,
)
from opendata_client.loading import load
from opendata_client.querying import query
from opendata_client.table import Table

__all__ = [
    "IntegrityError",
    "NotAPortalError",
    "NotFoundError",
    "NotPublicError",
    "OpendataError",
    "RefusedError",
    "Table",
    "UnreachableError",
    "UsageError",
    "WithdrawnError",
    "load",
    "query",
]
