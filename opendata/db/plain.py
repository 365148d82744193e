"""Rows read as plain values: what a list shows takes no row of the ORM, and JSON stays text until it is needed.

a page of datasets → one statement, prepared once → tuples → a tuple that was seen before has its value already
                                                          → any other becomes a row that belongs to no session
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from sqlalchemy import JSON, ColumnElement, Select, Text, cast, select

from opendata.db.models import Base

Row = TypeVar("Row", bound=Base)


class PlainRows(Generic[Row]):
    """Some columns of a table, all without `names`, and rows made of their values."""

    def __init__(self, model: type[Row], names: Sequence[str] = ()) -> None:
        names = tuple(names) or tuple(column.name for column in model.__table__.c)
        self._model, self._names = model, names
        columns = [model.__table__.c[name] for name in names]
        self._texts = frozenset(name for name, column in zip(names, columns, strict=True) if _is_json(column))
        self.columns: Sequence[ColumnElement[Any]] = [
            cast(column, Text).label(column.name) if _is_json(column) else column for column in columns
        ]

    def __len__(self) -> int:
        return len(self._names)

    def select(self) -> Select[*tuple[Any, ...]]:
        """The statement that reads them."""
        return select(*self.columns)

    def make(self, values: Sequence[Any], **more: Any) -> Row:
        """A row with these values, in no session."""
        found = zip(self._names, values, strict=True)
        return self._model(**{name: self._read(name, value) for name, value in found}, **more)

    def _read(self, name: str, value: Any) -> Any:
        return json.loads(value) if value is not None and name in self._texts else value


def _is_json(column: ColumnElement[Any]) -> bool:
    return isinstance(column.type, JSON)
