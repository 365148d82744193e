"""The tokens of the account that asks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from marshmallow import Schema, fields

from opendata.api.core.authentication import caller
from opendata.api.core.blueprints import PREFIX, ApiBlueprint
from opendata.api.core.conditions import Answer
from opendata.api.core.current import services
from opendata.api.core.fields import Instant, Many, Shape, Text, Whole
from opendata.api.core.inputs import PageQuery
from opendata.api.core.shapes import page_of
from opendata.domain.access.scopes import VERBS, Verb
from opendata.errors import N_, NotFoundError
from opendata.services.access.tokens import MAX_TOKEN_DAYS, TokenOptions, TokenView
from opendata.services.core.actors import require_signed_in
from opendata.services.core.paging import cut_page
from opendata.services.core.values import Page

blueprint = ApiBlueprint("tokens", N_("Tokens of your account, for programs."))


class TokenInput(Shape):
    """A new token. What isn't given isn't limited, except that it lasts 90 days."""

    name = Text(longest=200, metadata={"description": "What it is for."})
    scopes = Many(
        Text(longest=20, metadata={"enum": list(VERBS)}),
        metadata={"description": "What it may be used for: at most what you may do. `read` is always among them."},
    )
    publisher = Text(longest=100, metadata={"description": "Only for this publisher."})
    dataset = Text(longest=100, metadata={"description": "Only for this dataset."})
    days = Whole(
        1,
        MAX_TOKEN_DAYS,
        error=N_("“days” must be a whole number from 1 to 3650"),
        load_default=90,
        metadata={"description": "Days until it expires."},
    )


class TokenShape(Schema):
    """A token without its secret."""

    id = fields.Integer(required=True)
    name = fields.String(required=True)
    scopes = fields.List(fields.String(metadata={"enum": list(VERBS)}), required=True)
    publisher = fields.String(required=True, allow_none=True)
    dataset = fields.String(required=True, allow_none=True)
    created = Instant(required=True)
    expires = Instant(required=True, allow_none=True)
    used = Instant(required=True, allow_none=True, metadata={"description": "Its last use, to the minute."})
    revoked = fields.Boolean(required=True)


class NewTokenShape(TokenShape):
    """A token that was just created."""

    token = fields.String(required=True, metadata={"description": "Its secret, which is never shown again."})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken(TokenView):
    """A token with its secret."""

    token: str


TokenPage = page_of(TokenShape)


@blueprint.operation(
    "GET", "/tokens", shape=TokenPage, query=PageQuery, problems=(400, 422), public=False, needs=Verb.ADMIN
)
def list_tokens(query: Mapping[str, Any]) -> Page[TokenView]:
    """List the tokens of your account, the oldest first."""
    name = require_signed_in(caller()).name
    return cut_page(services().accounts.list_tokens(name), lambda item: str(item.id), **query)


@blueprint.operation(
    "POST",
    "/tokens",
    status=201,
    shape=NewTokenShape,
    body=TokenInput,
    gives=("Location",),
    problems=(400, 413, 415, 422),
    is_own=True,
)
def create_token(body: Mapping[str, Any]) -> Answer:
    """Create a token for your account. A token creates only tokens that may do less and end no later than itself."""
    actor = require_signed_in(caller())
    text, view = services().accounts.create_token(actor.name, options=TokenOptions.from_values(body), actor=actor)
    return NewToken(**asdict(view), token=text), {"Location": f"{PREFIX}/tokens"}


@blueprint.operation("DELETE", "/tokens/<token>", status=204, problems=(404,), is_own=True)
def revoke_token(token: str) -> None:
    """End a token of your account at once."""
    actor = require_signed_in(caller())
    if re.fullmatch(r"[0-9]{1,9}", token, re.ASCII) is None:
        raise NotFoundError(N_("There is no token %(id)s"), id=token[:100])
    services().accounts.revoke_token(int(token), user=actor.name, actor=actor)
