"""Who reads, where that matters: rows that aren't for everybody are given to readers who may have them.

A file for everybody is sent without a look at who asks, so that caches may keep it for all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps

from flask import g, make_response, request
from werkzeug.wrappers import Response

from opendata.errors import N_, NotPublicError, NotSignedInError
from opendata.sending.content import PRIVATE
from opendata.services.core.actors import Actor
from opendata.web.core.cookies import SESSION, read_cookie
from opendata.web.core.instance import services


def find_session() -> Actor | None:
    """Who is signed in in this browser, None where nobody is."""
    text = read_cookie(SESSION)
    found = services().sessions.resume(text, request.remote_addr or "") if text else None
    return replace(found, is_reading=is_read()) if found else None


def is_read() -> bool:
    """Whether the request can change nothing, as its method says."""
    return request.method in ("GET", "HEAD", "OPTIONS")


def reader() -> Actor | None:
    """Who reads what isn't for everybody: None until that is known to matter."""
    found: Actor | None = g.get("reader")
    return found


def for_readers(view: Callable[..., Response | str]) -> Callable[..., Response | str]:
    """A view that asks who reads where not everybody may: first as nobody, then as the bearer of a token or session."""

    @wraps(view)
    def ask(**parts: str) -> Response | str:
        g.reader = None
        try:
            return view(**parts)
        except NotPublicError:
            g.reader = _identify()
            if g.reader is None:
                raise
        response = make_response(view(**parts))
        response.headers["Cache-Control"] = PRIVATE
        response.vary.update(("Authorization", "Cookie"))
        if is_begun(response):
            services().events.note_download(g.reader, request.path)
        return response

    return ask


def read_once(view: Callable[..., Response]) -> Callable[..., Response]:
    """A page for which services read the same rows again and again: they share one session for it, and its rows."""

    @wraps(view)
    def read(**parts: str) -> Response:
        with services().database.reading():
            return view(**parts)

    return read


def is_begun(response: Response) -> bool:
    """Whether a file is sent from its beginning: its further parts belong to the same download."""
    if request.method != "GET" or response.mimetype in ("text/html", "text/markdown"):
        return False
    if response.status_code == 307:  # the reader fetches it from the object store
        return request.range is None or any(start == 0 for start, _ in request.range.ranges)
    if response.status_code != 206:
        return response.status_code == 200
    if response.content_range:
        return response.content_range.start == 0
    return request.range is not None and any(start == 0 for start, _ in request.range.ranges)  # several parts


def _identify() -> Actor | None:
    """Who sent the request. Raises `NotSignedInError` for a token that isn't valid."""
    header = request.headers.get("Authorization")
    if header is None:
        return g.get("actor") or find_session()
    scheme, _, token = header.strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotSignedInError(N_("The header “Authorization” must look like “Bearer odt_…”"))
    found = services().accounts.authenticate(token.strip())
    return replace(found, address=request.remote_addr or "", is_reading=is_read())
