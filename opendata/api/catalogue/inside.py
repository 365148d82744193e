"""Looking inside tables: columns, values, tables to join with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from marshmallow import Schema, fields

from opendata.api.core.blueprints import ApiBlueprint
from opendata.api.core.current import absolute, services
from opendata.api.core.fields import Shape, Text, Whole
from opendata.api.core.inputs import PageQuery
from opendata.errors import N_
from opendata.metering import cost_class
from opendata.search.columns.asking import ColumnSearch
from opendata.search.columns.entries import FoundColumn
from opendata.search.columns.kinds import KINDS, WRONG_KIND
from opendata.search.columns.texts import LONGEST
from opendata.services.search.inside import Answer, ColumnFound, JoinFound, PublicTable, Share, ValueFound

blueprint = ApiBlueprint("inside", N_("Looking inside the tables that anybody may have."))

_DESCRIBED = {"count": N_("How many cells have a value."), "distinct": N_("How many different values there are.")}
_READY = N_("False while the index is being made: then nothing is found yet.")
_NEXT = N_("The cursor of the rest, null at the end. A part may be empty.")
_MOST_JOINS = 100


class ColumnQuery(PageQuery):
    """Which columns: all that is given must be true of one."""

    q = Text(longest=200, load_default="", metadata={"description": N_("Words that are in its name or title.")})
    kind = Text(
        load_default="",
        one_of=("", *KINDS),
        error=WRONG_KIND,
        metadata={"description": N_("What its values are, beyond their type."), "enum": list(KINDS)},
    )
    type = Text(longest=40, load_default="", metadata={"description": N_("Its type, such as `string`.")})
    schema = Text(
        longest=200,
        load_default="",
        metadata={"description": N_("Schema of the library: `name`, or `name@version`.")},
    )
    refersTo = Text(  # noqa: N815 - the name in the API
        longest=400,
        load_default="",
        metadata={"description": N_("What a foreign key of it names: `dataset`, `dataset/table` or a column of that.")},
    )


class ValueQuery(PageQuery):
    """Which value."""

    value = Text(
        longest=LONGEST,
        required=True,
        metadata={
            "description": N_(
                "The whole value of a cell. Letter case, width and traditional characters make no difference."
            )
        },
    )


class JoinQuery(Shape):
    """How many."""

    limit = Whole(
        1,
        _MOST_JOINS,
        error=N_("“limit” must be a whole number from 1 to 100"),
        load_default=20,
        metadata={"description": N_("How many items at most.")},
    )


class TablePlaceShape(Schema):
    """A table of the newest version of a dataset."""

    dataset = fields.String(required=True)
    version = fields.String(required=True)
    resource = fields.String(required=True)
    title = fields.String(required=True, metadata={"description": N_("Its title.")})
    datasetTitle = fields.String(required=True, metadata={"description": N_("The title of its dataset.")})  # noqa: N815
    rows = fields.Integer(required=True)
    url = fields.String(required=True, metadata={"description": N_("Its page.")})


class InsideColumnShape(Schema):
    """A column, and what is known of its values."""

    name = fields.String(required=True)
    title = fields.String(required=True)
    i18n = fields.Dict(required=True)
    type = fields.String(required=True)
    kind = fields.String(
        required=True, allow_none=True, metadata={"description": N_("What its values are, beyond their type.")}
    )
    schema = fields.String(
        required=True, allow_none=True, metadata={"description": N_("The schema of the library that its table has.")}
    )
    count = fields.Integer(required=True, metadata={"description": _DESCRIBED["count"]})
    distinct = fields.Integer(required=True, metadata={"description": _DESCRIBED["distinct"]})
    exact = fields.Boolean(
        required=True,
        metadata={
            "description": N_("Whether `distinct` was counted. The standard error of an estimate is 1/64 of it.")
        },
    )


class FoundColumnShape(Schema):
    """A column that was found."""

    table = fields.Nested(TablePlaceShape, required=True)
    column = fields.Nested(InsideColumnShape, required=True)


class FoundValueShape(FoundColumnShape):
    """A column that has a value."""

    value = fields.String(required=True, metadata={"description": N_("The value as it is written there.")})
    rows = fields.Integer(required=True, metadata={"description": N_("How many rows have it.")})
    rowsUrl = fields.String(required=True, metadata={"description": N_("The page of these rows.")})  # noqa: N815


class ShareShape(Schema):
    """A part of the different values of a column."""

    share = fields.Float(required=True, metadata={"description": N_("From 0 to 1.")})
    margin = fields.Float(
        required=True,
        metadata={"description": N_("How far off `share` is at most, in 95 of 100 cases; 0 where all were counted.")},
    )


class JoinShape(FoundColumnShape):
    """A column of another table that has values of a column of this one."""

    on = fields.String(required=True, metadata={"description": N_("The column of this table.")})
    here = fields.Nested(
        ShareShape, required=True, metadata={"description": N_("The part of the values here that are there.")}
    )
    there = fields.Nested(
        ShareShape, required=True, metadata={"description": N_("The part of the values there that are here.")}
    )
    uniqueHere = fields.Boolean(  # noqa: N815
        required=True, metadata={"description": N_("Whether no value comes twice in the column of this table.")}
    )
    uniqueThere = fields.Boolean(  # noqa: N815
        required=True, metadata={"description": N_("Whether no value comes twice in the column of the other table.")}
    )
    declared = fields.Boolean(
        required=True, metadata={"description": N_("Whether a foreign key of one of the two names the other.")}
    )


class JoinsShape(Schema):
    """The columns that a table can be joined on, the largest shares first."""

    items = fields.List(fields.Nested(JoinShape), required=True)
    ready = fields.Boolean(required=True, metadata={"description": _READY})


class FoundColumnsShape(Schema):
    """A page of columns."""

    items = fields.List(fields.Nested(FoundColumnShape), required=True)
    ready = fields.Boolean(required=True, metadata={"description": _READY})
    next = fields.String(required=True, allow_none=True, metadata={"description": _NEXT})


class FoundValuesShape(Schema):
    """A page of columns that have a value."""

    items = fields.List(fields.Nested(FoundValueShape), required=True)
    ready = fields.Boolean(required=True, metadata={"description": _READY})
    next = fields.String(required=True, allow_none=True, metadata={"description": _NEXT})


@blueprint.operation("GET", "/search/columns", shape=FoundColumnsShape, query=ColumnQuery, problems=(400, 422))
@cost_class("light")
def search_columns(query: Mapping[str, Any]) -> Mapping[str, Any]:
    """Find columns by name, kind, type, schema or code list.

    The newest versions of tables that anybody may have are searched.
    """
    wanted = ColumnSearch(
        words=query["q"],
        kind=query["kind"],
        type=query["type"],
        schema=query["schema"],
        refers_to=query["refersTo"],
    )
    found = services().inside.find_columns(wanted, limit=query["limit"], cursor=query.get("cursor"))
    return _describe(found, [_describe_column(item) for item in found.items])


@blueprint.operation("GET", "/search/values", shape=FoundValuesShape, query=ValueQuery, problems=(400, 422))
@cost_class("rows")
def search_values(query: Mapping[str, Any]) -> Mapping[str, Any]:
    """Find the tables in which a cell has a value.

    The newest versions of tables that anybody may have are searched, without columns that may describe persons. Large
    tables come last. An answer may be a part, and that may be empty: ask again with `next` as `cursor`.
    """
    found = services().inside.find_value(query["value"], limit=query["limit"], cursor=query.get("cursor"))
    return _describe(found, [_describe_value(item) for item in found.items])


@blueprint.operation(
    "GET",
    "/datasets/<identifier:dataset>/<version:version>/<identifier:resource>/joins",
    shape=JoinsShape,
    query=JoinQuery,
    problems=(404, 409, 422),
)
@cost_class("rows")
def list_joins(query: Mapping[str, Any], dataset: str, version: str, resource: str) -> Mapping[str, Any]:
    """List the tables that a table can be joined with, on which columns, and which part of their values fits.

    Shares are estimated from 128 values of a column. Only newest versions are compared; `latest` is the newest.
    """
    found = services().inside.find_joins(dataset, version, resource, limit=query["limit"])
    answer = _describe(found, [_describe_join(item) for item in found.items])
    return {name: value for name, value in answer.items() if name != "next"}


def _describe(found: Answer[Any], items: list[Mapping[str, Any]]) -> dict[str, Any]:
    return {"items": items, "next": found.next, "ready": found.is_ready}


def _describe_column(item: ColumnFound | ValueFound) -> dict[str, Any]:
    return {"table": _describe_place(item.place), "column": _describe_values(item.column)}


def _describe_value(item: ValueFound) -> dict[str, Any]:
    column = item.column
    filtered = urlencode(item.place.filter_rows(column.name, item.value))
    path = f"/datasets/{column.dataset}/{column.version}/{column.resource}?{filtered}"
    return {**_describe_column(item), "value": item.value, "rows": item.rows, "rowsUrl": absolute(path)}


def _describe_join(item: JoinFound) -> dict[str, Any]:
    return {
        "table": _describe_place(item.place),
        "column": _describe_values(item.join.other),
        "on": item.join.column.name,
        "here": _describe_share(item.here),
        "there": _describe_share(item.there),
        "uniqueHere": item.join.is_unique,
        "uniqueThere": item.join.other_is_unique,
        "declared": item.join.is_declared,
    }


def _describe_share(found: Share) -> dict[str, float]:
    return {"share": round(found.share, 4), "margin": round(found.margin, 4)}


def _describe_place(place: PublicTable) -> dict[str, Any]:
    return {
        "dataset": place.dataset.id,
        "version": place.version,
        "resource": place.table.name,
        "title": place.table.title or place.table.name,
        "datasetTitle": place.dataset.title,
        "rows": place.table.rows,
        "url": absolute(f"/datasets/{place.dataset.id}/{place.version}/{place.table.name}"),
    }


def _describe_values(column: FoundColumn) -> dict[str, Any]:
    return {
        "name": column.name,
        "title": column.title,
        "i18n": column.i18n,
        "type": column.type,
        "kind": column.kind or None,
        "schema": column.schema or None,
        "count": column.count,
        "distinct": column.distinct,
        "exact": column.is_exact,
    }
