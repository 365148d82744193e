"""Which columns hold ids of a table's rows: what follows when a row gets another id, or goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column

from opendata.db.models.base import Base


def list_references(table: str, name: str) -> Sequence[Column[Any]]:
    """The columns of other tables that have a foreign key to `table.id`, or are called so; those that are used first.

    A table comes after all that refer to it, so that rows can be deleted in this order.
    """
    return [
        column
        for found in reversed(Base.metadata.sorted_tables)
        for column in found.columns
        if found.name != table
        and (column.name == name or any(key.target_fullname == f"{table}.id" for key in column.foreign_keys))
    ]
