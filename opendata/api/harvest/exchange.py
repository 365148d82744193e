"""Entries that other portals register here: signed messages of their senders, and what is here of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request
from marshmallow import INCLUDE, Schema, fields

from opendata.api.core.authentication import SAFE_METHODS, caller
from opendata.api.core.blueprints import ApiBlueprint
from opendata.api.core.current import absolute, services
from opendata.api.core.fields import Instant, Object, Shape, Text
from opendata.api.core.inputs import PageQuery
from opendata.api.core.shapes import page_of
from opendata.domain.access.costs import Cost
from opendata.domain.access.scopes import Verb
from opendata.errors import N_
from opendata.metering import charge
from opendata.outside.signatures import ID, SIGNATURE, TIMESTAMP
from opendata.services.core.values import Page
from opendata.services.harvest.receiving import Message, ReceivedView

blueprint = ApiBlueprint("exchange", N_("Records that lower portals register here, signed with their secret."))

_RECORDS = "/exchange/<identifier:sender>/records"
_RECORD = f"{_RECORDS}/<record>"
_SIGNED = [
    {
        "in": "header",
        "name": name,
        "required": False,
        "schema": {"type": "string"},
        "description": text,
    }
    for name, text in (
        (ID, N_("`put_{id}_{serial}` or `delete_{id}_{serial}`; the serial is higher in every later message.")),
        (TIMESTAMP, N_("Seconds since 1970, at most five minutes off.")),
        (SIGNATURE, N_("`v1,` and the HMAC-SHA256 of id, time and body, in Base64 (Standard Webhooks).")),
    )
]


def _place(found: ReceivedView) -> str | None:
    return absolute(f"/datasets/{found.dataset}") if found.dataset else None


class ReceivedShape(Schema):
    """A record of a sender as it is here."""

    id = fields.String(required=True, metadata={"format": "uuid"})
    digest = fields.String(
        required=True,
        metadata={"description": "The SHA-256 of the body that was taken last; empty of one that was taken back."},
    )
    dataset = fields.String(
        required=True, allow_none=True, metadata={"description": "The id of the dataset that it became here."}
    )
    url = fields.Function(
        _place,
        required=True,
        metadata={"type": ["string", "null"], "format": "uri", "description": "The page of the dataset here."},
    )
    at = Instant(required=True)


class RecordBody(Shape):
    """An entry of another portal of this program."""

    class Meta:
        """Takes whatever a newer release says beside."""

        unknown = INCLUDE

    home = Text(required=True, longest=2000, metadata={"description": "The address of the portal that it is from."})
    dataset = Object(required=True, metadata={"description": "The dataset, as the REST API of that portal has it."})
    manifest = Object(
        metadata={"description": "Of its newest version, the `version` and the `resources` that the manifest has."}
    )


def check_signature() -> None:
    """Accept what a sender has signed, and maintainers. Anything else counts as a change, which limits guessing.

    Raises `NotSignedInError`.
    """
    actor = caller()
    reads = request.method in SAFE_METHODS
    if actor is not None and (actor.is_maintainer or (reads and actor.may_oversee)):
        return
    sender = (request.view_args or {}).get("sender", "")
    if not services().upward.receiving.is_signed(sender, _read_message()):
        charge(Cost.CHANGES)
        services().upward.receiving.refuse()


@blueprint.operation(
    "PUT",
    _RECORD,
    shape=ReceivedShape,
    body=RecordBody,
    asks=_SIGNED,
    problems=(400, 404, 409, 413, 415, 422, 423),
    signed=True,
    counts=False,
    needs=Verb.PUBLISH,
)
def put_exchange_record(body: Mapping[str, Any], sender: str, record: str) -> ReceivedView:  # noqa: ARG001
    """Register a record, or change it.

    The same message again is answered as before. A record that can't be used is refused with the reason (422), one that
    a later message has overtaken with 409.
    """
    return services().upward.receiving.put(sender, record, _read_message())


@blueprint.operation(
    "DELETE",
    _RECORD,
    shape=ReceivedShape,
    asks=_SIGNED,
    problems=(400, 404, 409, 423),
    signed=True,
    counts=False,
    needs=Verb.PUBLISH,
)
def delete_exchange_record(sender: str, record: str) -> ReceivedView:
    """Take a record back. Its dataset stays readable here, archived."""
    return services().upward.receiving.delete(sender, record, _read_message())


@blueprint.operation(
    "GET",
    _RECORDS,
    shape=page_of(ReceivedShape),
    query=PageQuery,
    asks=_SIGNED,
    problems=(400, 404),
    public=False,
    signed=True,
)
def list_exchange_records(query: Mapping[str, Any], sender: str) -> Page[ReceivedView]:
    """List the records of a sender that are here, for the sender and for those who oversee the portal."""
    return services().upward.receiving.list(sender, limit=query["limit"], cursor=query.get("cursor"))


blueprint.before_request(check_signature)


def _read_message() -> Message:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Message(headers=headers, body=request.get_data())
