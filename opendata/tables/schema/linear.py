"""What we change in frictionless before it reads a cell: patterns run on a linear-time engine.

Source: frictionless-py 5.21, `frictionless/schema/field.py`.
"""

from __future__ import annotations

from typing import Any

from frictionless import Schema
from frictionless.fields import StringField

from opendata.tables.schema.engine import compile_pattern


class LinearStringField(StringField):
    """A string field whose `pattern` is matched by RE2 against the whole value, in time linear in its length."""

    supported_constraints = [name for name in StringField.supported_constraints if name != "pattern"]  # noqa: RUF012

    def to_copy(self, **options: Any) -> LinearStringField:
        """A copy that is linear too; frictionless checks by copies, and makes them by the name of the type."""
        copy = super().to_copy(**options)
        copy.__class__ = LinearStringField
        return copy

    def create_cell_reader(self) -> Any:
        """The reader of one cell: text in, (value, notes per failed rule) out."""
        read = super().create_cell_reader()
        pattern = self.constraints.get("pattern")
        if pattern is None:
            return read
        match = compile_pattern(pattern).fullmatch
        note = f'constraint "pattern" is "{pattern}"'

        def read_cell(cell: Any) -> tuple[Any, dict[str, str] | None]:
            value, notes = read(cell)
            if value is not None and match(value) is None:
                notes = {**(notes or {}), "pattern": note}
            return value, notes

        return read_cell


def use_linear_patterns(schema: Schema) -> Schema:
    """Give each string field that has a pattern the linear reader, everything else of it unchanged."""
    for field in schema.fields:
        if type(field) is StringField and "pattern" in field.constraints:
            field.__class__ = LinearStringField
    return schema
