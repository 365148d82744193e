"""Grants: who may have the rows of a dataset that isn't open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from flask import url_for
from marshmallow import Schema, fields

from opendata.api.core.authentication import caller
from opendata.api.core.blueprints import PREFIX, ApiBlueprint
from opendata.api.core.conditions import Answer
from opendata.api.core.current import absolute, services
from opendata.api.core.fields import Instant, Shape, Text
from opendata.api.core.inputs import PageQuery
from opendata.api.core.shapes import page_of
from opendata.errors import N_
from opendata.services.core.paging import cut_page
from opendata.services.core.reasons import MAX_REASON
from opendata.services.core.values import GrantView, Page

blueprint = ApiBlueprint("grants", N_("Who may have the rows of datasets that aren't open."))

_ALL = "/datasets/<identifier:dataset>/grants"


class GrantInput(Shape):
    """A grant: for an account, for all accounts of a publisher, or for somebody who is invited."""

    holder = Text(required=True, longest=MAX_REASON, metadata={"description": "The person or organisation."})
    purpose = Text(required=True, longest=MAX_REASON, metadata={"description": "What the data will be used for."})
    until = Text(required=True, longest=10, metadata={"format": "date", "description": "Its last day."})
    agreement = Text(longest=MAX_REASON, metadata={"description": "The number or name of the agreement."})
    account = Text(longest=100, metadata={"description": "The name of an account."})
    publisher = Text(longest=100, metadata={"description": "The id of a publisher, instead of an account."})


class GrantEndInput(Shape):
    """Why a grant ends."""

    reason = Text(required=True, longest=MAX_REASON)


class GrantShape(Schema):
    """A grant."""

    id = fields.String(required=True)
    dataset = fields.String(required=True)
    holder = fields.String(required=True)
    account = fields.String(required=True, allow_none=True)
    publisher = fields.String(required=True, allow_none=True)
    purpose = fields.String(required=True)
    agreement = fields.String(required=True)
    until = fields.Date(required=True)
    state = fields.String(
        required=True,
        metadata={"description": "`invited`, `active`, `expired` or `ended`: only `active` gives rights."},
    )
    created = Instant(required=True)
    created_by = fields.String(required=True, data_key="createdBy")
    ended = Instant(required=True, allow_none=True)
    ended_by = fields.String(required=True, data_key="endedBy")
    reason = fields.String(required=True)


class GivenGrantShape(GrantShape):
    """A grant that was just given."""

    invitation = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The address to send to a holder without an account; it is never shown again."},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenGrant(GrantView):
    """A grant with its invitation."""

    invitation: str | None


GrantPage = page_of(GrantShape)


@blueprint.operation("GET", _ALL, shape=GrantPage, query=PageQuery, problems=(400, 403, 404, 422), public=False)
def list_grants(query: Mapping[str, Any], dataset: str) -> Page[GrantView]:
    """List the grants for a dataset, the newest first. For its publisher's editors."""
    return cut_page(services().grants.list(caller(), dataset), lambda item: item.id, **query)


@blueprint.operation(
    "POST",
    _ALL,
    status=201,
    shape=GivenGrantShape,
    body=GrantInput,
    gives=("Location",),
    problems=(400, 403, 404, 409, 413, 415, 422),
)
def give_grant(body: Mapping[str, Any], dataset: str) -> Answer:
    """Grant the rows of a dataset to an account, to a publisher's accounts, or to somebody you invite.

    Without `account` and `publisher` the answer has the address of an `invitation`, which works once, for two weeks.
    """
    grant, text = services().grants.give(caller(), dataset, body)
    link = absolute(url_for("grants.show_invitation", text=text)) if text else None
    return GivenGrant(**asdict(grant), invitation=link), {"Location": f"{PREFIX}/datasets/{dataset}/grants"}


@blueprint.operation(
    "POST",
    f"{_ALL}/<grant>/end",
    shape=GrantShape,
    body=GrantEndInput,
    problems=(400, 403, 404, 409, 413, 415, 422),
)
def end_grant(body: Mapping[str, Any], dataset: str, grant: str) -> GrantView:
    """End a grant at once and for good. For the publisher's editors."""
    return services().grants.end(caller(), dataset, grant, body["reason"])
