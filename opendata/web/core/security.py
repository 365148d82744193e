"""What every page is sent with so that a browser protects its reader; forms only from our own pages."""

from __future__ import annotations

from flask import Response, g, request
from flask_wtf.csrf import CSRFError, CSRFProtect

from opendata.errors import N_, InputError

FORM_BYTES = 2 * 1024 * 1024
"""The largest form without files."""

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

_PRIVATE = (
    "workspace",
    "uploads",
    "drafts",
    "answers",
    "reviews",
    "sessions",
    "grants",
    "account",
    "stops",
    "personal",
    "audit",
)
"""The blueprints whose pages are never kept by a cache."""

csrf = CSRFProtect()


def protect_forms() -> None:
    """Refuse a form that did not come from a page of ours. Raises `InputError`."""
    try:
        csrf.protect()
    except CSRFError:
        raise InputError(
            N_("This form has expired or didn't come from a page of this portal. Go back, reload it, and send it again")
        ) from None


def limit_form() -> None:
    """Forms without files are small."""
    request.max_content_length = FORM_BYTES


def add_headers(response: Response) -> Response:
    """Add the headers to our own answers; REST adds its own."""
    if request.path.startswith("/api/"):
        return response
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    if response.mimetype != "text/html":
        return response
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers.setdefault("X-Frame-Options", "DENY")
    response.vary.update(("Accept-Language", "Cookie"))
    private = g.get("actor") is not None or request.blueprint in _PRIVATE
    response.headers.setdefault("Cache-Control", "private, no-store" if private else "no-cache")
    return response
