"""The control room: its numbers, and the list behind each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import Schema, fields

from opendata.api.core.authentication import caller
from opendata.api.core.blueprints import ApiBlueprint
from opendata.api.core.current import services
from opendata.api.core.fields import Instant, Shape, Text
from opendata.api.core.inputs import PageQuery
from opendata.api.core.shapes import page_of
from opendata.errors import N_
from opendata.services.core.values import Page
from opendata.services.governance.control.control import SORTS, GaugeCount, GaugeRow
from opendata.services.governance.control.gauges import Group, Kind
from opendata.services.governance.goals.goals import GoalView, Layer

blueprint = ApiBlueprint("control", N_("What waits, is late, failed or isn't public, for those who publish."))


class ControlQuery(Shape):
    """About which publisher."""

    publisher = Text(longest=100, metadata={"description": "Of this publisher only."})


class GaugeQuery(PageQuery):
    """Which rows, in which order."""

    publisher = Text(longest=100, metadata={"description": "Of this publisher only."})
    sort = Text(
        longest=20,
        metadata={"enum": list(SORTS), "description": "The order: `since` has what waits longest first."},
        load_default=SORTS[0],
    )


class GaugeShape(Schema):
    """A number: how many rows its list has."""

    id = fields.String(required=True, attribute="code")
    group = fields.String(required=True, metadata={"enum": list(Group)})
    kind = fields.String(required=True, metadata={"enum": list(Kind), "description": "What the rows of the list are."})
    count = fields.Integer(required=True)
    oldest = Instant(required=True, allow_none=True, metadata={"description": "Since when the oldest row waits."})
    amount = fields.Integer(
        required=True, allow_none=True, metadata={"description": "The bytes of all rows, where rows have a size."}
    )
    counted = Instant(
        required=True,
        allow_none=True,
        metadata={"description": "When it was counted; null for now. A large catalogue is counted every few minutes."},
    )


class GaugesShape(Schema):
    """All numbers of the control room."""

    items = fields.List(fields.Nested(GaugeShape), required=True)


class GaugeRowShape(Schema):
    """A row of a list. `id` is that of a dataset, a draft, a mail, or a version as `dataset@version`."""

    kind = fields.String(required=True, metadata={"enum": list(Kind)})
    id = fields.String(required=True)
    title = fields.String(required=True)
    publisher = fields.String(required=True, metadata={"description": "Empty: it belongs to the portal."})
    since = Instant(required=True)
    amount = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Its bytes, or how often fetching it failed in a row."}
    )


GaugeRowPage = page_of(GaugeRowShape)


class GoalShape(Schema):
    """A goal and how far it is reached: `done` of all that count (`of`, 0 where there is nothing to count)."""

    number = fields.Integer(required=True)
    id = fields.String(required=True, attribute="code")
    layer = fields.String(required=True, metadata={"enum": list(Layer)})
    done = fields.Integer(required=True, attribute="reached.done")
    of = fields.Integer(required=True, attribute="reached.of")
    gauge = fields.String(
        required=True, metadata={"description": "The list of what is missing; empty: no list has it."}
    )


class GoalsShape(Schema):
    """All goals."""

    items = fields.List(fields.Nested(GoalShape), required=True)


@blueprint.operation("GET", "/goals", shape=GoalsShape, query=ControlQuery, problems=(403, 422), public=False)
def measure_goals(query: Mapping[str, Any]) -> Mapping[str, Sequence[GoalView]]:
    """Measure how far the goals of open data are reached, by one's publisher; by all for maintainers."""
    return {"items": services().goals.measure_all(caller(), query.get("publisher"))}


@blueprint.operation("GET", "/control", shape=GaugesShape, query=ControlQuery, problems=(403, 422), public=False)
def count_all(query: Mapping[str, Any]) -> Mapping[str, Sequence[GaugeCount]]:
    """Count what waits, is late, failed or isn't public, of one's publisher; of all for maintainers."""
    return {"items": services().control.count_all(caller(), query.get("publisher"))}


@blueprint.operation(
    "GET", "/control/<gauge>", shape=GaugeRowPage, query=GaugeQuery, problems=(400, 403, 404, 422), public=False
)
def list_gauge(query: Mapping[str, Any], gauge: str) -> Page[GaugeRow]:
    """List what a number of the control room counts."""
    return services().control.list(
        caller(),
        gauge,
        publisher=query.get("publisher"),
        sort=query["sort"],
        limit=query["limit"],
        cursor=query.get("cursor"),
    )
