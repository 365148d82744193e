"""Cookies of ours: out of reach of scripts and other sites, and where the portal has HTTPS, of other hosts."""

from __future__ import annotations

from flask import after_this_request, request
from werkzeug.wrappers import Response

from opendata.settings import Settings
from opendata.web.core.instance import services

SESSION = "opendata_id"
"""The text of the session, of which the database has the digest."""

FORMS = "opendata_session"
"""What Flask keeps of a browser, signed: the token of forms, and what the next page says once."""

DEVICE = "opendata_device"
"""Marks a browser in which somebody has signed in, so that nobody else's wrong sign-ins keep them out."""

OPENID = "opendata_openid"
"""What the answer of another system must fit: signed, for ten minutes."""

_PREFIX = "__Host-"
"""A browser accepts a cookie of such a name only over HTTPS, and sends it only to this host (RFC 6265bis)."""


def name_cookie(settings: Settings, name: str) -> str:
    """The name under which a cookie is sent."""
    return f"{_PREFIX}{name}" if settings.has_https else name


def read_cookie(name: str) -> str:
    """The value of a cookie, empty if it is missing."""
    return request.cookies.get(name_cookie(services().settings, name), "")


def write_cookie(name: str, value: str, *, seconds: int | None = None) -> None:
    """Have the answer to this request set a cookie; without `seconds` until the browser is closed."""

    @after_this_request
    def write(response: Response) -> Response:
        set_cookie(response, name, value, seconds=seconds)
        return response


def set_cookie(response: Response, name: str, value: str, *, seconds: int | None = None) -> None:
    """Set a cookie with an answer; without `seconds` until the browser is closed."""
    settings = services().settings
    response.set_cookie(
        name_cookie(settings, name),
        value,
        max_age=seconds,
        secure=settings.has_https,
        httponly=True,
        samesite="Lax",
        path="/",
    )


def delete_cookie(name: str) -> None:
    """Have the answer to this request delete a cookie."""
    if read_cookie(name):
        write_cookie(name, "", seconds=0)
