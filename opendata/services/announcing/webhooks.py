"""Webhooks: an account says which events are sent to which address, tries it, and sees what was sent.

Source: Standard Webhooks 1.0.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from opendata.db.models import PublicEvent, Webhook, WebhookDelivery
from opendata.domain.catalogue.public_events import Wanted
from opendata.domain.sources.address import SourceAddress
from opendata.errors import N_, Fault, InputError, InvalidMetadataError, NotFoundError, StateError, fault
from opendata.outside.signatures import make_secret
from opendata.services.announcing.events import require_kinds
from opendata.services.announcing.payloads import name_event
from opendata.services.announcing.queueing import (
    DELIVERED,
    FAILED,
    WAITING,
    queue_deliveries,
    read_wanted,
    write_wanted,
)
from opendata.services.announcing.values import DeliveryView, WebhookView
from opendata.services.announcing.wishes import find_search_faults, require_things
from opendata.services.core.actors import Actor, require_signed_in
from opendata.services.core.context import Context
from opendata.services.core.leases import FREE
from opendata.services.core.paging import read_cursor, refuse_cursor, write_cursor
from opendata.services.core.values import Page
from opendata.storage.secrets import encrypt_secret

MOST_HOOKS = 20
"""Of one account."""

MOST_NOTE = 200
KEPT = timedelta(days=30)
"""So long it is known what was delivered."""

TEST = "webhook.test"
MOST_REPLAYED = 1000


class Webhooks:
    """Registers webhooks. Each belongs to an account, and ends with it."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(self, actor: Actor | None) -> Sequence[WebhookView]:
        """The webhooks of the actor, the oldest first. Raises `NotSignedInError`."""
        found = require_signed_in(actor)
        with self._context.read() as session:
            rows = session.scalars(
                select(Webhook).where(Webhook.user_id == found.id).order_by(Webhook.created, Webhook.id)
            )
            return [self._view(session, row) for row in rows]

    def get(self, actor: Actor | None, webhook: str) -> WebhookView:
        """One of them. Raises `NotFoundError`, `NotSignedInError`."""
        found = require_signed_in(actor)
        with self._context.read() as session:
            return self._view(session, _find(session, found, webhook))

    def create(self, actor: Actor | None, said: Mapping[str, Any]) -> tuple[WebhookView, str]:
        """Register an address; the secret that what is sent is signed with, which is shown this once.

        `said` has `url`, and of `types`, `dataset`, `publisher`, `schema`, `search` and `note` what limits it. A test
        is queued at once. Raises `InvalidMetadataError`, `StateError` for too many, `NotSignedInError`.
        """
        found = require_signed_in(actor)
        url, note, wanted = self._read(said)
        secret = make_secret()
        with self._context.write() as session:
            count = session.scalar(select(func.count()).select_from(Webhook).where(Webhook.user_id == found.id)) or 0
            if count >= MOST_HOOKS:
                raise StateError(N_("An account has %(count)s webhooks at most. Delete one first"), count=MOST_HOOKS)
            require_things(session, wanted)
            now = self._context.clock()
            row = Webhook(
                id=secrets.token_hex(16),
                user_id=found.id,
                url=url,
                secret=encrypt_secret(self._context.settings.key_folder, secret),
                note=note,
                wanted=write_wanted(wanted),
                created=now,
                failing=None,
                ended=None,
            )
            session.add(row)
            session.flush()
            _queue_test(session, row, now)
            self._context.log(session, found, "create", "webhook", row.id, host=_host(url))
            return self._view(session, row), secret

    def update(self, actor: Actor | None, webhook: str, said: Mapping[str, Any]) -> WebhookView:
        """Change what is given of `url`, `types`, `dataset`, `publisher`, `schema`, `search`, `note`, `active`.

        `active` turns it off, or on again. Raises as `create`, and `NotFoundError`.
        """
        found = require_signed_in(actor)
        with self._context.write() as session:
            row = _find(session, found, webhook, lock=True)
            before = {"url": row.url, "note": row.note, **row.wanted}
            url, note, wanted = self._read({**before, **said})
            require_things(session, wanted)
            row.url, row.note, row.wanted = url, note, write_wanted(wanted)
            now = self._context.clock()
            if said.get("active") is False and row.ended is None:
                row.ended, row.reason = now, None
                end_waiting(session, row.id)
            elif said.get("active") is True and row.ended is not None:
                row.ended = row.reason = row.failing = None
                _queue_test(session, row, now)
            row.revision += 1
            self._context.log(session, found, "update", "webhook", row.id, host=_host(url))
            session.flush()
            return self._view(session, row)

    def renew_secret(self, actor: Actor | None, webhook: str) -> str:
        """Give it another secret, and return it: what is sent from now on is signed with it. Raises `NotFoundError`."""
        found = require_signed_in(actor)
        secret = make_secret()
        with self._context.write() as session:
            row = _find(session, found, webhook, lock=True)
            row.secret = encrypt_secret(self._context.settings.key_folder, secret)
            row.revision += 1
            self._context.log(session, found, "renew-secret", "webhook", row.id)
        return secret

    def delete(self, actor: Actor | None, webhook: str) -> None:
        """Tell it nothing more; what was sent is forgotten. Raises `NotFoundError`, `NotSignedInError`."""
        found = require_signed_in(actor)
        with self._context.write() as session:
            row = _find(session, found, webhook, lock=True)
            delete_webhook(session, row.id)
            self._context.log(session, found, "delete", "webhook", webhook)

    def test(self, actor: Actor | None, webhook: str) -> None:
        """Queue a test event. Raises `NotFoundError`, `StateError` where it is turned off."""
        found = require_signed_in(actor)
        with self._context.write() as session:
            row = _require_active(_find(session, found, webhook, lock=True))
            waits = select(WebhookDelivery.id).where(
                WebhookDelivery.webhook_id == row.id,
                WebhookDelivery.event_id.is_(None),
                WebhookDelivery.state == WAITING,
            )
            if session.scalar(waits) is None:
                _queue_test(session, row, self._context.clock())

    def replay(self, actor: Actor | None, webhook: str, since: str) -> int:
        """Queue again all events after a cursor that it wants; how many, at most 1,000.

        Each has the id that it had before. Raises `InputError` for a cursor that isn't ours, `NotFoundError`,
        `StateError`.
        """
        found = require_signed_in(actor)
        key = read_cursor(since) or "event:0"
        word, _, number = key.partition(":")
        if word != "event" or not number.isascii() or not number.isdecimal() or len(number) > 18:
            raise refuse_cursor()
        with self._context.write() as session:
            row = _require_active(_find(session, found, webhook, lock=True))
            waits = select(func.count()).where(WebhookDelivery.webhook_id == row.id, WebhookDelivery.state == WAITING)
            if (session.scalar(waits) or 0) >= MOST_REPLAYED:
                text = N_("%(count)s events or more wait for this webhook already. Try again once they were sent")
                raise StateError(text, count=MOST_REPLAYED)
            query = select(PublicEvent).where(PublicEvent.id > int(number)).order_by(PublicEvent.id)
            count = 0
            for event in session.scalars(query.limit(MOST_REPLAYED)):
                count += queue_deliveries(session, event, self._context.clock(), only=row)
            self._context.log(session, found, "replay", "webhook", row.id, events=count)
            return count

    def list_deliveries(
        self, actor: Actor | None, webhook: str, *, limit: int, cursor: str | None = None
    ) -> Page[DeliveryView]:
        """What was sent to it in the last 30 days or waits to be, the newest first. Raises `NotFoundError`."""
        found = require_signed_in(actor)
        key = read_cursor(cursor)
        if key is not None and not (key.isascii() and key.isdecimal() and len(key) < 19):
            raise refuse_cursor()
        query = (
            select(WebhookDelivery, PublicEvent)
            .outerjoin(PublicEvent, PublicEvent.id == WebhookDelivery.event_id)
            .where(WebhookDelivery.webhook_id == webhook)
            .order_by(WebhookDelivery.id.desc())
        )
        if key is not None:
            query = query.where(WebhookDelivery.id < int(key))
        with self._context.read() as session:
            _find(session, found, webhook)
            rows = list(session.execute(query.limit(limit + 1)))
            items = [_view_delivery(row, event) for row, event in rows[:limit]]
        return Page(items, write_cursor(str(items[-1].id)) if len(rows) > limit else None)

    def _read(self, said: Mapping[str, Any]) -> tuple[str, str, Wanted]:
        """The parts of what was said. Raises `InvalidMetadataError` with every fault."""
        url = str(said.get("url") or "").strip()
        wanted = read_wanted(said)
        faults = [*self._find_url_faults(url), *find_search_faults(wanted.search)]
        note = str(said.get("note") or "").strip()
        if len(note) > MOST_NOTE:
            faults.append(fault("/note", N_("At most %(count)s characters"), count=MOST_NOTE))
        if faults:
            raise InvalidMetadataError(faults=faults)
        require_kinds(wanted.kinds)
        return url, note, wanted

    def _find_url_faults(self, url: str) -> Sequence[Fault]:
        address = SourceAddress.parse(url)
        if isinstance(address, Fault):
            return [address]
        if address.scheme not in ("http", "https"):
            return [fault("/url", N_("Write a web address, such as https://example.org/hook"))]
        if address.user:
            return [fault("/url", N_("Leave the user name out of the address: what is sent is signed"))]
        allowed = self._context.settings.source_hosts
        if address.scheme == "http" and address.host not in allowed and f"{address.host}:{address.port}" not in allowed:
            return [fault("/url", N_("Write an address with https, so that nobody reads on the way what is sent"))]
        return []

    def _view(self, session: Session, row: Webhook) -> WebhookView:
        waiting = select(func.count()).where(WebhookDelivery.webhook_id == row.id, WebhookDelivery.state == WAITING)
        return WebhookView(
            id=row.id,
            url=row.url,
            note=row.note,
            wanted=read_wanted(row.wanted),
            created=row.created,
            failing=row.failing,
            ended=row.ended,
            reason=row.reason,  # type: ignore[arg-type]
            waiting=session.scalar(waiting) or 0,
        )


def delete_webhook(session: Session, webhook: str) -> None:
    """Delete a webhook with all that is kept of it."""
    session.execute(delete(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook))
    session.execute(delete(Webhook).where(Webhook.id == webhook))


def tidy(context: Context) -> None:
    """Forget what was done long ago."""
    before = context.clock() - KEPT
    with context.write() as session:
        session.execute(
            delete(WebhookDelivery).where(WebhookDelivery.created < before, WebhookDelivery.state != WAITING)
        )


def end_waiting(session: Session, webhook: str) -> None:
    """What waits for a webhook isn't sent."""
    waiting = (WebhookDelivery.webhook_id == webhook, WebhookDelivery.state == WAITING)
    session.execute(update(WebhookDelivery).where(*waiting).values(state=FAILED, **FREE))


def _queue_test(session: Session, row: Webhook, now: datetime) -> None:
    session.add(WebhookDelivery(webhook_id=row.id, event_id=None, state=WAITING, created=now, due=now))


def _find(session: Session, actor: Actor, webhook: str, *, lock: bool = False) -> Webhook:
    query = select(Webhook).where(Webhook.id == webhook[:64], Webhook.user_id == actor.id)
    row = session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NotFoundError(N_("You have no webhook “%(id)s”"), id=webhook[:64])
    return row


def _require_active(row: Webhook) -> Webhook:
    if row.ended is not None:
        raise StateError(N_("This webhook is turned off. Turn it on first"))
    return row


def _host(url: str) -> str:
    found = SourceAddress.parse(url)
    if isinstance(found, Fault):
        raise InputError(N_("“%(url)s” isn't a web address"), url=url[:200])
    return found.host


def _view_delivery(row: WebhookDelivery, event: PublicEvent | None) -> DeliveryView:
    return DeliveryView(
        id=row.id,
        event=name_event(event) if event is not None else None,
        type=event.kind if event is not None else TEST,
        state=row.state,
        created=row.created,
        tried=row.tried,
        due=row.due,
        tries=row.tries,
        status=row.status,
        reason=row.reason if row.state != DELIVERED else None,  # type: ignore[arg-type]
    )
