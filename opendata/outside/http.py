"""Guarded HTTP: a file is fetched from an address that may be asked, within limits of time, size and redirects.

Source: RFC 9110 (redirects, conditional requests, authentication).
"""

from __future__ import annotations

import base64
import ssl
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse
from urllib.parse import quote, unquote, urljoin, urlsplit

from opendata.domain.sources.address import SECRET_PLACE, SourceAddress
from opendata.errors import N_, BackendError, Fault
from opendata.outside.fetched import Fetched, Target, refuse_size
from opendata.outside.guard import Deadline, Guard
from opendata.outside.measured import measure_outgoing

_MOST_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_ANSWER_SECONDS = 60.0
_PIECE_BYTES = 1 << 18

_REFUSALS: Mapping[int, str] = {
    401: N_("The server asks for a password, or doesn't accept the one that it got (401)"),
    403: N_("The server refuses the request (403). Ask its operator to allow the portal to fetch the file"),
    404: N_("There is no file at this address (404)"),
    410: N_("There is no file at this address any more (410)"),
    429: N_("The server says that it was asked too often (429)"),
}
_UNREADABLE = N_("The connection to “%(host)s” broke off: %(reason)s")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """What is asked for: an address, the secret for its host, and what is known of the file from the last time."""

    url: str
    secret: str = field(default="", repr=False)
    etag: str = ""
    modified: str = ""


def fetch_http(request: HttpRequest, target: Target, guard: Guard, deadline: Deadline) -> Fetched | None:
    """Fetch a file; None where the server says that it hasn't changed.

    Raises `BackendError`, `NotPermittedError` for an address inside a network, `TooLargeError`. No message has the
    secret in it.
    """
    url = request.url.replace(SECRET_PLACE, quote(request.secret, safe=""))
    first = address = _parse(url)
    for _ in range(_MOST_REDIRECTS + 1):
        with ExitStack() as opened:
            response = _ask(address, request, address.party[:3] == first.party[:3], guard, deadline, opened)
            if response.status == 304:
                return None
            if response.status not in _REDIRECTS:
                return _receive(response, address, target, deadline)
            url = urljoin(url, response.headers.get("Location", ""))
        following = _parse(url)
        if address.scheme == "https" and following.scheme != "https":
            raise BackendError(N_("The server redirects to an address without encryption (http), which isn't followed"))
        address = following
    raise BackendError(N_("The server redirects more than %(count)s times"), count=_MOST_REDIRECTS)


def open_connection(address: SourceAddress, guard: Guard, deadline: Deadline, opened: ExitStack) -> HTTPConnection:
    """A connection to an address that may be asked, encrypted where it says so; it closes with `opened`.

    Raises `BackendError`, `NotPermittedError`, `OSError`.
    """
    plain = opened.enter_context(guard.connect(address.host, address.port, deadline))
    plain.settimeout(min(_ANSWER_SECONDS, deadline.seconds))
    connection = HTTPConnection(address.host, address.port)
    connection.sock = plain
    if address.scheme == "https":
        context = ssl.create_default_context()
        connection.sock = opened.enter_context(context.wrap_socket(plain, server_hostname=address.host))
        deadline.watch(connection.sock)
    return connection


def name_host(address: SourceAddress) -> str:
    """The `Host` header for an address."""
    usual = 443 if address.scheme == "https" else 80
    host = f"[{address.host}]" if ":" in address.host else address.host
    return host if address.port == usual else f"{host}:{address.port}"


def _parse(url: str) -> SourceAddress:
    found = SourceAddress.parse(url.partition("#")[0])
    if isinstance(found, Fault) or found.scheme not in ("http", "https"):
        raise BackendError(N_("The server redirects to something that isn't a web address"))
    return found


def _ask(
    address: SourceAddress,
    request: HttpRequest,
    is_own: bool,
    guard: Guard,
    deadline: Deadline,
    opened: ExitStack,
) -> HTTPResponse:
    """The answer of a host, its body still to be read; the connection closes with `opened`."""
    try:
        with measure_outgoing("fetch", address.host):
            connection = open_connection(address, guard, deadline, opened)
            connection.request(
                "GET", quote(address.path, safe="/?&=%:;,+@!$'()*~[]"), headers=_head(address, request, is_own)
            )
            return opened.enter_context(connection.getresponse())
    except ssl.SSLCertVerificationError as error:
        text = N_("The certificate of “%(host)s” can't be trusted: %(reason)s")
        raise BackendError(text, host=address.host, reason=error.verify_message) from None
    except (HTTPException, OSError, ValueError) as error:
        raise _broken(address, error, deadline) from None


def _head(address: SourceAddress, request: HttpRequest, is_own: bool) -> Mapping[str, str]:
    """The headers; the secret only goes to the host that it is for."""
    head = {
        "Host": name_host(address),
        "User-Agent": "opendata",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    if is_own and request.secret and SECRET_PLACE not in request.url:
        pair = f"{address.user}:{request.secret}".encode()
        basic = f"Basic {base64.b64encode(pair).decode('ascii')}"
        head["Authorization"] = basic if address.user else f"Bearer {request.secret}"
    if is_own and request.etag:
        head["If-None-Match"] = request.etag
    if is_own and request.modified:
        head["If-Modified-Since"] = request.modified
    return head


def _receive(response: HTTPResponse, address: SourceAddress, target: Target, deadline: Deadline) -> Fetched:
    if response.status != 200:
        text = _REFUSALS.get(response.status, N_("The server answers with the status %(status)s instead of a file"))
        raise BackendError(text, status=response.status)
    if response.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
        raise BackendError(N_("The server sends the file compressed although it was asked not to"))
    if response.length is not None and response.length > target.limit:
        raise refuse_size(target.limit)
    try:
        with target.path.open("wb") as file:
            while data := response.read1(_PIECE_BYTES):
                deadline.require()
                target.write(file, data)
    except (HTTPException, OSError, ValueError) as error:
        raise _broken(address, error, deadline) from None
    deadline.require()
    if response.length:
        raise BackendError(_UNREADABLE, host=address.host, reason=f"{response.length} bytes are missing")
    return target.finish(
        _name(address.path),
        etag=response.headers.get("ETag", "")[:500],
        modified=response.headers.get("Last-Modified", "")[:100],
    )


def _broken(address: SourceAddress, error: Exception, deadline: Deadline) -> BackendError:
    if deadline.has_passed:
        return BackendError(N_("It took longer than %(seconds)s seconds"), seconds=round(deadline.seconds))
    reason = getattr(error, "strerror", None) or type(error).__name__
    return BackendError(_UNREADABLE, host=address.host, reason=reason)


def _name(path: str) -> str:
    """The name of a file by the last part of its path."""
    return unquote(urlsplit(path).path.rsplit("/", 1)[-1])
