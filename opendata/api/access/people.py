"""Persons, their roles, and invitations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from flask import url_for
from marshmallow import Schema, fields

from opendata.api.core.authentication import caller
from opendata.api.core.blueprints import PREFIX, ApiBlueprint
from opendata.api.core.conditions import Answer
from opendata.api.core.current import absolute, services
from opendata.api.core.fields import Instant, Many, Shape, Switch, Text
from opendata.api.core.inputs import PageQuery
from opendata.api.core.shapes import page_of
from opendata.domain.access.scopes import Verb
from opendata.domain.roles import INSTANCE_ROLES, PUBLISHER_ROLES
from opendata.errors import N_, NotFoundError
from opendata.services.access.people.invitations import InvitationView
from opendata.services.access.people.persons import HandedOver, PersonView
from opendata.services.core.paging import cut_page
from opendata.services.core.values import Page

blueprint = ApiBlueprint("people", N_("Who has which role, invitations, and handing over. For leads and maintainers."))

_ROLES = [*PUBLISHER_ROLES, *INSTANCE_ROLES]


class PeopleQuery(Shape):
    """Which persons."""

    publisher = Text(longest=100, metadata={"description": "Of this publisher and those below it only."})
    cursor = Text(longest=500, metadata={"description": "`next` of the page before."})


class PostShape(Schema):
    """A role at a publisher, or for the whole portal."""

    role = fields.String(required=True, metadata={"enum": _ROLES})
    publisher = fields.String(required=True, allow_none=True)
    created = Instant(required=True)
    created_by = fields.String(required=True, data_key="createdBy")


class PersonShape(Schema):
    """A person. Without roles they are a reader."""

    name = fields.String(required=True)
    roles = fields.List(fields.Nested(PostShape), required=True, attribute="posts")
    seen = fields.Date(required=True, allow_none=True, metadata={"description": "The day of their last request."})
    created = Instant(required=True)
    disabled = fields.Boolean(required=True)
    second_factor = fields.Boolean(required=True, attribute="has_factor", data_key="secondFactor")


class RolesInput(Shape):
    """The roles of a person at a publisher, or without one for the whole portal; they replace those before."""

    roles = Many(Text(longest=20, metadata={"enum": _ROLES}), required=True)
    publisher = Text(longest=100, allow_none=True)
    confirm = Switch(
        load_default=False,
        metadata={"description": "Do it although nobody is left who edits for a publisher that has datasets."},
    )


class ClosingInput(Shape):
    """Whether the account is closed."""

    disabled = Switch(required=True)
    confirm = Switch(load_default=False, metadata={"description": "As with roles."})


class HandOverInput(Shape):
    """To whom everything passes."""

    successor = Text(required=True, longest=100)
    closes = Switch(load_default=False, metadata={"description": "Close the account as well."})


class HandedOverShape(Schema):
    """How much passed."""

    roles = fields.Integer(required=True, attribute="posts")
    drafts = fields.Integer(required=True)
    sources = fields.Integer(required=True)


class InvitationInput(Shape):
    """Whom to invite to what."""

    address = Text(required=True, longest=320)
    role = Text(required=True, longest=20, metadata={"enum": _ROLES})
    publisher = Text(longest=100, allow_none=True)
    language = Text(longest=20, load_default="")


class InvitationShape(Schema):
    """An invitation that nobody has accepted."""

    id = fields.Integer(required=True)
    address = fields.String(required=True)
    role = fields.String(required=True, metadata={"enum": _ROLES})
    publisher = fields.String(required=True, allow_none=True)
    created = Instant(required=True)
    created_by = fields.String(required=True, data_key="createdBy")
    expires = Instant(required=True)


class NewInvitationShape(InvitationShape):
    """An invitation that was just made."""

    link = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Where the portal sends no mail: the address to give to the person. Shown once."},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInvitation(InvitationView):
    """An invitation with its link."""

    link: str | None


PersonPage = page_of(PersonShape)
InvitationPage = page_of(InvitationShape)


@blueprint.operation(
    "GET", "/people", shape=PersonPage, query=PeopleQuery, problems=(400, 403, 404, 422), public=False, needs=Verb.ADMIN
)
def list_people(query: Mapping[str, Any]) -> Page[PersonView]:
    """List the persons of the publishers that you lead, or as maintainer or auditor of the portal, by name."""
    return services().persons.list(caller(), **query)


@blueprint.operation("GET", "/people/<name>", shape=PersonShape, problems=(403, 404), public=False, needs=Verb.ADMIN)
def get_person(name: str) -> PersonView:
    """One person."""
    return services().persons.get(caller(), name)


@blueprint.operation(
    "PUT",
    "/people/<name>/roles",
    shape=PersonShape,
    body=RolesInput,
    problems=(400, 403, 404, 409, 413, 415, 422),
)
def set_roles(body: Mapping[str, Any], name: str) -> PersonView:
    """Say which roles a person has at a publisher that you lead, or as maintainer for the portal."""
    return services().persons.set_roles(caller(), name, body["roles"], body.get("publisher"), confirmed=body["confirm"])


@blueprint.operation(
    "PATCH",
    "/people/<name>",
    shape=PersonShape,
    body=ClosingInput,
    problems=(400, 403, 404, 409, 413, 415, 422),
)
def close_person(body: Mapping[str, Any], name: str) -> PersonView:
    """Close the account of a person, or open it again. Sessions and tokens end when it is closed."""
    services().persons.close(caller(), name, disabled=body["disabled"], confirmed=body["confirm"])
    return services().persons.get(caller(), name)


@blueprint.operation(
    "POST",
    "/people/<name>/hand-over",
    shape=HandedOverShape,
    body=HandOverInput,
    problems=(400, 403, 404, 409, 413, 415, 422),
)
def hand_over(body: Mapping[str, Any], name: str) -> HandedOver:
    """Pass all roles, open drafts and fetched tables of a person to another one."""
    return services().persons.hand_over(caller(), name, body["successor"], closes=body["closes"])


@blueprint.operation(
    "GET",
    "/invitations",
    shape=InvitationPage,
    query=PageQuery,
    problems=(400, 403, 422),
    public=False,
    needs=Verb.ADMIN,
)
def list_invitations(query: Mapping[str, Any]) -> Page[InvitationView]:
    """List the invitations that nobody has accepted, the newest first."""
    return cut_page(services().invitations.list(caller()), lambda item: str(item.id), **query)


@blueprint.operation(
    "POST",
    "/invitations",
    status=201,
    shape=NewInvitationShape,
    body=InvitationInput,
    gives=("Location",),
    problems=(400, 403, 404, 413, 415, 422),
)
def invite_person(body: Mapping[str, Any]) -> Answer:
    """Invite an address to a role. The portal mails the link, or where it sends no mail, gives it to you once."""
    found, text = services().invitations.invite(
        caller(), body["address"], body["role"], body.get("publisher"), body["language"]
    )
    return _show(found, text), {"Location": f"{PREFIX}/invitations"}


@blueprint.operation("POST", "/invitations/<number>/repeat", shape=NewInvitationShape, problems=(403, 404))
def repeat_invitation(number: str) -> NewInvitation:
    """Send an invitation again, for another week."""
    return _show(*services().invitations.repeat(caller(), _read(number)))


@blueprint.operation("DELETE", "/invitations/<number>", status=204, problems=(403, 404))
def end_invitation(number: str) -> None:
    """Take an invitation back."""
    services().invitations.take_back(caller(), _read(number))


def _read(number: str) -> int:
    if re.fullmatch(r"[0-9]{1,9}", number, re.ASCII) is None:
        raise NotFoundError(N_("There is no invitation %(id)s"), id=number[:100])
    return int(number)


def _show(found: InvitationView, text: str | None) -> NewInvitation:
    link = absolute(url_for("joining.show_invitation", text=text)) if text else None
    return NewInvitation(**asdict(found), link=link)
