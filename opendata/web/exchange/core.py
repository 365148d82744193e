"""What all documents are written with: where the portal is, who it is, and how long they may be kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256
from itertools import chain

from flask import g, request, stream_with_context
from werkzeug.http import unquote_etag
from werkzeug.wrappers import Response

from opendata import __version__
from opendata.domain.access.costs import Cost
from opendata.domain.catalogue.addresses import Addresses
from opendata.domain.catalogue.entries import Portal
from opendata.metering import charge
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


def send_stream(
    write: Callable[[], Iterator[bytes]], media_type: str, *parts: str, cost: Cost = Cost.HEAVY
) -> Response:
    """A document of the whole catalogue, written while it is sent; 304 for who has it.

    `parts` say which document it is. It is charged with `cost` where it is made; who has it already, or asks for the
    head alone, sends a light request. The first piece is made before the answer begins, so that an error at its start
    has its status.
    """
    tag = find_tag(*parts)
    headers = {"ETag": tag, "Cache-Control": CATALOGUE_CACHE}
    known = request.if_none_match
    is_known = "If-None-Match" in request.headers and (
        known.star_tag or known.contains_weak(unquote_etag(tag)[0] or "")
    )
    is_made = not is_known and request.method != "HEAD"
    charge(cost if is_made else Cost.LIGHT)
    if is_known:
        response = Response(status=304, headers=headers)
        del response.headers["Content-Type"]
        return response
    if not is_made:
        return Response(headers=headers, content_type=media_type)
    pieces = write()
    start = next(pieces, b"")
    return Response(stream_with_context(chain([start], pieces)), headers=headers, content_type=media_type)
