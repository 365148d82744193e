"""Who calls: the bearer of a token, or anyone who is signed in on the pages.

Their changes need a CSRF token as well.
"""

from __future__ import annotations

from dataclasses import replace

from flask import g, request
from flask_wtf.csrf import validate_csrf
from wtforms.validators import ValidationError

from opendata.api.core.current import services
from opendata.domain.access.costs import Cost
from opendata.domain.access.scopes import Verb
from opendata.errors import N_, NotPermittedError, NotSignedInError
from opendata.metering import charge
from opendata.services.core.actors import Actor, require_changes, require_signed_in, require_verb

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

COUNTED: set[str] = set()
"""Endpoints whose requests count as changes; `ApiBlueprint.operation` enters each."""

READING: set[str] = set()
"""Endpoints that change nothing, whatever their method; `ApiBlueprint.operation` enters each."""

FOR_STRANGERS: set[str] = set()
"""Endpoints of changes that need no account; `ApiBlueprint.operation` enters each."""
OWN: set[str] = set()
"""Endpoints that change nothing but the caller's own account; `ApiBlueprint.operation` enters each."""

NEEDED: dict[str, Verb] = {}
"""Endpoint → what a token needs for it; `ApiBlueprint.operation` enters each."""


def identify_caller() -> None:
    """Before every view: find who calls, and let nobody unknown change anything.

    A token that is wrong is refused on public addresses too, so that nobody works on unnoticed with a dead one.
    """
    g.caller = _find_bearer()
    changes = request.method not in SAFE_METHODS and request.endpoint not in READING
    if g.caller is None and g.get("actor") is not None:
        g.caller = g.actor
        if changes:
            _check_csrf()
    if request.endpoint in COUNTED:
        charge(Cost.CHANGES)
    if changes and request.endpoint not in FOR_STRANGERS:
        require_signed_in(g.caller)
    if changes and request.endpoint not in OWN:
        require_changes(g.caller)
    if g.caller is not None:
        g.caller = replace(g.caller, is_reading=not changes)
    default = Verb.ADMIN if changes else Verb.READ
    require_verb(g.caller, NEEDED.get(request.endpoint or "", default))


def caller() -> Actor | None:
    """Who calls, None for a reader without an account."""
    found: Actor | None = g.get("caller")
    return found


def _find_bearer() -> Actor | None:
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, token = header.strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotSignedInError(N_("The header “Authorization” must look like “Bearer odt_…”"))
    return replace(services().accounts.authenticate(token.strip()), address=request.remote_addr or "")


def _check_csrf() -> None:
    try:
        validate_csrf(request.headers.get("X-CSRFToken"))
    except ValidationError:
        raise NotPermittedError(
            N_("A change made with a page's session must send its token in the header “X-CSRFToken”. Reload the page")
        ) from None
