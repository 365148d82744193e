"""What we change in frictionless before it checks a table: patterns run on a linear-time engine.

Source: frictionless-py 5.21, `frictionless/schema/field.py`; RE2 syntax.
"""

from __future__ import annotations

from typing import Any

import re2
from frictionless import Schema
from frictionless.fields import StringField


class LinearStringField(StringField):
    """A string field whose `pattern` is matched by RE2 against the whole value, in time linear in its length."""

    supported_constraints = [name for name in StringField.supported_constraints if name != "pattern"]  # noqa: RUF012

    def create_cell_reader(self) -> Any:
        """The reader of one cell: text in, (value, notes per failed rule) out."""
        read = super().create_cell_reader()
        pattern = self.constraints.get("pattern")
        if pattern is None:
            return read
        options = re2.Options()
        options.log_errors = False
        match = re2.compile(pattern, options).fullmatch
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
