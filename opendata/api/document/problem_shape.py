"""The shape of a problem document (RFC 9457), for the OpenAPI document alone: `opendata.problems` makes them."""

from __future__ import annotations

from marshmallow import Schema, fields


class FaultShape(Schema):
    """One of several things wrong."""

    pointer = fields.String(
        required=True, metadata={"description": "JSON pointer into what was sent; empty for the whole."}
    )
    detail = fields.String(required=True)


class BulkFileShape(Schema):
    """A file that may be downloaded at any time."""

    href = fields.String(required=True, metadata={"format": "uri-reference"})
    type = fields.String(required=True, metadata={"description": "Its media type."})


class ProblemShape(Schema):
    """What is wrong, where, and what to do."""

    type = fields.String(
        required=True,
        metadata={"format": "uri-reference", "description": "The kind of problem; a page explains it."},
    )
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    instance = fields.String(required=True, metadata={"format": "uri-reference"})
    errors = fields.List(fields.Nested(FaultShape), metadata={"description": "Where several values are wrong."})
    scope = fields.String(metadata={"description": "What a token lacks: `read`, `upload`, `publish` or `admin`."})
    tombstone = fields.Dict(metadata={"description": "Of a version that was withdrawn: when, why, by which law."})
    suspension = fields.Dict(metadata={"description": "Of a version that is stopped: since when, and why."})
    bulk = fields.List(
        fields.Nested(BulkFileShape),
        metadata={"description": "With 429: files that have no such limit, of the table, or of the whole catalogue."},
    )
