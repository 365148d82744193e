"""Sending events to webhooks: the worker takes what is due, one at a time under a lease, and notes the answer.

Each event is sent at least once, signed, with the same id at every try, so that who gets it twice knows. Source:
Standard Webhooks 1.0 (headers, signature, pauses between tries).
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, update
from sqlalchemy.orm import Session

from opendata.db.models import PublicEvent, User, Webhook, WebhookDelivery
from opendata.domain.moments import format_time
from opendata.errors import N_, KeptMessage, OpendataError
from opendata.outside.guard import Guard, say_refusal
from opendata.outside.posting import Posted, post_document
from opendata.outside.signatures import write_headers
from opendata.services.announcing.matching import SearchMatching
from opendata.services.announcing.payloads import Payloads, name_event
from opendata.services.announcing.queueing import DELIVERED, DROPPED, FAILED, SEARCHED_AFTER, WAITING, read_wanted
from opendata.services.announcing.webhooks import TEST, end_waiting, tidy
from opendata.services.core.context import Context
from opendata.services.core.leases import Leases, give_back
from opendata.storage.secrets import decrypt_secret

logger = logging.getLogger(__name__)

SECONDS = 15.0
"""How long the other side may take to answer."""

PAUSES = (5, 300, 1800, 7200, 18000, 36000, 36000)
"""Seconds between tries; after the last one an event isn't sent any more."""

ENDS_AFTER = timedelta(days=5)
"""A webhook that takes nothing for so long is turned off."""

LONGEST_REST = timedelta(hours=1)
"""So long at most a webhook that takes nothing is left alone, whatever waits for it: others are sent meanwhile."""

_TIDY = timedelta(hours=6)
_LEASE = timedelta(seconds=90)

_REFUSED = N_("The address answers with the status %(status)s")
_GONE = N_("The address says that it is gone (410)")
_TIRED = N_("The address has taken nothing for %(days)s days")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """A delivery that is held by this worker, ready to be sent."""

    id: int
    owner: str
    url: str
    secret: str
    name: str
    body: bytes


class Delivering:
    """Sends what is due."""

    def __init__(self, context: Context, payloads: Payloads, matching: SearchMatching) -> None:
        self._context = context
        self._payloads = payloads
        self._matching = matching
        self._tidied: datetime | None = None
        self._leases = Leases(
            context=context,
            table=WebhookDelivery,
            is_due=_is_due,
            order=(WebhookDelivery.due, WebhookDelivery.id),
            lasts=_LEASE,
        )

    def run_due(self, is_stopping: Callable[[], bool] = lambda: False) -> int:
        """Send what is due, until it is to stop; how many were taken."""
        if self._tidied is None or self._context.clock() - self._tidied > _TIDY:
            self._tidied = self._context.clock()
            tidy(self._context)
        sent = 0
        while not is_stopping() and (taken := self._leases.take(self._prepare)) is not None:
            self._send(taken)
            sent += 1
        return sent

    def _send(self, taken: _Taken) -> None:
        headers = {
            "Content-Type": "application/json",
            "Content-Length": str(len(taken.body)),
            **write_headers(taken.secret, taken.name, taken.body, self._context.clock().timestamp()),
        }
        guard = Guard(self._context.settings.source_hosts)
        try:
            posted = post_document(taken.url, taken.body, headers, guard, SECONDS)
        except OpendataError as error:
            self._finish(taken, None, say_refusal(error))
        else:
            self._finish(taken, posted, None)

    def _prepare(self, session: Session, row: WebhookDelivery, owner: str) -> _Taken | None:
        """What is sent; None for what nobody wants, which is dropped, and for what can't be decided yet."""
        now = self._context.clock()
        hook = session.get_one(Webhook, row.webhook_id)
        user = session.get(User, hook.user_id)
        event = session.get(PublicEvent, row.event_id) if row.event_id is not None else None
        if hook.ended is not None or user is None or user.disabled:
            row.state = DROPPED
            return None
        search = read_wanted(hook.wanted).search
        if search and event is not None:
            is_found = self._matching.is_found(search, event, now - row.created)
            if is_found is None:
                row.due = now + SEARCHED_AFTER
                return None
            if not is_found:
                row.state = DROPPED
                return None
        try:
            secret = decrypt_secret(self._context.settings.key_folder, hook.secret)
        except OpendataError as error:  # the key was lost: the owner renews the secret
            row.state, row.reason = FAILED, {"message": error.message, "params": dict(error.params)}
            return None
        if event is None:
            name = f"evt_test_{row.id}"
            document: dict[str, object] = {"type": TEST, "timestamp": format_time(row.created), "data": {}}
        else:
            name = name_event(event)
            view = self._payloads.write(session, event)
            document = {"type": view.type, "timestamp": format_time(view.timestamp), "data": view.data}
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        return _Taken(id=row.id, owner=owner, url=hook.url, secret=secret, name=name, body=body)

    def _finish(self, taken: _Taken, posted: Posted | None, reason: KeptMessage | None) -> None:
        now = self._context.clock()
        with self._context.write() as session:
            row = self._leases.find(session, taken.id, taken.owner)
            if row is None:  # deleted meanwhile, or another worker has it
                return
            hook = session.get_one(Webhook, row.webhook_id, with_for_update=True)
            give_back(row)
            row.tried, row.tries = now, row.tries + 1
            row.status = posted.status if posted is not None else None
            if posted is not None and 200 <= posted.status < 300:
                row.state, row.reason, hook.failing = DELIVERED, None, None
                return
            row.reason = dict(reason or {"message": _REFUSED, "params": {"status": posted.status if posted else 0}})
            hook.failing = hook.failing or now
            if posted is not None and posted.status == 410:
                self._end(session, hook, row, now, {"message": _GONE, "params": {}})
            elif now - hook.failing >= ENDS_AFTER:
                self._end(session, hook, row, now, {"message": _TIRED, "params": {"days": ENDS_AFTER.days}})
            else:
                if row.tries > len(PAUSES):
                    row.state = FAILED
                else:
                    row.due = _find_due(row.tries, now, posted)
                self._put_off(session, hook, row, now)

    def _put_off(self, session: Session, hook: Webhook, row: WebhookDelivery, now: datetime) -> None:
        """Have what else waits for a webhook wait as long as that has failed, so that it doesn't hold up the others."""
        due = now + min(now - (hook.failing or now), LONGEST_REST)
        own = (WebhookDelivery.webhook_id == hook.id, WebhookDelivery.state == WAITING, WebhookDelivery.id != row.id)
        session.execute(update(WebhookDelivery).where(*own, WebhookDelivery.due < due).values(due=due))

    def _end(self, session: Session, hook: Webhook, row: WebhookDelivery, now: datetime, reason: KeptMessage) -> None:
        row.state = FAILED
        hook.ended, hook.reason = now, dict(reason)
        end_waiting(session, hook.id)
        logger.warning("the webhook %s was turned off", hook.id)


def _is_due(now: datetime) -> ColumnElement[bool]:
    return and_(WebhookDelivery.state == WAITING, WebhookDelivery.due <= now)


def _find_due(tries: int, now: datetime, posted: Posted | None) -> datetime:
    """When to try again: after the pause, or later where the other side asks for that."""
    pause = float(PAUSES[tries - 1])
    pause *= 1 + secrets.randbelow(200) / 1000
    asked = posted.retry_after if posted is not None and posted.status in (429, 502, 503, 504) else None
    return now + timedelta(seconds=max(pause, asked or 0))
