"""A table whose parts were written by somebody else, as it is offered for publication."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opendata.domain.parts.files import Part, StoredFile
from opendata.domain.profile import ColumnProfile
from opendata.domain.schema import TableSchema


@dataclass(frozen=True, slots=True, kw_only=True)
class PartedTable:
    """A table whose files were written elsewhere, as blobs of the private store.

    `csv` are its parts in their order: the first has the header, each ends with a line end, and their joined bytes are
    the canonical CSV. `parquet` are whole Parquet files of the same Arrow schema, not necessarily cut at the same rows.
    `schema` is the one as published, `schema_name` its `name@version` in the library. `report` and `profile` are those
    of the whole, `privacy` what the screen found. `source` is the file it was made of; without one it is its own.
    """

    name: str
    csv: Sequence[Part]
    parquet: Sequence[Part]
    schema: TableSchema
    report: Mapping[str, Any]
    profile: Sequence[ColumnProfile]
    title: str = ""
    description: str = ""
    schema_name: str = ""
    privacy: Sequence[Mapping[str, Any]] = ()
    source: StoredFile | None = None
