"""Schemas that fit a sent table, told by the names of its columns, with what to change the table to."""

from __future__ import annotations

from marshmallow import Schema, fields

from opendata.api.core.authentication import caller
from opendata.api.core.blueprints import ApiBlueprint
from opendata.api.core.current import services
from opendata.api.core.fields import Choice
from opendata.api.core.shapes import page_of
from opendata.errors import N_
from opendata.services.core.values import Page
from opendata.services.drafts.matching import SchemaProposal

blueprint = ApiBlueprint("matching", N_("Which schemas fit a draft's table, and which of its columns is which field."))


class PairingShape(Schema):
    """A column and the field it stands for."""

    label = fields.String(required=True, metadata={"description": "With a number if it appears more than once."})
    field = fields.String(required=True, metadata={"description": "The field's name."})
    how = fields.String(
        required=True,
        metadata={
            "enum": ["name", "title", "alias", "folded", "near"],
            "description": "Which name of the field the label is. `folded`: in another spelling; `near`: with a"
            " typing mistake.",
        },
    )
    sure = fields.Float(required=True, metadata={"minimum": 0, "maximum": 1})


class SchemaProposalShape(Schema):
    """A schema for a table, and what the table's columns are by it."""

    ref = fields.String(required=True, metadata={"description": "`name@version`; empty where it is of no library."})
    table = fields.String(
        required=True, metadata={"description": "The table of the dataset's last version that has it, or empty."}
    )
    title = fields.String(required=True)
    i18n = fields.Dict(required=True)
    in_force = fields.Boolean(
        required=True,
        attribute="is_in_force",
        data_key="inForce",
        metadata={"description": "Whether the table is checked by it."},
    )
    schema = Choice(required=True, metadata={"description": "What to change the table's `schema` to."})
    columns = fields.Dict(
        required=True,
        attribute="match.columns",
        metadata={"description": "What to change `columns` of the table's `choices` to; empty: nothing."},
    )
    score = fields.Float(required=True, attribute="match.score", metadata={"minimum": 0, "maximum": 1})
    fields_ = fields.Integer(
        required=True, attribute="fields", data_key="fields", metadata={"description": "How many the schema has."}
    )
    matched = fields.List(
        fields.Nested(PairingShape),
        required=True,
        attribute="match.pairings",
        metadata={"description": "In the order of the schema's fields."},
    )
    renamed = fields.List(
        fields.Nested(PairingShape),
        required=True,
        attribute="match.renamed",
        metadata={"description": "Those of them whose label is not the field's name."},
    )
    missing = fields.List(
        fields.String(),
        required=True,
        attribute="match.missing",
        metadata={"description": "The fields without a column, those first that are required."},
    )
    extra = fields.List(
        fields.String(),
        required=True,
        attribute="match.extra",
        metadata={"description": "The labels without a field."},
    )
    reordered = fields.Boolean(
        required=True,
        attribute="match.reordered",
        metadata={"description": "Whether the columns come in another order than the fields."},
    )


SchemaProposalPage = page_of(SchemaProposalShape)


@blueprint.operation(
    "GET",
    "/drafts/<identifier:draft>/resources/<identifier:resource>/schemas",
    shape=SchemaProposalPage,
    problems=(403, 404),
    public=False,
)
def list_fitting_schemas(draft: str, resource: str) -> Page[SchemaProposal]:
    """List the schemas that fit a checked table, the best first, and the one it is checked by.

    They are those of the tables in the dataset's last version and the newest of each in the library. To take one,
    change the table's `schema` to it, and `columns` of its `choices`. A table without a header fits none.
    """
    return Page(services().matching.propose(caller(), draft, resource))
