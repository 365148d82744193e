"""One rule for a slash at the end of an address: where the page has none, it leads to the page."""

from __future__ import annotations

from flask import current_app, redirect, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response

_EXACT = ("/api/v1/", "/api/2/", "/api/3/", "/api/action/")
"""REST answers exactly the addresses that its document names; the calls of CKAN's clients never redirect."""


def drop_slash() -> Response | None:
    """Before a page: lead from its address with a slash at the end, permanently, to the one without."""
    path = request.path.rstrip("/")
    if path == request.path or not path or request.method not in ("GET", "HEAD"):
        return None
    if path == "/api" or request.path.startswith(_EXACT):
        return None
    try:
        endpoint, values = current_app.create_url_adapter(request).match(path, method="GET")  # type: ignore[union-attr]
    except (HTTPException, RequestRedirect):  # there is no such page, or its address has the slash
        return None
    query = request.query_string.decode("ascii", "replace")
    target = url_for(endpoint, **values)
    return redirect(f"{target}?{query}" if query else target, 301)
