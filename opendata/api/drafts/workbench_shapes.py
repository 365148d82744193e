"""What the workbench takes and gives: a schema while it is edited, and what it would break."""

from __future__ import annotations

from marshmallow import Schema, fields

from opendata.api.core.fields import Many, Object, Shape, Text, Whole
from opendata.api.core.shapes import page_of
from opendata.errors import N_


class BenchInput(Shape):
    """A schema to be kept while it is edited; it may be wrong still."""

    schema = Object(required=True, metadata={"description": "The Table Schema."})
    sources = Many(
        Text(longest=10_000),
        metadata={
            "description": "For each field the label of its column, empty for none; as its words tell, if absent."
        },
    )


class CountInput(Shape):
    """Fields to count: a schema, or one field alone."""

    schema = Object(metadata={"description": "The Table Schema; without it, that on the workbench."})
    field = Object(metadata={"description": "One field; its column is found by its name, title and other names."})
    sources = Many(Text(longest=10_000), metadata={"description": "For each field the label of its column."})
    names = Many(Text(longest=10_000), metadata={"description": "The names of the fields to count; all without it."})
    limit = Whole(0, 100, error=N_("This must be a whole number from 0 to 100"), load_default=5)


class SchemaFaultShape(Schema):
    """What is wrong with the schema, and where: a JSON pointer."""

    pointer = fields.String(required=True)
    detail = fields.String(required=True, attribute="text")


class BenchShape(Schema):
    """The schema of a table while it is edited."""

    schema = fields.Dict(required=True, attribute="state.schema")
    sources = fields.List(
        fields.String(), required=True, attribute="state.sources", metadata={"description": "The column of each field."}
    )
    labels = fields.List(fields.String(), required=True, metadata={"description": "The columns of the file."})
    faults = fields.List(fields.Nested(SchemaFaultShape), required=True)
    undo = fields.Integer(required=True, metadata={"description": "How many states can be gone back."})
    redo = fields.Integer(required=True)
    saved = fields.Boolean(
        required=True, attribute="is_saved", metadata={"description": "Whether the table is checked by this schema."}
    )


class RuleCountShape(Schema):
    """How many cells break a rule."""

    type = fields.String(required=True)
    rule = fields.String(required=True)
    strength = fields.String(required=True)
    count = fields.Integer(required=True)


class WrongCellShape(Schema):
    """A cell that would be wrong."""

    row = fields.Integer(required=True)
    text = fields.String(required=True)
    rule = fields.String(required=True)
    message = fields.String(required=True, metadata={"description": "In the language the request asks for."})


class FieldCountShape(Schema):
    """What a field, or a key of several fields, would break."""

    names = fields.List(fields.String(), required=True)
    errors = fields.Integer(required=True)
    warnings = fields.Integer(required=True)
    counts = fields.List(fields.Nested(RuleCountShape), required=True)
    cells = fields.List(fields.Nested(WrongCellShape), required=True, metadata={"description": "The first ones."})


class TableCountShape(Schema):
    """What would fail once the table's steps are done. Fields that are wrong or have no column aren't counted."""

    rows = fields.Integer(required=True)
    fields_ = fields.List(fields.Nested(FieldCountShape), required=True, attribute="fields", data_key="fields")
    keys = fields.List(fields.Nested(FieldCountShape), required=True)
    table = fields.Nested(
        FieldCountShape,
        required=True,
        allow_none=True,
        metadata={
            "description": "What is wrong with the header or with whole rows; null if some fields alone were counted."
        },
    )


class SchemaUseShape(Schema):
    """A published table that is checked by a schema of the library."""

    dataset = fields.String(required=True)
    title = fields.String(required=True)
    version = fields.String(required=True)
    table = fields.String(required=True)
    ref = fields.String(required=True)


SchemaUsePage = page_of(SchemaUseShape)


class PlanInput(Shape):
    """A schema that may be added."""

    descriptor = Object(required=True, metadata={"description": "The Table Schema."})


class SchemaPlanShape(Schema):
    """What adding the schema would do."""

    name = fields.String(required=True)
    version = fields.String(
        required=True, allow_none=True, metadata={"description": "The number it would get; null: nothing differs."}
    )
    newest = fields.String(required=True, allow_none=True)
    bump = fields.String(required=True, allow_none=True)
    reasons = fields.List(fields.Dict(), required=True)
    uses = fields.List(fields.Nested(SchemaUseShape), required=True)
