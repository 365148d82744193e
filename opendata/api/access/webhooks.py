"""What happened in the catalogue, read on from a cursor, and the webhooks of the account that asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields

from opendata.api.core.authentication import caller
from opendata.api.core.blueprints import PREFIX, ApiBlueprint
from opendata.api.core.conditions import Answer
from opendata.api.core.current import services
from opendata.api.core.fields import Instant, Many, Shape, Switch, Text, Whole
from opendata.api.core.inputs import PageQuery
from opendata.api.core.shapes import page_of
from opendata.domain.access.scopes import Verb
from opendata.domain.catalogue.public_events import EventKind
from opendata.errors import N_
from opendata.metering import cost_class
from opendata.problems import choose_voice
from opendata.services.announcing.values import DeliveryView, EventPage, WebhookView
from opendata.services.core.paging import cut_page
from opendata.services.core.values import Page

blueprint = ApiBlueprint("webhooks", N_("What happened in the catalogue: to read on from, or sent to your address."))

_KINDS = [str(kind) for kind in EventKind]
_ONE = "/webhooks/<webhook>"


class EventQuery(Shape):
    """Which events. `since` is the one of the answer before."""

    since = Text(longest=200, metadata={"description": "A cursor: `since` or `next` of an answer before."})
    type = Many(
        Text(longest=60, metadata={"enum": _KINDS}),
        load_default=list,
        metadata={"description": "Only events of this type. It may be given several times."},
    )
    dataset = Text(longest=100, metadata={"description": "Only events of this dataset, whatever it was called."})
    publisher = Text(longest=100, metadata={"description": "Only events of this publisher and its datasets."})
    limit = Whole(1, 1000, error=N_("“limit” must be a whole number from 1 to 1000"), load_default=100)


class PublicEventShape(Schema):
    """One event."""

    id = fields.String(required=True, metadata={"description": "Stays the same whenever it is sent again."})
    type = fields.String(required=True, metadata={"enum": _KINDS})
    timestamp = Instant(required=True)
    data = fields.Dict(
        required=True,
        metadata={
            "description": "What it is about: `dataset`, `version`, `publisher`, `schema`; `changes` counts the rows"
            " that a published version adds, removes and changes, table by table, with the verdict of its check."
        },
    )


class EventPageShape(Schema):
    """Events, the oldest first."""

    items = fields.List(fields.Nested(PublicEventShape), required=True)
    next = fields.String(required=True, allow_none=True, metadata={"description": "The cursor, null at the end."})
    since = fields.String(required=True, metadata={"description": "The cursor to ask with the next time."})


class WebhookInput(Shape):
    """A webhook. What isn't given doesn't limit what is sent."""

    url = Text(required=True, longest=2000, metadata={"description": "Where events are sent: an address with https."})
    note = Text(longest=200, metadata={"description": "What it is for."})
    types = Many(Text(longest=60, metadata={"enum": _KINDS}), metadata={"description": "Only events of these types."})
    dataset = Text(longest=100, metadata={"description": "Only events of this dataset."})
    publisher = Text(longest=100, metadata={"description": "Only events of this publisher and its datasets."})
    schema = Text(longest=100, metadata={"description": "Only events of this schema and of versions that use it."})
    search = Text(
        longest=2000,
        metadata={"description": "Only datasets that a search finds: the query of its page, such as `q=water`."},
    )


class WebhookChanges(WebhookInput):
    """What is to change."""

    url = Text(longest=2000)
    active = Switch(metadata={"description": "False turns it off, true on again."})


class ReplayInput(Shape):
    """From where on."""

    since = Text(required=True, longest=200, metadata={"description": "The cursor after which events are sent again."})


class WebhookShape(Schema):
    """A webhook without its secret."""

    id = fields.String(required=True)
    url = fields.String(required=True)
    note = fields.String(required=True)
    types = fields.List(fields.String(), required=True, attribute="wanted.kinds")
    dataset = fields.String(required=True, attribute="wanted.dataset")
    publisher = fields.String(required=True, attribute="wanted.publisher")
    schema = fields.String(required=True, attribute="wanted.schema")
    search = fields.String(required=True, attribute="wanted.search")
    created = Instant(required=True)
    active = fields.Function(lambda found: found.ended is None, required=True, metadata={"type": "boolean"})
    failing = Instant(
        required=True, allow_none=True, metadata={"description": "Since when nothing could be delivered."}
    )
    ended = Instant(required=True, allow_none=True, metadata={"description": "When it was turned off."})
    reason = fields.Function(lambda found: _say(found.reason), required=True, metadata={"type": "string"})
    waiting = fields.Integer(required=True, metadata={"description": "How many events wait to be sent."})


class NewWebhookShape(WebhookShape):
    """A webhook that was just registered."""

    secret = fields.String(
        required=True, metadata={"description": "What is sent is signed with it; it is never shown again."}
    )


class SecretShape(Schema):
    """A new secret."""

    secret = fields.String(required=True)


class ReplayShape(Schema):
    """What was queued."""

    events = fields.Integer(required=True)


class DeliveryShape(Schema):
    """One event that was sent, or is to be."""

    id = fields.Integer(required=True)
    event = fields.String(required=True, allow_none=True)
    type = fields.String(required=True)
    state = fields.String(
        required=True, metadata={"description": "`waiting`, `delivered`, `failed` or `dropped` (nobody wants it)."}
    )
    created = Instant(required=True)
    tried = Instant(required=True, allow_none=True)
    due = Instant(required=True)
    tries = fields.Integer(required=True)
    status = fields.Integer(required=True, allow_none=True)
    reason = fields.Function(lambda found: _say(found.reason), required=True, metadata={"type": "string"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWebhook(WebhookView):
    """A webhook with its secret."""

    secret: str


WebhookPage = page_of(WebhookShape)
DeliveryPage = page_of(DeliveryShape)


def _say(reason: Any) -> str:
    return choose_voice().fill(reason["message"], reason["params"]) if reason else ""


@blueprint.operation("GET", "/events", shape=EventPageShape, query=EventQuery, problems=(400, 422))
@cost_class("light")
def list_public_events(query: Mapping[str, Any]) -> EventPage:
    """List what happened in the catalogue, the oldest first.

    Ask again with `since` of the answer before: nothing is missed, and nothing comes twice.
    """
    given = {key: value for key, value in query.items() if key != "type"}
    return services().public_events.list(kinds=query["type"], **given)


@blueprint.operation(
    "GET", "/webhooks", shape=WebhookPage, query=PageQuery, problems=(400, 422), public=False, needs=Verb.ADMIN
)
def list_webhooks(query: Mapping[str, Any]) -> Page[WebhookView]:
    """List the webhooks of your account, the oldest first."""
    return cut_page(services().webhooks.list(caller()), lambda item: item.id, **query)


@blueprint.operation(
    "POST",
    "/webhooks",
    status=201,
    shape=NewWebhookShape,
    body=WebhookInput,
    gives=("Location",),
    problems=(400, 409, 413, 415, 422),
    is_own=True,
)
def create_webhook(body: Mapping[str, Any]) -> Answer:
    """Register an address to which events are sent. A test is sent to it at once.

    What is sent follows Standard Webhooks: `webhook-id`, `webhook-timestamp`, and in `webhook-signature` `v1,` and the
    HMAC-SHA256 of id, time and body, joined by dots. Answer with a status of 2xx within 15 seconds. Otherwise it is
    sent again, eight times in about 31 hours. An address that takes nothing for five days is turned off.
    """
    view, secret = services().webhooks.create(caller(), body)
    parts = {name: getattr(view, name) for name in WebhookView.__dataclass_fields__}
    return NewWebhook(**parts, secret=secret), {"Location": f"{PREFIX}/webhooks/{view.id}"}


@blueprint.operation("GET", _ONE, shape=WebhookShape, problems=(404,), public=False, needs=Verb.ADMIN)
def get_webhook(webhook: str) -> WebhookView:
    """Get a webhook of your account."""
    return services().webhooks.get(caller(), webhook)


@blueprint.operation(
    "PATCH",
    _ONE,
    shape=WebhookShape,
    body=WebhookChanges,
    media_type="application/merge-patch+json",
    problems=(400, 404, 413, 415, 422),
    is_own=True,
)
def update_webhook(body: Mapping[str, Any], webhook: str) -> WebhookView:
    """Change a webhook of your account, turn it off, or on again."""
    return services().webhooks.update(caller(), webhook, body)


@blueprint.operation("DELETE", _ONE, status=204, problems=(404,), is_own=True)
def delete_webhook(webhook: str) -> None:
    """Delete a webhook of your account: nothing more is sent."""
    services().webhooks.delete(caller(), webhook)


@blueprint.operation("POST", f"{_ONE}/secret", shape=SecretShape, problems=(404,), is_own=True)
def renew_webhook_secret(webhook: str) -> Mapping[str, str]:
    """Give a webhook another secret. What is sent from now on is signed with it."""
    return {"secret": services().webhooks.renew_secret(caller(), webhook)}


@blueprint.operation("POST", f"{_ONE}/test", status=204, problems=(404, 409), is_own=True)
def test_webhook(webhook: str) -> None:
    """Send a test event."""
    services().webhooks.test(caller(), webhook)


@blueprint.operation(
    "POST", f"{_ONE}/replay", shape=ReplayShape, body=ReplayInput, problems=(400, 404, 409, 413, 415, 422), is_own=True
)
def replay_webhook(body: Mapping[str, Any], webhook: str) -> Mapping[str, int]:
    """Send again what happened since a cursor, at most 1,000 events; each has the id it had."""
    return {"events": services().webhooks.replay(caller(), webhook, body["since"])}


@blueprint.operation(
    "GET",
    f"{_ONE}/deliveries",
    shape=DeliveryPage,
    query=PageQuery,
    problems=(400, 404, 422),
    public=False,
    needs=Verb.ADMIN,
)
def list_webhook_deliveries(query: Mapping[str, Any], webhook: str) -> Page[DeliveryView]:
    """List what was sent to a webhook in the last 30 days, and what waits to be, the newest first."""
    return services().webhooks.list_deliveries(caller(), webhook, **query)
