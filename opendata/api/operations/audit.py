"""The audit log, for maintainers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from opendata.api.core.authentication import caller
from opendata.api.core.blueprints import ApiBlueprint
from opendata.api.core.current import services
from opendata.api.core.fields import Text
from opendata.api.core.inputs import PageQuery
from opendata.api.core.shapes import page_of
from opendata.domain.access.scopes import Verb
from opendata.errors import N_
from opendata.services.audit.events import EventFilter
from opendata.services.core.event_chain import EventDocument
from opendata.services.core.values import Page

blueprint = ApiBlueprint("audit", N_("Who did what: the audit log, for maintainers."))


class AuditQuery(PageQuery):
    """Which events."""

    actor = Text(longest=100, metadata={"description": "By this account. Empty: by people who weren't signed in."})
    action = Text(longest=40, metadata={"description": "Only this action, such as `sign-in-failed`."})
    subject = Text(
        longest=300, metadata={"description": "Only about this id, or kind and id, such as `dataset:reservoirs`."}
    )
    since = Text(longest=40, metadata={"description": "From this time on, or from the beginning of this day (UTC)."})
    until = Text(longest=40, metadata={"description": "Before this time, or before the beginning of this day (UTC)."})


class SubjectShape(Schema):
    """What an event is about."""

    kind = fields.String(required=True)
    id = fields.String(required=True)


class AuditEventShape(Schema):
    """An event. `digest` is the SHA-256 of the event in canonical JSON (RFC 8785) with `digest` null."""

    number = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Its place in the chain; null: not chained yet."}
    )
    at = fields.String(required=True, metadata={"format": "date-time"})
    actor = fields.String(required=True, metadata={"description": "The account; empty: nobody was signed in."})
    action = fields.String(required=True)
    subject = fields.Nested(SubjectShape, required=True)
    address = fields.String(required=True, metadata={"description": "Where the request came from, shortened."})
    details = fields.Dict(required=True)
    previous = fields.String(
        required=True, allow_none=True, metadata={"description": "The digest of the event before it."}
    )
    digest = fields.String(required=True, allow_none=True)


EventPage = page_of(AuditEventShape)


@blueprint.operation(
    "GET", "/audit", shape=EventPage, query=AuditQuery, problems=(400, 403, 422), public=False, needs=Verb.ADMIN
)
def list_audit_events(query: Mapping[str, Any]) -> Page[EventDocument]:
    """List the events of the audit log, the newest first. For maintainers."""
    return services().events.list(
        caller(), EventFilter.from_texts(query), limit=query["limit"], cursor=query.get("cursor")
    )
