"""What a view's answer must be so that it may be kept for other readers: the same for everybody, and whole.

The application says it in the environment of the request; `kept` looks at the finished headers as well. A page with a
form that changes something sets the cookie that its token belongs to, so it is never kept.
"""

from __future__ import annotations

from flask import Response, g, request

from opendata.domain.access.costs import Cost

OFFERED = "opendata.may_be_kept"
"""In the environment of a request: True where the view was counted as a light request, False where it wasn't at all."""

_NEVER = frozenset(
    ("downloads", "operations", "assets", "api_mcp", "mcp", "oai", "ckan", "ckan_actions", "iceberg", "api_events")
)
"""Blueprints whose answers are counted, are about the machine or the moment, or have validators of their own."""


def offer(response: Response) -> Response:
    """After a view: offer its answer where nobody is known, nothing is streamed, and no query was run for it."""
    if request.method != "GET" or response.status_code != 200 or request.blueprint in _NEVER:
        return response
    if response.is_streamed or response.direct_passthrough or g.get("held_slot") is not None:
        return response
    if any(g.get(name) is not None for name in ("actor", "caller", "reader")):
        return response
    allowance = g.get("allowance")
    if allowance is None or allowance.policy == Cost.LIGHT.value:
        request.environ[OFFERED] = allowance is not None
    return response
