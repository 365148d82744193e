"""Guarded HTTP the other way: a document is sent to an address that may be asked, and what is answered is returned.

Redirects aren't followed: what was signed for one address isn't for another. Source: RFC 9110.
"""

from __future__ import annotations

import email.utils
import ssl
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from http.client import HTTPException
from urllib.parse import quote

from opendata.domain.sources.address import SourceAddress
from opendata.errors import N_, BackendError, Fault
from opendata.outside.guard import Deadline, Guard
from opendata.outside.http import name_host, open_connection
from opendata.outside.measured import measure_outgoing

_MOST_READ = 64 * 1024
_MOST_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Posted:
    """What the other side answered. `retry_after` is in seconds, None where it said nothing of the kind.

    `body` is cut where it is longer than was to be read.
    """

    status: int
    retry_after: float | None
    body: bytes = b""


def post_document(url: str, body: bytes, headers: Mapping[str, str], guard: Guard, seconds: float) -> Posted:
    """Send a document within so many seconds. Raises as `send_document` does."""
    return send_document("POST", url, body, headers, guard, seconds)


def send_document(
    method: str,
    url: str,
    body: bytes | None,
    headers: Mapping[str, str],
    guard: Guard,
    seconds: float,
    *,
    most_read: int = _MOST_READ,
) -> Posted:
    """Send a document, or None, by a method of HTTP within so many seconds.

    Raises `BackendError` where nobody answers in time, `NotPermittedError` for an address inside a network.
    """
    address = SourceAddress.parse(url)
    if isinstance(address, Fault) or address.scheme not in ("http", "https"):
        raise BackendError(N_("“%(url)s” isn't a web address"), url=url[:200])
    with ExitStack() as opened:
        deadline = opened.enter_context(Deadline(seconds))
        try:
            opened.enter_context(measure_outgoing("webhook", address.host))
            connection = open_connection(address, guard, deadline, opened)
            head = {"Host": name_host(address), "User-Agent": "opendata", "Connection": "close", **headers}
            connection.request(method, quote(address.path or "/", safe="/?&=%:;,+@!$'()*~[]"), body=body, headers=head)
            response = opened.enter_context(connection.getresponse())
            found = response.read(most_read)
            return Posted(response.status, _read_pause(response.headers.get("Retry-After", "")), found)
        except ssl.SSLCertVerificationError as error:
            text = N_("The certificate of “%(host)s” can't be trusted: %(reason)s")
            raise BackendError(text, host=address.host, reason=error.verify_message) from None
        except (HTTPException, OSError, ValueError) as error:
            if deadline.has_passed:
                raise BackendError(N_("It took longer than %(seconds)s seconds"), seconds=round(seconds)) from None
            reason = getattr(error, "strerror", None) or type(error).__name__
            text = N_("The connection to “%(host)s” broke off: %(reason)s")
            raise BackendError(text, host=address.host, reason=reason) from None


def _read_pause(text: str) -> float | None:
    """`Retry-After` in seconds from now, at most a day."""
    if text.isascii() and text.isdecimal() and len(text) < 10:
        return min(float(text), _MOST_SECONDS)
    try:
        found = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return min(max(0.0, found.timestamp() - time.time()), _MOST_SECONDS)
