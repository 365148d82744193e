"""Medians and quantiles between two decimals: the engine would cut them to the digits of the column, 3.015 to 3.01."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from opendata.domain.schema import Field

_BETWEEN = (exp.Median, exp.PercentileCont)


def keep_halves(found: exp.Expr, find_field: Callable[[exp.Column], Field | None]) -> None:
    """Let medians and continuous quantiles of decimals be computed as doubles."""
    for node in list(found.find_all(*_BETWEEN)):
        for column in list(node.this.find_all(exp.Column)):
            field = find_field(column)
            if field is not None and is_decimal(field):
                column.replace(exp.cast(column.copy(), "DOUBLE"))


def is_decimal(field: Field) -> bool:
    """Whether the values of a column are kept as decimals."""
    return field.type == "number" and "scale" in field.own
