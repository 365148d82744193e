"""What the profile computes of a version, by the names of the properties."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict

from opendata.domain.resources import TableResource


class Measures(TypedDict):
    """How many columns (`items`) and rows all tables have together, and how many bytes their CSV files."""

    items: int
    rows: int
    bytes: int


def measure_tables(tables: Iterable[TableResource]) -> Measures | None:
    """The measures of the tables of a version; None where there are none."""
    found = list(tables)
    if not found:
        return None
    return Measures(
        items=sum(len(item.schema.fields) for item in found),
        rows=sum(item.rows for item in found),
        bytes=sum(item.file.bytes for item in found),
    )
