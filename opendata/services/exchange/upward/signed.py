"""The ways to another portal of this program, and to platforms that take the guide's metadata: signed messages.

Source: Standard Webhooks 1.0.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from opendata.domain.catalogue.external import is_web_address
from opendata.domain.upward.platforms import SendMethod
from opendata.domain.upward.records import Answer
from opendata.errors import N_, BackendError
from opendata.exchange.upward.records import write_record
from opendata.outside.guard import Guard
from opendata.outside.posting import Posted, send_document
from opendata.outside.signatures import write_headers
from opendata.services.exchange.upward.parcels import MOST_ANSWER, Outcome, Parcel, Platform, There

SECONDS = 30.0
"""How long a platform may take to answer."""

_MOST_LISTED = 8 * 1024 * 1024
_PAGE = 500
_MOST_PAGES = 2000
_AWAY = frozenset([401, 403, 404, 405, 407, 408, 421, 423, 425, 429])
"""Refusals that are about the platform or the way to it, not about the record."""

_OTHER = N_("The platform confirms another record than the one that was sent")
_NO_LIST = N_("The platform doesn't say what it has: it answers with the status %(status)s")


class PortalWay:
    """The way to another portal of this program, which knows this one as a sender."""

    def __init__(self, platform: Platform, guard: Guard, clock: Callable[[], datetime]) -> None:
        self._platform = platform
        self._guard = guard
        self._clock = clock
        self._place = f"{platform.url.rstrip('/')}/api/v1/exchange/{quote(platform.account)}/records"

    def send(self, parcel: Parcel) -> Outcome:
        """Register or take back a record; the portal says the digest that it has then."""
        method = "DELETE" if parcel.is_deletion else "PUT"
        body = b"" if parcel.content is None else write_record(parcel.content)
        posted = self._ask(method, f"{self._place}/{parcel.message.record}", str(parcel.message), body)
        found = judge(posted)
        if found.answer != Answer.TAKEN:
            return found
        said = read_object(posted.body)
        if str(said.get("digest") or "") != (parcel.digest or ""):
            return Outcome(answer=Answer.AWAY, status=posted.status, reason={"message": _OTHER, "params": {}})
        page = str(said.get("url") or "")
        return Outcome(
            answer=Answer.TAKEN,
            status=posted.status,
            there=str(said.get("dataset") or "")[:200],
            page=page if is_web_address(page) else "",
        )

    def list_there(self) -> Iterator[There]:
        """All records that it has of this portal."""
        cursor = ""
        for _ in range(_MOST_PAGES):
            name = f"list_{self._platform.account}_{int(self._clock().timestamp() * 1000)}"
            url = f"{self._place}?limit={_PAGE}" + (f"&cursor={quote(cursor)}" if cursor else "")
            posted = self._ask("GET", url, name, b"")
            items = read_object(posted.body).get("items")
            if posted.status != 200 or not isinstance(items, list):
                raise BackendError(_NO_LIST, status=posted.status)
            for item in items:
                if isinstance(item, dict):
                    yield There(str(item.get("id")), str(item.get("digest")), str(item.get("dataset") or ""))
            cursor = str(read_object(posted.body).get("next") or "")
            if not cursor:
                return
        raise BackendError(_NO_LIST, status=200)

    def _ask(self, method: str, url: str, name: str, body: bytes) -> Posted:
        signed = write_headers(self._platform.secret, name, body, self._clock().timestamp())
        headers = {"Content-Type": "application/json", "Accept": "application/json", **signed}
        return send_document(method, url, body or None, headers, self._guard, SECONDS, most_read=_MOST_LISTED)


class GuideWay:
    """The way to a platform that takes one signed document a record, by PUT at its own address or by POST at one."""

    def __init__(self, platform: Platform, guard: Guard, clock: Callable[[], datetime]) -> None:
        self._platform = platform
        self._guard = guard
        self._clock = clock

    def send(self, parcel: Parcel) -> Outcome:
        """Send a record, or say that it was withdrawn."""
        record, base = parcel.message.record, self._platform.url
        content: Mapping[str, Any] = parcel.content or {"id": record}
        if self._platform.method == SendMethod.POST:
            kind = "record.deleted" if parcel.is_deletion else "record.put"
            posted = self._ask("POST", base, parcel, write_record({"type": kind, **content}))
        else:
            url = f"{base.rstrip('/')}/{record}"
            body = b"" if parcel.is_deletion else write_record(content)
            posted = self._ask("DELETE" if parcel.is_deletion else "PUT", url, parcel, body)
            if parcel.is_deletion and posted.status in (404, 410):  # it isn't there, as it should be
                return Outcome(answer=Answer.TAKEN, status=posted.status)
        return judge(posted)

    def list_there(self) -> Iterator[There]:
        """Raises `BackendError`: such a platform can't be asked."""
        raise BackendError(_NO_LIST, status=0)

    def _ask(self, method: str, url: str, parcel: Parcel, body: bytes) -> Posted:
        name = str(parcel.message)
        signed = write_headers(self._platform.secret, name, body, self._clock().timestamp())
        headers = {"Content-Type": "application/json", "Idempotency-Key": name, **signed}
        return send_document(method, url, body or None, headers, self._guard, SECONDS)


def judge(posted: Posted) -> Outcome:
    """What an answer means by its status, with what it says."""
    text = say_answer(posted.body)
    if 200 <= posted.status < 300:
        answer = Answer.TAKEN
    elif posted.status == 409 and str(read_object(posted.body).get("type") or "").endswith("/superseded"):
        answer = Answer.OLDER
    elif posted.status < 400 or posted.status >= 500 or posted.status in _AWAY:
        answer = Answer.AWAY
    else:
        answer = Answer.REFUSED
    return Outcome(answer=answer, status=posted.status, text=text, retry_after=posted.retry_after)


def say_answer(body: bytes) -> str:
    """What a platform says in words: the detail of a problem with what is wrong with each field, else its text."""
    found = read_object(body)
    errors = found.get("errors")
    said = (
        [str(item.get("detail") or "") for item in errors if isinstance(item, dict)] if isinstance(errors, list) else []
    )
    text = "; ".join(item for item in (str(found.get("detail") or found.get("title") or ""), *said) if item)
    if not text and not found:
        text = " ".join(body[: MOST_ANSWER * 4].decode("utf-8", "replace").split())
    return "".join(item if item.isprintable() else " " for item in text)[:MOST_ANSWER]


def read_object(body: bytes) -> Mapping[str, Any]:
    """A JSON object; empty for anything else."""
    try:
        found = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
