"""How well the metadata of datasets conform to the rules of other systems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from opendata.api.core.blueprints import ApiBlueprint
from opendata.api.core.current import services
from opendata.api.core.fields import Instant, Text
from opendata.api.core.inputs import PageQuery
from opendata.api.core.shapes import page_of
from opendata.domain.catalogue.conformance import name_band
from opendata.errors import N_
from opendata.metering import cost_class
from opendata.services.core.values import Page
from opendata.services.exchange.conformance import Desk, Standing

blueprint = ApiBlueprint("conformance", N_("How well metadata conform to the rules of other systems."))


class ConformanceQuery(PageQuery):
    """Which datasets."""

    publisher = Text(longest=100, metadata={"description": "Only those of this publisher."})


class StandingShape(Schema):
    """A dataset and its points."""

    dataset = fields.String(required=True)
    title = fields.String(required=True)
    publisher = fields.String(required=True)
    points = fields.Integer(required=True, metadata={"description": "Points of MQA, from 0 to 405."})
    at = Instant(required=True, metadata={"description": "Since when it has these points."})


class ScoredShape(Schema):
    """One indicator."""

    scheme = fields.String(required=True)
    code = fields.String(required=True)
    points = fields.Integer(required=True)
    most = fields.Integer(required=True)
    property = fields.String(
        required=True, attribute="field", metadata={"description": "What wins its points; empty: nothing does."}
    )
    minutes = fields.Integer(required=True)


class GainShape(Schema):
    """What filling in a property wins."""

    property = fields.String(required=True, attribute="field")
    points = fields.Integer(required=True)
    rules = fields.Integer(required=True, metadata={"description": "How many rules of other schemes it fulfils."})
    minutes = fields.Integer(required=True, metadata={"description": "About how long that takes."})


class DeskShape(Schema):
    """What the checkers say of a dataset."""

    dataset = fields.String(required=True)
    points = fields.Integer(required=True)
    most = fields.Integer(required=True)
    band = fields.Function(
        lambda found: name_band(found.points),
        required=True,
        metadata={"type": "string", "enum": ["excellent", "good", "sufficient", "bad"]},
    )
    scored = fields.List(fields.Nested(ScoredShape), required=True)
    gains = fields.List(fields.Nested(GainShape), required=True)
    history = fields.Function(
        lambda found: [{"at": at.isoformat(), "points": points} for at, points in found.history],
        required=True,
        metadata={"type": "array", "items": {"type": "object"}},
    )


StandingPage = page_of(StandingShape)


@blueprint.operation("GET", "/conformance", shape=StandingPage, query=ConformanceQuery, problems=(400, 422))
@cost_class("light")
def list_conformance(query: Mapping[str, Any]) -> Page[Standing]:
    """List public datasets by the points of their metadata, the fewest first."""
    return services().conformance.list(**query)


@blueprint.operation("GET", "/datasets/<identifier:dataset>/conformance", shape=DeskShape, problems=(404,))
@cost_class("light")
def get_conformance(dataset: str) -> Desk:
    """Get what checkers of other systems say of a dataset's metadata, and what wins the most points for a minute."""
    return services().conformance.get(dataset)
