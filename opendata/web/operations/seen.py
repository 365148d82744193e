"""What the trail of a request knows from the application: which route answers, and what kind of user asks."""

from __future__ import annotations

import re
from functools import cache

from flask import Response, g, request

from opendata.telemetry.trail import UNKNOWN, find_trail

_KIND = re.compile(r"<\w+(\([^)]*\))?:")


def note_route() -> None:
    """Note the endpoint and the rule of the address, without its values."""
    trail = find_trail()
    if trail is not None:
        trail.endpoint = request.endpoint or UNKNOWN
        trail.route = _name_route(request.url_rule.rule) if request.url_rule is not None else ""


@cache
def _name_route(rule: str) -> str:
    """A rule as people write it, without the kinds of its values."""
    return _KIND.sub("<", rule)


def note_user(response: Response) -> Response:
    """Note whether a person, a program with a token, or anybody asks."""
    trail = find_trail()
    if trail is not None:
        actor = g.get("caller") or g.get("actor") or g.get("reader")
        trail.user = "anonymous" if actor is None else "account" if actor.token is None else "token"
    return response
