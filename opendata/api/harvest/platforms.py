"""Higher platforms that the catalogue is registered on, and what became of each record there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from opendata.api.core.authentication import caller
from opendata.api.core.blueprints import ApiBlueprint
from opendata.api.core.current import services
from opendata.api.core.fields import Instant, Many, Shape, Switch, Text
from opendata.api.core.inputs import PageQuery
from opendata.api.core.shapes import page_of
from opendata.domain.access.scopes import Verb
from opendata.domain.upward.platforms import PlatformKind, SendMethod
from opendata.domain.upward.records import RecordState
from opendata.errors import N_
from opendata.problems import choose_voice
from opendata.services.core.paging import cut_page
from opendata.services.core.values import Page
from opendata.services.exchange.upward.values import PlatformInput, PlatformView, RecordView

blueprint = ApiBlueprint("higher_platforms", N_("Higher platforms that the catalogue is registered on."))

_PLATFORM = "/higher-platforms/<identifier:platform>"


class PlatformBody(Shape):
    """A higher platform."""

    title = Text(required=True, longest=200, metadata={"description": "Its name."})
    url = Text(
        required=True,
        longest=2000,
        metadata={"description": "Its home page for `opendata` and `ckan`, otherwise where records are sent."},
    )
    kind = Text(required=True, longest=20, metadata={"enum": list(PlatformKind)})
    account = Text(
        longest=100,
        metadata={
            "description": "What this portal is called there: the id of the sender, or the organization at CKAN."
        },
    )
    secret = Text(
        longest=500,
        metadata={"description": "The secret or token that you have from the platform; without it, it stays."},
    )
    method = Text(longest=10, metadata={"enum": list(SendMethod), "description": "For `http`. Default `PUT`."})
    publishers = Many(
        Text(longest=100), metadata={"description": "Only entries of these publishers, or of the themes."}
    )
    themes = Many(Text(longest=100), metadata={"description": "Only entries of these themes, or publishers."})
    harvested = Switch(metadata={"description": "Whether entries taken in from other portals are sent on."})
    withdrawn = Switch(metadata={"description": "Whether nothing is to be there: what the platform has is withdrawn."})
    active = Switch(metadata={"description": "Whether anything is sent. Default true."})
    public = Switch(metadata={"description": "Whether anybody sees where a dataset is at the platform."})


class InStepShape(Schema):
    """How what the platform has compares with what was delivered."""

    equal = fields.Integer(required=True)
    missing = fields.Integer(required=True)
    other = fields.Integer(required=True)


def _say(found: PlatformView | RecordView) -> str | None:
    return choose_voice().fill(found.reason["message"], found.reason["params"]) if found.reason else None


def _count(found: PlatformView) -> Mapping[str, int]:
    return {str(state): number for state, number in found.counts.items()}


class PlatformShape(Schema):
    """A higher platform with the number of records in each state. The secret isn't in it."""

    id = fields.String(required=True)
    title = fields.String(required=True)
    url = fields.String(required=True)
    kind = fields.String(required=True, metadata={"enum": list(PlatformKind)})
    account = fields.String(required=True)
    method = fields.String(required=True, metadata={"enum": list(SendMethod)})
    publishers = fields.List(fields.String(), required=True)
    themes = fields.List(fields.String(), required=True)
    harvested = fields.Boolean(required=True, attribute="takes_harvested")
    withdrawn = fields.Boolean(required=True, attribute="is_withdrawn")
    active = fields.Boolean(required=True, attribute="is_active")
    public = fields.Boolean(required=True, attribute="is_public")
    counts = fields.Function(
        _count,
        required=True,
        metadata={
            "type": "object",
            "additionalProperties": {"type": "integer"},
            "description": "Records by state: waiting, delivered, refused, failed, withdrawn.",
        },
    )
    failures = fields.Integer(required=True, metadata={"description": "Failures in a row."})
    rests_until = Instant(required=True, allow_none=True, data_key="restsUntil")
    reason = fields.Function(_say, required=True, metadata={"type": ["string", "null"]})
    compared = Instant(required=True, allow_none=True)
    step = fields.Nested(
        InStepShape, required=True, allow_none=True, metadata={"description": "What the last comparison found."}
    )


class UpwardRecordShape(Schema):
    """A record at a platform."""

    id = fields.String(required=True, attribute="uuid", metadata={"format": "uuid"})
    dataset = fields.String(required=True, allow_none=True)
    title = fields.String(required=True)
    state = fields.String(required=True, metadata={"enum": list(RecordState)})
    wanted = fields.String(
        required=True, allow_none=True, metadata={"description": "The digest of what was sent last."}
    )
    delivered = fields.String(
        required=True, allow_none=True, metadata={"description": "The digest of what the platform has."}
    )
    attempts = fields.Integer(required=True)
    due = Instant(required=True, allow_none=True, metadata={"description": "When it is tried next."})
    tried = Instant(required=True, allow_none=True)
    settled = Instant(required=True, allow_none=True, metadata={"description": "When the platform last took it."})
    status = fields.Integer(required=True, allow_none=True)
    answer = fields.String(required=True, metadata={"description": "What the platform said last, cut."})
    reason = fields.Function(
        _say, required=True, metadata={"type": ["string", "null"], "description": "Why it couldn't be sent."}
    )
    there = fields.String(required=True, metadata={"description": "Its id there."})
    page = fields.String(required=True, metadata={"description": "Its address there."})


class RecordQuery(PageQuery):
    """Which records."""

    state = Text(longest=20, metadata={"enum": list(RecordState)})


class AgainBody(Shape):
    """Which record is sent again; all without one."""

    may_be_absent = True

    record = Text(longest=36, metadata={"description": "The UUID of the dataset."})


@blueprint.operation(
    "GET", "/higher-platforms", shape=page_of(PlatformShape), query=PageQuery, problems=(400, 403), public=False
)
def list_higher_platforms(query: Mapping[str, Any]) -> Page[PlatformView]:
    """List the higher platforms."""
    found = services().upward.platforms.list(caller())
    return cut_page(found, lambda item: item.id, limit=query["limit"], cursor=query.get("cursor"))


@blueprint.operation("GET", _PLATFORM, shape=PlatformShape, problems=(403, 404), public=False)
def get_higher_platform(platform: str) -> PlatformView:
    """Get a higher platform."""
    return services().upward.platforms.get(caller(), platform)


@blueprint.operation(
    "PUT",
    _PLATFORM,
    shape=PlatformShape,
    body=PlatformBody,
    problems=(400, 403, 404, 413, 415, 422),
    needs=Verb.PUBLISH,
)
def put_higher_platform(body: Mapping[str, Any], platform: str) -> PlatformView:
    """Register or change a higher platform. All entries are looked at; what it lacks is sent."""
    return services().upward.platforms.put(caller(), platform, PlatformInput.from_values(body))[0]


@blueprint.operation("DELETE", _PLATFORM, status=204, problems=(403, 404, 409), needs=Verb.PUBLISH)
def delete_higher_platform(platform: str) -> None:
    """Forget a platform that is turned off. What it has of your datasets stays there."""
    services().upward.platforms.delete(caller(), platform)


@blueprint.operation(
    "GET",
    f"{_PLATFORM}/records",
    shape=page_of(UpwardRecordShape),
    query=RecordQuery,
    problems=(400, 403, 404),
    public=False,
)
def list_upward_records(query: Mapping[str, Any], platform: str) -> Page[RecordView]:
    """List the records of a platform, of one state if wanted."""
    return services().upward.records.list(
        caller(), platform, state=query.get("state"), limit=query["limit"], cursor=query.get("cursor")
    )


@blueprint.operation(
    "POST",
    f"{_PLATFORM}/send-again",
    status=202,
    shape=PlatformShape,
    body=AgainBody,
    problems=(400, 403, 404, 409, 413, 415, 422),
    needs=Verb.PUBLISH,
)
def send_again(body: Mapping[str, Any], platform: str) -> PlatformView:
    """Send a record again, or all of them, whatever the platform is known to have."""
    services().upward.records.repeat(caller(), platform, body.get("record"))
    return services().upward.platforms.get(caller(), platform)


@blueprint.operation(
    "POST", f"{_PLATFORM}/compare", status=202, shape=PlatformShape, problems=(403, 404, 409), needs=Verb.PUBLISH
)
def compare_higher_platform(platform: str) -> PlatformView:
    """Compare what a platform has with what was delivered, and send what is missing. A worker does it in a moment."""
    return services().upward.platforms.ask(caller(), platform)
