"""Mail about events, for people without an account: an address is confirmed by a link, and ends it at one click.

Source: RFC 8058 (ending a subscription at one click).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from opendata.db.models import MailSubscription, OutboxMail, PublicEvent
from opendata.domain.catalogue.public_events import LABELS, EventKind, Wanted
from opendata.domain.mail.addresses import mask_address, parse_mail_address
from opendata.domain.mail.letters import LetterKind
from opendata.errors import N_, InvalidMetadataError, NotFoundError, StateError, fault
from opendata.services.access.limits import Limits
from opendata.services.access.sessions import digest_text
from opendata.services.announcing.events import require_kinds
from opendata.services.announcing.matching import SearchMatching
from opendata.services.announcing.payloads import Payloads
from opendata.services.announcing.queueing import list_schemas, read_wanted, write_wanted
from opendata.services.announcing.wishes import find_search_faults, require_things
from opendata.services.core.context import Context
from opendata.services.core.instance import read_secret
from opendata.services.mail.outbox import Letter, post
from opendata.wording.voice import voice_of

PACES: Mapping[str, timedelta] = {
    "soon": timedelta(minutes=10),
    "daily": timedelta(days=1),
    "weekly": timedelta(days=7),
}
"""How long events are collected for one mail."""

PACE_NAMES: Mapping[str, str] = {
    "soon": N_("Soon, at most every ten minutes"),
    "daily": N_("Once a day"),
    "weekly": N_("Once a week"),
}
MOST_OF_ONE = 20
"""So many subscriptions an address may have."""

_TIDY = timedelta(hours=6)
_LISTED = 50
_AT_ONCE = 1000
_UNCONFIRMED = timedelta(days=2)
_NO_MAIL = N_("This portal sends no mail. Use a feed or a webhook")
_UNKNOWN = N_("This link isn't valid, or the subscription has ended already")


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionView:
    """A subscription as its owner sees it; `what` says in words what it is about, `address` is masked."""

    address: str
    what: str
    is_confirmed: bool


class Subscriptions:
    """Takes subscriptions, and writes the mail."""

    def __init__(self, context: Context, payloads: Payloads, matching: SearchMatching, limits: Limits) -> None:
        self._context = context
        self._payloads = payloads
        self._matching = matching
        self._limits = limits
        self._tidied: datetime | None = None

    def subscribe(self, said: Mapping[str, Any], *, address: str, language: str) -> None:
        """Take a subscription of `mail` to what `types`, `dataset`, `publisher`, `schema`, `search` limit, at a `pace`.

        A mail with a link goes to the address, whose owner confirms it. Nothing tells whether it had subscribed before.
        Raises `InvalidMetadataError`, `StateError` where no mail is sent, `TooManyAttemptsError`.
        """
        if not self._context.settings.sends_mail:
            raise StateError(_NO_MAIL)
        mail, pace, wanted = (
            parse_mail_address(str(said.get("mail") or "")),
            str(said.get("pace") or ""),
            read_wanted(said),
        )
        faults = list(find_search_faults(wanted.search))
        if mail is None:
            faults.append(fault("/mail", N_("Write an e-mail address, such as name@example.org")))
        if pace not in PACES:
            faults.append(fault("/pace", N_("Choose one of the list")))
        if faults or mail is None:
            raise InvalidMetadataError(faults=faults)
        require_kinds(wanted.kinds)
        self._limits.count_subscription(address)
        with self._context.write() as session:
            require_things(session, wanted)
            kept = write_wanted(wanted)
            own = session.scalars(select(MailSubscription).where(MailSubscription.address == mail)).all()
            same = next((row for row in own if row.wanted == kept), None)
            if same is not None and same.confirmed is not None:
                same.pace, same.language = pace, language
                return
            if same is None and len(own) >= MOST_OF_ONE:
                return  # its owner ends others first; nobody else learns that there are some
            row = same or MailSubscription(address=mail, wanted=kept, created=self._context.clock(), confirmed=None)
            row.pace, row.language = pace, language
            session.add(row)
            session.flush()
            params = {"subscription": str(row.id), "what": _say_wanted(wanted, language)}
            post(
                self._context,
                session,
                Letter(kind=LetterKind.SUBSCRIBED, recipient=mail, language=language, params=params),
            )

    def find_confirmation(self, text: str) -> SubscriptionView:
        """The subscription that a link confirms. Raises `NotFoundError`."""
        with self._context.read() as session:
            return _view(self._find_unconfirmed(session, text))

    def confirm(self, text: str) -> SubscriptionView:
        """Confirm a subscription: mail comes from the next event on. Raises `NotFoundError`."""
        with self._context.write() as session:
            row = self._find_unconfirmed(session, text)
            now = self._context.clock()
            row.confirmed, row.confirm, row.due = now, None, now
            row.position = session.scalar(select(func.max(PublicEvent.id))) or 0
            return _view(row)

    def find_end(self, text: str) -> SubscriptionView:
        """The subscription that a link ends. Raises `NotFoundError`."""
        with self._context.read() as session:
            return _view(self._find_by_end(session, text))

    def end(self, text: str) -> bool:
        """End a subscription: nothing is kept of it. Whether there was one."""
        with self._context.write() as session:
            try:
                session.delete(self._find_by_end(session, text))
            except NotFoundError:
                return False
        return True

    def run_due(self, is_stopping: Callable[[], bool] = lambda: False) -> int:
        """Write the mail that is due, until it is to stop; how many mails."""
        now, count = self._context.clock(), 0
        if self._tidied is None or now - self._tidied > _TIDY:
            self._tidied = now
            self._tidy()
        with self._context.read() as session:
            newest = session.scalar(select(PublicEvent).order_by(PublicEvent.id.desc()).limit(1))
            if newest is None or not (
                self._matching.has_seen(newest.position) or now - newest.at > timedelta(minutes=10)
            ):
                return 0
            due = select(MailSubscription.id).where(MailSubscription.due <= now, MailSubscription.position < newest.id)
            names = session.scalars(due.order_by(MailSubscription.due).limit(_AT_ONCE)).all()
        for name in names:
            if is_stopping():
                break
            count += self._write(name, newest.id)
        return count

    def _tidy(self) -> None:
        """Forget what nobody confirmed in time."""
        before = self._context.clock() - _UNCONFIRMED
        with self._context.write() as session:
            session.execute(
                delete(MailSubscription).where(MailSubscription.confirmed.is_(None), MailSubscription.created < before)
            )

    def _write(self, subscription: int, newest: int) -> int:
        """Write one mail about all that came since the last; 0 where nothing of it is wanted."""
        now = self._context.clock()
        with self._context.write() as session:
            query = select(MailSubscription).where(MailSubscription.id == subscription)
            row = session.scalar(query.with_for_update(skip_locked=True))
            if row is None or row.due is None or row.due > now:
                return 0
            wanted = read_wanted(row.wanted)
            since = row.position
            row.position, row.due = newest, now + PACES.get(row.pace, PACES["daily"])
            events = list(
                session.scalars(
                    select(PublicEvent)
                    .where(PublicEvent.id > since, PublicEvent.id <= newest)
                    .order_by(PublicEvent.id)
                    .limit(_AT_ONCE)
                )
            )
            found = [event for event in events if self._is_wanted(session, wanted, event)]
            if not found:
                return 0
            lines = [self._say(session, event, row.language) for event in found[:_LISTED]]
            if len(found) > _LISTED:
                voice = voice_of(row.language)
                text = voice.count("and %(num)s more", "and %(num)s more", len(found) - _LISTED)
                lines.append(f"{text}: {self._context.settings.base_url}/datasets?sort=updated")
            params = {
                "subscription": str(row.id),
                "what": _say_wanted(wanted, row.language),
                "list": "\n\n".join(lines),
            }
            letter = Letter(kind=LetterKind.EVENTS, recipient=row.address, language=row.language, params=params)
            return int(post(self._context, session, letter))

    def _is_wanted(self, session: Session, wanted: Wanted, event: PublicEvent) -> bool:
        if not wanted.takes(event.kind, event.dataset_id, event.publisher_id, list_schemas(session, event)):
            return False
        return not wanted.search or bool(self._matching.is_found(wanted.search, event, timedelta(days=1)))

    def _say(self, session: Session, event: PublicEvent, language: str) -> str:
        """An event in two lines: what happened to what, and where it is."""
        voice, data = voice_of(language), self._payloads.write(session, event).data
        about: Mapping[str, Any] = next((data[name] for name in ("dataset", "schema", "publisher") if name in data), {})
        title = str(about.get("title") or about.get("id") or about.get("name") or "")
        number = str(data["version"]["version"]) if "version" in data else ""
        address = str((data.get("version") or about).get("url") or "")
        line = f"{voice.translate(LABELS[EventKind(event.kind)])}: {title} {number}".rstrip()
        reason = f"\n{data['reason']}" if data.get("reason") else ""
        return f"{line}{reason}\n{address}"

    def _find_unconfirmed(self, session: Session, text: str) -> MailSubscription:
        query = select(MailSubscription).where(MailSubscription.confirm == digest_text(text[:200]))
        row = session.scalar(query)
        if row is None or row.created < self._context.clock() - _UNCONFIRMED:
            raise NotFoundError(_UNKNOWN)
        return row

    def _find_by_end(self, session: Session, text: str) -> MailSubscription:
        number, _, _ = text.partition("-")
        if number.isascii() and number.isdecimal() and len(number) < 10:
            row = session.get(MailSubscription, int(number))
            if row is not None and hmac.compare_digest(_write_end(self._context, row.id), text):
                return row
        raise NotFoundError(_UNKNOWN)


def open_link(session: Session, mail: OutboxMail, text: str) -> bool:
    """Make the link valid that confirms a subscription; False where that has ended or is confirmed."""
    row = session.get(MailSubscription, int((mail.params or {}).get("subscription", 0)))
    if row is None or row.confirmed is not None:
        return False
    row.confirm = digest_text(text)
    return True


def link_end(context: Context, params: Mapping[str, str]) -> str:
    """The path that ends a subscription."""
    return f"/subscriptions/end/{_write_end(context, int(params['subscription']))}"


def _write_end(context: Context, subscription: int) -> str:
    """The text in the link that ends it: it stays the same, and is in no database."""
    key = read_secret(context.settings).encode()
    made = hmac.new(key, f"subscription-end\n{subscription}".encode(), hashlib.sha256).digest()
    return f"{subscription}-{base64.urlsafe_b64encode(made[:24]).decode('ascii').rstrip('=')}"


def _view(row: MailSubscription) -> SubscriptionView:
    return SubscriptionView(
        address=mask_address(row.address),
        what=_say_wanted(read_wanted(row.wanted), row.language),
        is_confirmed=row.confirmed is not None,
    )


def _say_wanted(wanted: Wanted, language: str) -> str:
    """What somebody wants to hear of, in words."""
    voice = voice_of(language)
    kinds: Sequence[str] = [voice.translate(LABELS[EventKind(kind)]) for kind in wanted.kinds]
    limits = [item for item in (wanted.dataset, wanted.publisher, wanted.schema, wanted.search) if item]
    said = voice.separator.join(kinds) or voice.translate(N_("all that happens in the catalogue"))
    return f"{said} ({voice.separator.join(limits)})" if limits else said
