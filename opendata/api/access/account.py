"""What is kept about the account that asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from opendata.api.core.authentication import caller
from opendata.api.core.blueprints import ApiBlueprint
from opendata.api.core.current import services
from opendata.domain.access.scopes import Verb
from opendata.errors import N_

blueprint = ApiBlueprint("account", N_("What the portal keeps about you."))


class OwnDataShape(Schema):
    """All that the portal keeps about a person, without secrets. Each list has objects of the same form."""

    account = fields.Dict(required=True)
    roles = fields.List(fields.Dict(), required=True)
    sessions = fields.List(fields.Dict(), required=True)
    tokens = fields.List(fields.Dict(), required=True)
    second_factor = fields.List(fields.Dict(), required=True, data_key="secondFactor", attribute="secondFactor")
    passkeys = fields.List(fields.Dict(), required=True)
    known_places = fields.List(fields.Dict(), required=True, data_key="knownPlaces", attribute="knownPlaces")
    pending_addresses = fields.List(
        fields.Dict(), required=True, data_key="pendingAddresses", attribute="pendingAddresses"
    )
    grants = fields.List(fields.Dict(), required=True)
    webhooks = fields.List(fields.Dict(), required=True)
    harvests = fields.List(fields.Dict(), required=True)
    uploads = fields.List(fields.Dict(), required=True)
    sources = fields.List(fields.Dict(), required=True)
    drafts = fields.List(fields.Dict(), required=True)
    events = fields.List(fields.Dict(), required=True)
    events_left_out = fields.Integer(required=True, data_key="eventsLeftOut", attribute="eventsLeftOut")


@blueprint.operation("GET", "/account", shape=OwnDataShape, public=False, needs=Verb.ADMIN)
def get_own_data() -> Mapping[str, Any]:
    """Export all that the portal keeps about you."""
    return services().own_data.export(caller())
