"""The simple operators: `city__exact=…`, `gdp__gt=…`. Each becomes a condition over a column, of its type."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import NoReturn

from sqlglot import exp

from opendata.domain.schema import Field
from opendata.errors import N_, InputError
from opendata.query.values import MOMENTS, NUMBERS, Filter, is_float

_DAY_TIME = re.compile(r"(?<=[0-9]) (?=[0-9])", re.ASCII)
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?", re.ASCII)
NOT_FINITE = ("NaN", "INF", "-INF")
"""How Table Schema writes them, and so do cells."""

_SHOWN = 60
_TRUE, _FALSE = ("1", "true", "yes"), ("0", "false", "no")
_EXPECTED: Mapping[str, str] = {
    "number": N_("“%(parameter)s” needs a number, not “%(value)s”"),
    "date": N_("“%(parameter)s” needs a date such as 2026-08-31, not “%(value)s”"),
    "datetime": N_("“%(parameter)s” needs a moment such as 2026-08-31T09:30:00, not “%(value)s”"),
    "boolean": N_("“%(parameter)s” needs true or false, not “%(value)s”"),
}


def build_condition(found: Filter, name: str, field: Field) -> exp.Expr:
    """The condition of a filter over a column of this name. Raises `InputError` for a value that isn't of its type."""
    return OPERATORS[found.operator](found, _column(name), field)


def quote_name(name: str) -> exp.Column:
    """A column by its exact name."""
    return _column(name)


def contains(column: exp.Expr, text: str, field: Field) -> exp.Expr:
    """Whether a value, as cells write it, has a text in it, whatever the letter case."""
    return exp.Contains(this=_spell(column, field), expression=_spell_text(text, field))


def _spell(column: exp.Expr, field: Field) -> exp.Expr:
    """A value as cells write it, in small letters."""
    text: exp.Expr = exp.cast(column, "VARCHAR")
    if field.type == "datetime":  # the engine writes 2026-08-31 09:30:00 and +00
        for found, written in ((" ", "T"), ("+00", "Z")):
            text = exp.Replace(this=text, expression=exp.Literal.string(found), replacement=exp.Literal.string(written))
    elif is_float(field):  # the engine writes 5.0
        end = exp.Literal.string(".0")
        whole = exp.Left(
            this=text, expression=exp.Sub(this=exp.Length(this=text.copy()), expression=exp.Literal.number(2))
        )
        text = exp.If(this=exp.Anonymous(this="ENDS_WITH", expressions=[text.copy(), end]), true=whole, false=text)
    return exp.Lower(this=text)


def _spell_text(text: str, field: Field) -> exp.Expr:
    if field.type == "datetime":
        text = _DAY_TIME.sub("T", text)
    return exp.Lower(this=exp.Literal.string(text))


def read_value(field: Field, value: str, parameter: str) -> exp.Expr:
    """A value as it is written in an address, as a literal of the type of a column. Raises `InputError`."""
    if field.type in NUMBERS:
        return _read_number(value, parameter)
    if field.type in MOMENTS:
        return _read_moment(field.type, value, parameter)
    if field.type == "boolean":
        if value.lower() not in (*_TRUE, *_FALSE):
            _refuse("boolean", value, parameter)
        return exp.Boolean(this=value.lower() in _TRUE)
    return exp.Literal.string(value)


def _read_number(value: str, parameter: str) -> exp.Expr:
    text = value.strip()
    if text in NOT_FINITE:
        return exp.cast(exp.Literal.string(text.replace("INF", "Infinity")), "DOUBLE")
    if not _NUMBER.fullmatch(text):
        _refuse("number", value, parameter)
    number = exp.Literal.number(text.lstrip("+-"))
    return exp.Neg(this=number) if text.startswith("-") else number


def _read_moment(kind: str, value: str, parameter: str) -> exp.Expr:
    text = value.strip()
    try:
        moment = date.fromisoformat(text) if kind == "date" else datetime.fromisoformat(text)
    except ValueError:
        _refuse(kind, value, parameter)
    zone = getattr(moment, "tzinfo", None)
    sql_type = "DATE" if kind == "date" else "TIMESTAMPTZ" if zone else "TIMESTAMP"
    return exp.cast(exp.Literal.string(text), sql_type)


def _refuse(kind: str, value: str, parameter: str) -> NoReturn:
    raise InputError(_EXPECTED[kind], parameter=parameter, value=value[:_SHOWN])


def _column(name: str) -> exp.Column:
    return exp.Column(this=exp.to_identifier(name, quoted=True))


_Build = Callable[[Filter, exp.Expr, Field], exp.Expr]


def _compare(kind: type[exp.Expr]) -> _Build:
    def build(found: Filter, column: exp.Expr, field: Field) -> exp.Expr:
        return kind(this=column, expression=read_value(field, found.value, found.parameter))

    return build


def _any(found: Filter, column: exp.Expr, field: Field) -> exp.Expr:
    values = [read_value(field, item, found.parameter) for item in found.value.split(",")]
    return exp.In(this=column, expressions=values)


def _text(build: Callable[[exp.Expr, str, Field], exp.Expr]) -> _Build:
    return lambda found, column, field: build(column, found.value, field)


def _starts(column: exp.Expr, text: str, field: Field) -> exp.Expr:
    return exp.StartsWith(this=_spell(column, field), expression=_spell_text(text, field))


def _ends(column: exp.Expr, text: str, field: Field) -> exp.Expr:
    return exp.Anonymous(this="ENDS_WITH", expressions=[_spell(column, field), _spell_text(text, field)])


def _is_null(found: Filter, column: exp.Expr, _: Field) -> exp.Expr:
    if found.value.lower() not in (*_TRUE, *_FALSE):
        _refuse("boolean", found.value, found.parameter)
    is_null = exp.Is(this=column, expression=exp.Null())
    return is_null if found.value.lower() in _TRUE else exp.Not(this=is_null)


def _not(build: _Build) -> _Build:
    return lambda found, column, field: exp.Not(this=exp.Paren(this=build(found, column, field)))


OPERATORS: Mapping[str, _Build] = {
    "exact": _compare(exp.EQ),
    "not": _compare(exp.NEQ),
    "gt": _compare(exp.GT),
    "gte": _compare(exp.GTE),
    "lt": _compare(exp.LT),
    "lte": _compare(exp.LTE),
    "in": _any,
    "notin": _not(_any),
    "contains": _text(contains),
    "notcontains": _not(_text(contains)),
    "startswith": _text(_starts),
    "endswith": _text(_ends),
    "isnull": _is_null,
}
"""What can stand after the two underscores."""
