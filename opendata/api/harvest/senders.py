"""Portals that register their entries here themselves, for maintainers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields

from opendata.api.core.authentication import caller
from opendata.api.core.blueprints import ApiBlueprint
from opendata.api.core.current import services
from opendata.api.core.fields import IDENTIFIER, Instant, Object, Shape, Switch, Text
from opendata.api.core.inputs import PageQuery
from opendata.api.core.shapes import page_of
from opendata.domain.access.scopes import Verb
from opendata.errors import N_
from opendata.services.core.paging import cut_page
from opendata.services.core.values import Page
from opendata.services.harvest.senders import SenderInput, SenderView

blueprint = ApiBlueprint("senders", N_("Lower portals that may register their entries here."))

_SENDER = "/senders/<identifier:sender>"


class SenderBody(Shape):
    """A portal that may send."""

    title = Text(required=True, longest=200, metadata={"description": "Its name, shown with each of its datasets."})
    url = Text(required=True, longest=2000, metadata={"description": "Its home page."})
    publisher = Text(
        required=True,
        longest=100,
        metadata={"description": "The id of the publisher who answers for its datasets here.", "pattern": IDENTIFIER},
    )
    mapping = Object(
        metadata={
            "description": "A publisher there, by its id, name or unified social credit code, to the id of one here."
        },
    )
    active = Switch(load_default=True, metadata={"description": "Whether records that it sends are accepted."})


class SenderShape(Schema):
    """A portal that may send."""

    id = fields.String(required=True)
    title = fields.String(required=True)
    url = fields.String(required=True)
    publisher = fields.String(required=True)
    mapping = fields.Dict(required=True)
    active = fields.Boolean(required=True, attribute="is_active")
    created = Instant(required=True)
    received = Instant(required=True, allow_none=True, metadata={"description": "When its last record came."})
    live = fields.Integer(required=True, metadata={"description": "Its records here."})


class NewSenderShape(SenderShape):
    """A portal that may send, with its secret if it is new."""

    secret = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The secret that it signs with. It is shown this once; null where it had one."},
    )


class SenderSecretShape(Schema):
    """A secret, which is shown this once."""

    secret = fields.String(required=True)


@dataclass(frozen=True, slots=True)
class _Secret:
    secret: str


@blueprint.operation("GET", "/senders", shape=page_of(SenderShape), query=PageQuery, problems=(400, 403), public=False)
def list_senders(query: Mapping[str, Any]) -> Page[SenderView]:
    """List the portals that may register their entries here."""
    found = services().upward.senders.list(caller())
    return cut_page(found, lambda item: item.id, limit=query["limit"], cursor=query.get("cursor"))


@blueprint.operation("GET", _SENDER, shape=SenderShape, problems=(403, 404), public=False)
def get_sender(sender: str) -> SenderView:
    """Get a portal that may send."""
    return services().upward.senders.get(caller(), sender)


@blueprint.operation(
    "PUT", _SENDER, shape=NewSenderShape, body=SenderBody, problems=(400, 403, 404, 413, 415, 422), needs=Verb.PUBLISH
)
def put_sender(body: Mapping[str, Any], sender: str) -> Mapping[str, Any]:
    """Register a portal that may send, or change it. If it is harvested too, give it the same id."""
    values = {name: body[name] for name in ("title", "url", "publisher", "mapping") if name in body}
    view, secret = services().upward.senders.put(caller(), sender, SenderInput(**values, is_active=body["active"]))
    found = {name: getattr(view, name) for name in SenderView.__dataclass_fields__}
    return {**found, "secret": secret or None}


@blueprint.operation("POST", f"{_SENDER}/secret", shape=SenderSecretShape, problems=(403, 404), needs=Verb.PUBLISH)
def renew_sender_secret(sender: str) -> _Secret:
    """Give a sender another secret; what is signed with the old one isn't taken any more."""
    return _Secret(services().upward.senders.renew_secret(caller(), sender))
