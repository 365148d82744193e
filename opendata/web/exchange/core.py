"""What all documents are written with: where the portal is, who it is, and how long they may be kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256
from itertools import chain

from flask import g, request, stream_with_context
from werkzeug.http import unquote_etag
from werkzeug.wrappers import Response

from opendata import __version__
from opendata.domain.catalogue.addresses import Addresses
from opendata.domain.catalogue.entries import Portal
from opendata.web.core.instance import base_url, services

CATALOGUE_CACHE = "public, max-age=300"
"""Documents of the whole catalogue may be some minutes old: harvesters come daily."""


def addresses() -> Addresses:
    """The addresses of this portal, as the request reached it or as the settings say."""
    return Addresses(base_url())


def portal() -> Portal:
    """The portal, read once in a request."""
    if "portal" not in g:
        g.portal = services().portals.get()
    found: Portal = g.portal
    return found


def find_tag(*parts: str) -> str:
    """The weak entity tag of a document of the whole catalogue: another one whenever something of it changed."""
    entries, own = services().entries, portal()
    said = (__version__, base_url(), own, entries.find_state(), *parts)
    return f'W/"{sha256(repr(said).encode()).hexdigest()[:32]}"'


def send_stream(write: Callable[[], Iterator[bytes]], media_type: str, *parts: str) -> Response:
    """A document of the whole catalogue, written while it is sent; 304 for who has it.

    `parts` say which document it is. The first piece is made before the answer begins, so that an error at its start
    has its status.
    """
    tag = find_tag(*parts)
    headers = {"ETag": tag, "Cache-Control": CATALOGUE_CACHE}
    known = request.if_none_match
    if "If-None-Match" in request.headers and (known.star_tag or known.contains_weak(unquote_etag(tag)[0] or "")):
        response = Response(status=304, headers=headers)
        del response.headers["Content-Type"]
        return response
    if request.method == "HEAD":
        return Response(headers=headers, content_type=media_type)
    pieces = write()
    start = next(pieces, b"")
    return Response(stream_with_context(chain([start], pieces)), headers=headers, content_type=media_type)
