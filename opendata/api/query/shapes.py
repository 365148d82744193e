"""The shapes of answers of queries, for the document."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from opendata.errors import N_


def _rows() -> fields.List[Any]:
    row: fields.Field[Any] = fields.Dict()
    return fields.List(
        row,
        required=True,
        metadata={
            "description": N_(
                "The rows, as in the JSON Lines of the table: numbers of more than 15 digits are text, missing values"
                " are null."
            )
        },
    )


def _cursor(description: str) -> fields.String:
    return fields.String(required=True, allow_none=True, metadata={"description": description})


def _hash() -> fields.String:
    return fields.String(
        required=True, metadata={"description": N_("The digest of the rows as JSON Lines: `sha256:…`.")}
    )


class QuerySourceShape(Schema):
    """A table that an answer was read from: `hash` is the digest of its Parquet file."""

    dataset = fields.String(required=True)
    version = fields.String(required=True)
    resource = fields.String(required=True)
    hash = fields.String(required=True)


class QueryShape(Schema):
    """What was asked, and how to cite the answer."""

    asked = fields.Dict(required=True, metadata={"description": N_("The parameters as they were given.")})
    edition = fields.Integer(
        required=True,
        metadata={
            "description": N_("The edition of the query engine. It is raised where the same query gives other bytes.")
        },
    )
    editionDiffers = fields.Boolean(  # noqa: N815 - the name in the API
        metadata={"description": N_("`true` where the link names another edition, so that the bytes can differ.")}
    )
    link = fields.String(
        required=True,
        metadata={
            "format": "uri",
            "description": N_("The address that gives the same bytes again: it names the version and the edition."),
        },
    )


class RowsShape(Schema):
    """A page of rows, and what it was read from."""

    items = _rows()
    total = fields.Integer(required=True, metadata={"description": N_("How many rows all pages have.")})
    next = _cursor(N_("The cursor of the next page, null at the end."))
    previous = _cursor(N_("The cursor of the page before, null at the beginning."))
    source = fields.Nested(QuerySourceShape, required=True)
    query = fields.Nested(QueryShape, required=True)
    hash = _hash()


class AnswerColumnShape(Schema):
    """A column of an answer, with its type in Arrow."""

    name = fields.String(required=True)
    type = fields.String(required=True)


class SelectShape(Schema):
    """The rows that one SELECT gives, and what they were read from."""

    items = _rows()
    columns = fields.List(fields.Nested(AnswerColumnShape), required=True)
    truncated = fields.Boolean(required=True, metadata={"description": N_("Whether there are more rows than `limit`.")})
    sources = fields.List(fields.Nested(QuerySourceShape), required=True)
    query = fields.Nested(QueryShape, required=True)
    hash = _hash()
