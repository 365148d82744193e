"""Answers with bytes that have a digest: validators, conditions, ranges, codings, the server's own file sending.

Source: RFC 9110 (sections 8.8, 12.5.3, 13, 14), RFC 9530 (digests), RFC 5861 and 9111 (caching), nginx's
`X-Accel-Redirect`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import IO, BinaryIO, cast

from flask import request
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.wrappers import Response
from werkzeug.wsgi import wrap_file

from opendata.errors import N_, PreconditionError
from opendata.sending.digests import choose_algorithm, write_digest
from opendata.sending.ranges import FilePart, Multipart, Range, parse_ranges, write_range

IMMUTABLE = "public, max-age=31536000, s-maxage=86400, immutable"
DERIVED = "public, max-age=3600"
PRIVATE = "private, no-store"
_OWN_CONDITIONS = {"If-Match", "If-Range"}
"""Headers with our entity tags, which nobody else knows."""

_BLOCK_BYTES = 64 * 1024
_DIGESTED_BYTES = 16 * 1024 * 1024
"""At most this many bytes get a `Content-Digest`: it must be known before the first byte is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What is to be sent. `source` are the bytes themselves, or opens them; `sha256` is their hexadecimal digest.

    `validator` is the text of their entity tag, where that is known before the bytes are, otherwise the digest is.
    `disposition` and `links` are the values of their headers. `coding` is the content coding of the bytes, and
    `varies` tells that there are other codings of them. `accel` is where a server before us finds the file, `sign`
    gives an address under which the reader finds it for a while.
    """

    source: Callable[[], BinaryIO] | bytes
    size: int
    sha256: str
    media_type: str
    cache: str
    validator: str = ""
    disposition: str = ""
    links: str = ""
    coding: str = ""
    varies: bool = False
    accel: str = ""
    sign: Callable[[], str] | None = None
    find_sha512: Callable[[], bytes | None] | None = None

    @property
    def tag(self) -> str:
        """The strong validator."""
        return f'"{self.validator or self.sha256}"'


def describe_bytes(data: bytes, media_type: str, cache: str, links: str = "", *, validator: str = "") -> Content:
    """A short document as content."""
    return Content(
        source=data,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        media_type=media_type,
        cache=cache,
        validator=validator,
        links=links,
    )


def is_in_hand(validator: str) -> bool:
    """Whether the client has the bytes of this entity tag already, so that they need not be made."""
    known = request.if_none_match
    return "If-Match" not in request.headers and not known.star_tag and known.contains_weak(validator)


def send_unchanged(validator: str, cache: str) -> Response:
    """Answer that the bytes are those in hand."""
    response = Response(status=304, headers={"ETag": f'"{validator}"', "Cache-Control": cache})
    del response.headers["Content-Type"]
    return response


def send(content: Content) -> Response:
    """Answer with the content, a part of it, or that it is the one in hand.

    Raises `PreconditionError` where it is not the one asked for, `RequestedRangeNotSatisfiable`.
    """
    response = Response()
    headers = response.headers
    headers["ETag"] = content.tag
    headers["Cache-Control"] = content.cache
    if content.varies:
        headers["Vary"] = "Accept-Encoding"
    if "If-Match" in request.headers and not request.if_match.contains(content.validator or content.sha256):
        raise PreconditionError(N_("The file isn't, or is no longer, the one that “If-Match” names"))
    if (
        request.method in ("GET", "HEAD")
        and "If-None-Match" in request.headers
        and request.if_none_match.contains_weak(content.validator or content.sha256)
    ):
        del headers["Content-Type"]
        response.status_code = 304
        return response
    headers["Content-Type"] = content.media_type
    headers["Accept-Ranges"] = "bytes"
    headers["X-Content-Type-Options"] = "nosniff"
    if content.coding:
        headers["Content-Encoding"] = content.coding
    if content.disposition:
        headers["Content-Disposition"] = content.disposition
    if content.links:
        headers["Link"] = content.links
    digest = _write_digest(content, request.headers.get("Want-Repr-Digest"))
    if digest:
        headers["Repr-Digest"] = digest
    if content.sign is not None and request.method == "GET" and not _OWN_CONDITIONS & {*request.headers.keys()}:
        return _lead_to(response, content.sign())
    ranges = _find_ranges(content)
    if ranges is None:
        _send_whole(response, content)
    elif len(ranges) == 1:
        _send_part(response, content, ranges[0])
    else:
        _send_parts(response, content, ranges)
    return response


def _lead_to(response: Response, address: str) -> Response:
    """Send the reader where the bytes are. The address is soon void, so nobody may keep the answer."""
    for name in ("ETag", "Content-Type", "Content-Disposition", "Accept-Ranges"):
        response.headers.pop(name, None)
    response.status_code = 307
    response.headers["Cache-Control"] = "no-store"
    response.headers["Location"] = address
    return response


def choose_coding(offered: tuple[str, ...]) -> str | None:
    """The content coding the reader likes best of those offered, which come in our own order; None: none of them."""
    if "Accept-Encoding" not in request.headers or "Range" in request.headers:
        return None
    accepted = {name.lower(): quality for name, quality in request.accept_encodings}
    best = max(offered, key=lambda name: accepted.get(name, accepted.get("*", 0)))
    quality = accepted.get(best, accepted.get("*", 0))
    return best if quality > 0 and quality >= accepted.get("identity", 0) else None


def _find_ranges(content: Content) -> list[Range] | None:
    """The parts asked for; None for the whole. Raises `RequestedRangeNotSatisfiable`."""
    header = request.headers.get("Range")
    if request.method != "GET" or header is None:
        return None
    if request.headers.get("If-Range", content.tag).strip() != content.tag:
        return None
    ranges = parse_ranges(header, content.size)
    if ranges is not None and not ranges:
        raise RequestedRangeNotSatisfiable(content.size)
    return list(ranges) if ranges is not None else None


def _send_whole(response: Response, content: Content) -> None:
    digest = _write_digest(content, request.headers.get("Want-Content-Digest"))
    if digest:
        response.headers["Content-Digest"] = digest
    if request.method != "HEAD" and content.accel and "Range" not in request.headers:
        response.headers["X-Accel-Redirect"] = content.accel
        response.content_length = 0
        return
    response.content_length = content.size
    if request.method != "HEAD":
        _set_body(response, content, (0, content.size))


def _send_part(response: Response, content: Content, part: Range) -> None:
    response.status_code = 206
    name, _, value = write_range(part, content.size).partition(": ")
    response.headers[name] = value
    response.content_length = part[1] - part[0]
    if "Want-Content-Digest" in request.headers and response.content_length <= _DIGESTED_BYTES:
        algorithm = choose_algorithm(request.headers["Want-Content-Digest"])
        if algorithm is not None:
            with _open(content) as file:
                data = FilePart(file, *part).read()
            digest = hashlib.new(algorithm.replace("-", ""), data).digest()
            response.headers["Content-Digest"] = write_digest(algorithm, digest)
    _set_body(response, content, part)


def _send_parts(response: Response, content: Content, ranges: list[Range]) -> None:
    body = Multipart(ranges, content.size, content.media_type, content.tag)
    response.status_code = 206
    response.headers["Content-Type"] = body.content_type
    response.content_length = body.length
    file = _open(content)
    response.call_on_close(file.close)  # who leaves before the first block lets nobody read to the end
    response.response = body.read(file)


def _set_body(response: Response, content: Content, part: Range) -> None:
    """The part as the body: of a file one that the server may send without us reading it."""
    if isinstance(content.source, bytes):
        response.response = [content.source[part[0] : part[1]]]
        return
    body = cast("IO[bytes]", FilePart(_open(content), *part))
    response.response = wrap_file(request.environ, body, _BLOCK_BYTES)
    response.direct_passthrough = True


def _open(content: Content) -> BinaryIO:
    return BytesIO(content.source) if isinstance(content.source, bytes) else content.source()


def _write_digest(content: Content, want: str | None) -> str:
    """The digest of the whole in the algorithm wanted; SHA-256 where the other would take too long."""
    algorithm = choose_algorithm(want)
    if algorithm is None:
        return ""
    if algorithm == "sha-512":
        digest = hashlib.sha512(content.source).digest() if isinstance(content.source, bytes) else None
        digest = digest or (content.find_sha512() if content.find_sha512 else None)
        if digest is not None:
            return write_digest(algorithm, digest)
    return write_digest("sha-256", bytes.fromhex(content.sha256))
