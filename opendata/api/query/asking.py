"""What is asked in an address: parameters as a query over rows. Each counts or is refused; none is ignored."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from flask import request
from marshmallow import fields
from werkzeug.datastructures import MultiDict

from opendata.api.core.fields import Shape
from opendata.errors import N_, InputError, Listed
from opendata.query.near import find_near
from opendata.query.values import MOST_ROWS, SEPARATOR, Filter, RowsQuery

_TEXTS = ("select", "where", "group_by", "having", "order_by", "cursor")
_WINDOW = ("limit", "offset")
SEARCH, EDITION = "q", "edition"
PARAMETERS = (*_TEXTS, *_WINDOW, SEARCH, EDITION)
DEFAULT_LIMIT = 100

_SHOWN = 60
_MOST_FILTERS = 100
_WHOLE = re.compile(r"[0-9]{1,9}", re.ASCII)
_UNREADABLE = -1
"""What stands for a number that can't be read: the service refuses it and says what is allowed."""

_NUL = N_("A NUL character isn't allowed")
_TWICE = N_("“%(name)s” is there twice. Give it once")
_NEAR = N_("There is no parameter “%(name)s”. Did you mean %(near)s?")
_UNKNOWN = N_(
    "There is no parameter “%(name)s”. Parameters: %(parameters)s. To filter by a column, write its name and"
    " __exact, __contains, __gt or another operator"
)
_NEAR_OPERATOR = N_("“%(name)s”: there is no operator “%(operator)s”. Did you mean %(near)s?")
_OPERATOR = N_("“%(name)s”: there is no operator “%(operator)s”. Operators: %(operators)s")
_MANY = N_("At most %(most)s filters can be given at once")
_EDITION = N_("“edition” must be the number of an edition of the query engine, such as 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked: the query, the parameters as written, and the edition of the engine that a link names."""

    query: RowsQuery
    parameters: Sequence[tuple[str, str]]
    edition: int | None

    @property
    def document(self) -> Mapping[str, str | list[str]]:
        """The parameters for JSON; one that came several times is a list."""
        found: dict[str, str | list[str]] = {}
        for name, value in self.parameters:
            before = found.get(name)
            found[name] = value if before is None else [*(before if isinstance(before, list) else [before]), value]
        return found

    @property
    def text(self) -> str:
        """The parameters as one text."""
        return "&".join(f"{name}={value}" for name, value in self.parameters)


def read_rows(list_columns: Callable[[], Sequence[str]], *, whole: bool = False) -> Asked:
    """What the address of this request asks of a table; `whole` is for all rows where there is no limit.

    An empty parameter counts as left out: that is how forms send it. Raises `InputError` for what isn't a parameter,
    with the nearest that is.
    """
    given = [(name, value) for name, value in request.args.items(multi=True) if value or name not in PARAMETERS]
    values = read_once(given)
    filters = [_read_filter(name, value, list_columns) for name, value in given if name not in PARAMETERS]
    if len(filters) > _MOST_FILTERS:
        raise InputError(_MANY, most=_MOST_FILTERS)
    query = RowsQuery(
        **{name: values.get(name, "") for name in _TEXTS},
        filters=filters,
        search=values.get(SEARCH, ""),
        limit=read_whole(values["limit"]) if "limit" in values else None if whole else DEFAULT_LIMIT,
        offset=read_whole(values.get("offset", "0")),
    )
    return Asked(query=query, parameters=given, edition=read_edition(values))


def read_once(given: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The values of parameters. Raises `InputError` for one of ours that is there twice, and for a NUL character."""
    found: dict[str, str] = {}
    for name, value in given:
        if "\0" in name or "\0" in value:
            raise InputError(_NUL)
        if name in found and name in PARAMETERS:
            raise InputError(_TWICE, name=name)
        found[name] = value
    return found


def read_whole(text: str) -> int:
    """A whole number; what isn't one is a number that no query takes."""
    return int(text) if _WHOLE.fullmatch(text) else _UNREADABLE


def read_edition(values: Mapping[str, str]) -> int | None:
    """The edition of the engine that a link names. Raises `InputError`."""
    text = values.get(EDITION)
    if text is not None and not _WHOLE.fullmatch(text):
        raise InputError(_EDITION)
    return None if text is None else int(text)


def refuse_unknown(given: MultiDict[str, str], known: Sequence[str]) -> None:
    """Raises `InputError` for a parameter that isn't among those known."""
    for name in given:
        if name not in known:
            _refuse(name, find_near(name, known), known)


def _read_filter(name: str, value: str, list_columns: Callable[[], Sequence[str]]) -> Filter:
    from opendata.query.filters import OPERATORS

    column, mark, operator = name.rpartition(SEPARATOR)
    if not mark:
        columns = list_columns()
        near = [f"{name}{SEPARATOR}exact"] if name in columns else list(find_near(name, PARAMETERS))
        near = near or [f"{item}{SEPARATOR}exact" for item in find_near(name, columns)]
        _refuse(name, near, PARAMETERS)
    if operator not in OPERATORS:
        shown, told = name[:_SHOWN], operator[:_SHOWN]
        near = [f"{column[:_SHOWN]}{SEPARATOR}{item}" for item in find_near(operator, OPERATORS)]
        if near:
            raise InputError(_NEAR_OPERATOR, name=shown, operator=told, near=_join(near))
        raise InputError(_OPERATOR, name=shown, operator=told, operators=Listed(OPERATORS))
    return Filter(column, operator, value)


def _refuse(name: str, near: Sequence[str], known: Sequence[str]) -> NoReturn:
    if near:
        raise InputError(_NEAR, name=name[:_SHOWN], near=_join(near))
    raise InputError(_UNKNOWN, name=name[:_SHOWN], parameters=Listed(known))


def _join(texts: Sequence[str]) -> str:
    return Listed(f"“{item}”" for item in texts)


def _text(description: str) -> fields.String:
    return fields.String(metadata={"description": description})


class RowsParameters(Shape):
    """The parameters of rows, for the document: the view reads them itself, since any column may be one."""

    select = _text(
        N_(
            "Which columns, as SQL expressions with commas between: `city, gdp / population AS per_head`. With sums"
            " such as `sum(gdp)`, rows are grouped."
        )
    )
    where = _text(
        N_(
            "A condition in SQL: `gdp > 1000 AND city IN ('杭州', '宁波')`. A name with spaces or signs is in double"
            " quotes."
        )
    )
    group_by = _text(N_("What rows are grouped by: columns or SQL expressions, with commas between."))
    having = _text(N_("A condition over groups, such as `count(*) > 10`."))
    order_by = _text(
        N_("What rows are ordered by: `gdp DESC, city`. Equal rows stay in the order of the table; nulls come last.")
    )
    q = _text(N_("A text that any cell of a row has, whatever the letter case."))
    limit = fields.Integer(
        metadata={
            "description": N_("How many rows: on a page 100 if nothing is said, in a file all."),
            "minimum": 1,
            "maximum": MOST_ROWS,
        }
    )
    cursor = _text(N_("`next` or `previous` of another page of the same query. Only for pages."))
    offset = fields.Integer(
        metadata={
            "description": N_("How many rows to leave out first, to jump. To read on, use `cursor`."),
            "minimum": 0,
        }
    )
    edition = fields.Integer(
        metadata={"description": N_("The edition of the query engine that a link was made with; it changes no row.")}
    )


FILTERS = {
    "in": "query",
    "name": "filters",
    "style": "form",
    "explode": True,
    "description": N_(
        "Simple filters, each a parameter of its own: the name of a column, two underscores and an operator, such as"
        " `city__exact=杭州` or `gdp__gte=1000`. Operators: `exact`, `not`, `gt`, `gte`, `lt`, `lte`, `in` and `notin`"
        " (values with commas between), `contains`, `notcontains`, `startswith`, `endswith`, `isnull` (`true` or"
        " `false`). All must hold."
    ),
    "schema": {"type": "object", "additionalProperties": {"type": "string"}},
}
