"""What answers are sent with so that a browser protects its reader; forms and hosts that are refused."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from flask import Response, current_app, g, request
from flask_wtf.csrf import CSRFError, CSRFProtect

from opendata.domain.access.costs import Cost
from opendata.errors import N_, InputError
from opendata.metering import COST, charge
from opendata.services.access.pace import WINDOW_SECONDS, Allowance
from opendata.web.core.frames import may_be_framed
from opendata.web.core.instance import services

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

_FRAMED_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors *",
    )
)
"""For a page that any site may frame."""

_ELSE_POLICY = "frame-ancestors 'none'"
"""For answers that aren't pages: browsers show some of them, such as PDF."""

_PRIVATE = (
    "workspace",
    "uploads",
    "drafts",
    "answers",
    "reviews",
    "sessions",
    "grants",
    "account",
    "recoveries",
    "stops",
    "personal",
    "workbench",
    "audit",
    "addresses",
    "joining",
    "factors",
    "openid",
    "people",
    "mail",
    "preparing",
    "self_checks",
    "basic_drafts",
    "basic_imports",
    "duties",
    "clocks",
    "duty_feeds",
    "request_following",
    "request_inbox",
    "site_staff",
    "harvest_staff",
    "senders",
    "higher_platforms",
)
"""The blueprints whose pages are never kept by a cache."""

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}

_HSTS = "max-age=31536000"
"""For a year a browser asks over HTTPS only."""

_COSTLY = ("readings.show_reading", "audit.export_audit")
"""Pages that take the machine more than others do; they are for people who are signed in."""

_CHECKS = ("/healthz", "/readyz", "/metrics")
"""Asked by load balancers and Prometheus, which name no host or their own."""

_DEFAULT_PORTS = (":80", ":443")

_FOREIGN = "foreign-request"
"""What the audit log calls a request that wasn't made by a page of ours, or is for another host."""

csrf = CSRFProtect()


def refuse_unknown_host() -> None:
    """Refuse a request for another host than ours: a cache or a mail could spread a link to it.

    Raises `InputError`.
    """
    settings = services().settings
    if not settings.base_url or request.path in _CHECKS:
        return
    own = urlsplit(settings.base_url).netloc
    known = {_normalise(host) for host in (own, *settings.other_hosts)}
    if _normalise(request.headers.get("Host", "")) not in known:
        raise InputError(
            N_("The request names an unknown host. The address of this portal is %(address)s"),
            address=settings.base_url,
        ).as_event(_FOREIGN)


def _normalise(host: str) -> str:
    text = host.lower()
    return next((text.removesuffix(port) for port in _DEFAULT_PORTS if text.endswith(port)), text)


def protect_forms() -> None:
    """Refuse a form that did not come from a page of ours. Raises `InputError`."""
    try:
        csrf.protect()
    except CSRFError:
        raise InputError(
            N_("This form has expired or didn't come from a page of this portal. Go back, reload it, and send it again")
        ).as_event(_FOREIGN) from None


def count_request() -> None:
    """Count a change or a costly request of the pages; REST, and views with a class of their own, count themselves.

    Raises `RateLimitError`.
    """
    is_counted = request.method not in ("GET", "HEAD", "OPTIONS") or request.endpoint in _COSTLY
    view = current_app.view_functions.get(request.endpoint or "")
    if is_counted and not request.path.startswith("/api/") and not hasattr(view, COST):
        charge(Cost.CHANGES)


def limit_form() -> None:
    """Forms without files are small."""
    request.max_content_length = FORM_BYTES


def write_allowance(allowance: Allowance) -> Iterator[tuple[str, str]]:
    """The headers that say how many requests are left. Source: draft-ietf-httpapi-ratelimit-headers."""
    yield "RateLimit-Policy", f'"{allowance.policy}";q={allowance.limit};w={WINDOW_SECONDS}'
    yield "RateLimit", f'"{allowance.policy}";r={allowance.left};t={allowance.seconds}'


def add_headers(response: Response) -> Response:
    """Add the headers of all answers, and those of pages; REST adds its own beside them."""
    for name, value in _ALWAYS.items():
        response.headers.setdefault(name, value)
    if may_be_framed():
        response.headers["Content-Security-Policy"] = _FRAMED_POLICY
    else:
        response.headers.setdefault("X-Frame-Options", "DENY")
    is_for_all = "Access-Control-Allow-Origin" in response.headers
    response.headers.setdefault("Cross-Origin-Resource-Policy", "cross-origin" if is_for_all else "same-origin")
    allowance: Allowance | None = g.get("allowance")
    if allowance is not None:
        response.headers.update(write_allowance(allowance))
    if services().settings.base_url.startswith("https://"):
        response.headers.setdefault("Strict-Transport-Security", _HSTS)
    is_page = response.mimetype in ("text/html", "text/markdown")
    response.headers.setdefault("Content-Security-Policy", POLICY if is_page else _ELSE_POLICY)
    if not is_page:
        return response
    response.vary.update(("Accept-Language", "Cookie"))
    private = g.get("actor") is not None or request.blueprint in _PRIVATE
    response.headers.setdefault("Cache-Control", "private, no-store" if private else "no-cache")
    return response
