"""HTTP by the standard library: never waits forever, reads no more than it should, stays with the portal it was given.

Proxies and certificate authorities are those of the environment (`HTTPS_PROXY`, `NO_PROXY`, `SSL_CERT_FILE`).
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.message import Message
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from socket import socket
from typing import IO, Any, cast
from urllib.error import HTTPError, URLError
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

from opendata_client.addresses import find_origin
from opendata_client.errors import (
    IntegrityError,
    NotAPortalError,
    NotFoundError,
    NotPublicError,
    RefusedError,
    UnreachableError,
    UsageError,
    WithdrawnError,
)

TIMEOUT = 60.0
"""Seconds that an answer may take, apart from those that its bytes take at the slowest speed."""

JSON_BYTES = 64 * 1024**2
"""At most this many bytes of JSON are read."""

RESULT_BYTES = 1024**3
"""At most this many bytes are read into memory from an answer whose size nobody has published."""

_SLOWEST = 10_000
"""Bytes a second. A slower answer is given up."""
_PROBLEM_BYTES = 1024**2
_PIECE = 1024**2
_BROKEN = "the connection broke off"
_DIGEST = re.compile(r"\bsha-256=:([^:]+):")
_HEADER = re.compile(r"[!-~]*")
_REFUSALS: Mapping[str, type[RefusedError]] = {
    "not-found": NotFoundError,
    "not-public": NotPublicError,
    "withdrawn": WithdrawnError,
    "suspended": WithdrawnError,
}
_LATER = frozenset([408, 425, 429, 500, 502, 503, 504])


class Transport:
    """What speaks to one portal, as one reader."""

    def __init__(self, portal: str, *, token: str | None, language: str, timeout: float) -> None:
        if not (_HEADER.fullmatch(token or "") and _HEADER.fullmatch(language)):
            raise UsageError("token= and language= can't have spaces or other special characters. Copy them again")
        if not timeout > 0:
            raise UsageError(f"timeout= must be more than 0 seconds, not {timeout}")
        self.portal = portal
        self._timeout = timeout
        self._headers = {"User-Agent": "opendata-client", "Accept-Language": language}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._opener = OpenerDirector()
        for handler in (
            ProxyHandler(),
            _Http(),
            _Https(),
            _StaysThere(),
            HTTPDefaultErrorHandler(),
            HTTPErrorProcessor(),
        ):
            self._opener.add_handler(handler)

    def get_json(self, url: str) -> tuple[Mapping[str, Any], str]:
        """A JSON object, and its address after redirects."""
        with self._open(url, "application/json") as answer:
            data, final = _read_whole(answer, JSON_BYTES), answer.geturl()
        found = _parse_object(data)
        if found is None:
            raise self._is_none()
        return found, final

    def get_bytes(self, url: str, accept: str, body: bytes | None = None) -> tuple[bytes, Message]:
        """The bytes of an answer of one media type, and its headers. A body makes it a POST of JSON."""
        with self._open(url, accept, body) as answer:
            if answer.headers.get_content_type() != accept:
                raise self._is_none()
            data = _read_whole(answer, RESULT_BYTES)
        digest = _DIGEST.search(answer.headers.get("Repr-Digest", ""))
        if digest and digest[1] != base64.b64encode(hashlib.sha256(data).digest()).decode():
            raise IntegrityError(f"Something changed the answer of {self.portal} on the way. Try again")
        return data, answer.headers

    def download(self, url: str, size: int) -> Iterator[bytes]:
        """The pieces of a file whose size is known."""
        left = size
        with self._open(url, "*/*") as answer:
            is_announced = answer.length == size
            while left >= 0 and (piece := answer.read(min(_PIECE, left + 1))):
                left -= len(piece)
                yield piece
            if left and is_announced:
                raise ConnectionError(_BROKEN)
        if left:
            raise IntegrityError(
                f"{url} doesn't have the {size:,} bytes that were published. Try again. If it happens again, tell the"
                " portal's operator"
            )

    @contextmanager
    def _open(self, url: str, accept: str, body: bytes | None = None) -> Iterator[HTTPResponse]:
        """An answer to read. Whatever goes wrong on the way becomes an error of ours."""
        headers = self._headers | {"Accept": accept} | ({"Content-Type": "application/json"} if body else {})
        request = Request(url, data=body, headers=headers)  # noqa: S310 - only http and https have a handler
        try:
            try:
                with self._opener.open(request, timeout=self._timeout) as answer:
                    yield cast("HTTPResponse", answer)
            except HTTPError as error:
                with error:
                    raise self._describe_refusal(error) from None
        except (HTTPException, OSError) as error:
            raise self._describe_failure(error) from error

    def _describe_refusal(self, answer: HTTPError) -> Exception:
        is_problem = answer.headers.get_content_type() == "application/problem+json"
        problem = _parse_object(answer.read(_PROBLEM_BYTES)) if is_problem else None
        if answer.code in _LATER:
            pause = answer.headers.get("Retry-After", "")
            when = f"in {pause} seconds" if pause.isdigit() else "later"
            reason = (problem or {}).get("detail") or f"{answer.code} {answer.reason}"
            return UnreachableError(f"{self.portal} can't answer now: {reason}. Try again {when}")
        if problem is None:
            return self._is_none()
        lines = [str(problem.get("detail") or problem.get("title") or f"{answer.code} {answer.reason}")]
        errors = problem.get("errors")
        for item in errors if isinstance(errors, list) else ():
            if isinstance(item, dict):
                lines.append(f"  {item.get('pointer', '')}: {item.get('detail', '')}")
        kind = _REFUSALS.get(str(problem.get("type", "")).rpartition("/")[2], RefusedError)
        if kind is NotFoundError:
            lines.append(f"Look for it among the datasets of this portal: {self.portal}/datasets")
        if kind is NotPublicError and "Authorization" not in self._headers:
            lines.append("If you were granted this data, create a token on your Account page and pass it as token=")
        if kind is WithdrawnError:
            lines.append("Leave out the version to load the newest one")
        return kind("\n".join(lines), problem)

    def _describe_failure(self, error: Exception) -> Exception:
        cause = error.reason if isinstance(error, URLError) else error
        if isinstance(cause, _ElsewhereError):
            return NotAPortalError(
                f"{self.portal} redirects to {cause}, which is another server. If you trust it, use that address"
            )
        if isinstance(cause, ssl.SSLCertVerificationError):
            return UnreachableError(
                f"The certificate of {self.portal} can't be trusted: {cause.verify_message}. If your organisation has"
                " its own certificate authority, name its file in the environment variable SSL_CERT_FILE"
            )
        if isinstance(cause, TimeoutError):
            return UnreachableError(
                f"{self.portal} takes too long to answer. Try again later, or wait longer with timeout="
            )
        reason = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
        return UnreachableError(
            f"Can't reach {self.portal}: {reason}. Check the address and your network. If you need a proxy, name it in"
            " the environment variables HTTP_PROXY and HTTPS_PROXY"
        )

    def _is_none(self) -> NotAPortalError:
        return NotAPortalError(
            f"The server at {self.portal} doesn't answer as an opendata portal. Open the dataset's page in a browser"
            " and copy its address"
        )


class _ElsewhereError(OSError):
    """A redirect leads to another origin, whose address is the message."""


class _StaysThere(HTTPRedirectHandler):
    """Follows redirects within the same origin only, so that neither token nor trust goes elsewhere."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> Request | None:
        """The request that follows a redirect."""
        if find_origin(newurl) != find_origin(req.full_url):
            fp.close()
            raise _ElsewhereError(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _Http(HTTPHandler):
    def http_open(self, req: Request) -> HTTPResponse:
        """Answer a request."""
        return self.do_open(_HttpConnection, req)


class _Https(HTTPSHandler):
    def https_open(self, req: Request) -> HTTPResponse:
        """Answer a request."""
        return self.do_open(_HttpsConnection, req, context=ssl.create_default_context())


class _HttpConnection(HTTPConnection):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.response_class = partial(_Response, timeout=cast("float", self.timeout))  # type: ignore[assignment]


class _HttpsConnection(HTTPSConnection):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.response_class = partial(_Response, timeout=cast("float", self.timeout))  # type: ignore[assignment]


class _Response(HTTPResponse):
    """A response that must come at some speed, its headers included: a timeout of the socket is for each read alone."""

    def __init__(self, sock: socket, *arguments: Any, timeout: float, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self.fp = io.BufferedReader(_Patient(cast("Any", self.fp).detach(), sock, timeout))


class _Patient(io.RawIOBase):
    """The bytes of a socket, until they take too long: `timeout` seconds, and one more for each `_SLOWEST` bytes."""

    def __init__(self, raw: io.RawIOBase, sock: socket, timeout: float) -> None:
        self._raw, self._socket = raw, sock
        self._deadline = time.monotonic() + timeout

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what is there."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)
        count = cast("int | None", cast("Any", self._raw).readinto(buffer))
        self._deadline += (count or 0) / _SLOWEST
        return count

    def close(self) -> None:
        """Let the socket go."""
        self._raw.close()
        super().close()


def _read_whole(answer: HTTPResponse, limit: int) -> bytes:
    """All bytes of an answer. Raises `OSError` where it is cut off."""
    expected, data = answer.length, bytearray()
    while piece := answer.read(_PIECE):
        data += piece
        if len(data) > limit:
            raise RefusedError(f"{answer.geturl()} is larger than the {limit:,} bytes that can be read. Ask for less")
    if expected is not None and len(data) < expected:
        raise ConnectionError(_BROKEN)
    return bytes(data)


def _parse_object(data: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
