"""Sessions of browsers: the cookie has a random text, the database its SHA-256. So each can be listed and ended.

A session ends when it was not used for a while, when it is old, when its person signs out or ends it from another
browser, and when the password changes or the account is closed.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, select, update
from sqlalchemy.orm import Session

from opendata.db.models import User, UserSession
from opendata.domain.access.addresses import shorten_address
from opendata.domain.access.origin import Origin
from opendata.errors import N_, NotFoundError
from opendata.services.access.pending import has_factor
from opendata.services.access.posts import view_actor
from opendata.services.core.actors import Actor, require_signed_in
from opendata.services.core.context import Context

_SEEN_SECONDS = 60
"""The time of the last request is written at most this often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """A session as its person sees it. `is_current` marks the one that asks."""

    id: int
    browser: str
    address: str
    created: datetime
    seen: datetime
    is_current: bool


class Sessions:
    """Lists sessions and ends them."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def resume(self, text: str, address: str = "") -> Actor | None:
        """The actor of a session, or None where it has ended."""
        query = select(UserSession, User).join(User, User.id == UserSession.user_id)
        now = self._context.clock()
        with self._context.read() as session:
            found = session.execute(query.where(UserSession.digest == digest_text(text), self._is_alive(now))).first()
            if found is None or found[1].disabled:
                return None
            row, user = found
            actor = view_actor(session, user)
            is_required = self._context.settings.second_factor == "required" and actor.works
            lacks = is_required and not row.is_vouched and not has_factor(session, user.id)
        if now - row.seen >= timedelta(seconds=_SEEN_SECONDS):
            kept = shorten_address(address, self._context.settings.audit_addresses)
            with self._context.write() as session:
                session.execute(update(UserSession).where(UserSession.id == row.id).values(seen=now, address=kept))
                session.execute(update(User).where(User.id == user.id).values(seen=now.date()))
        return replace(actor, address=address, session=row.id, lacks_factor=lacks)

    def list(self, actor: Actor | None) -> Sequence[SessionView]:
        """The sessions of the actor's account, the one used last first. Raises `NotSignedInError`."""
        found = require_signed_in(actor)
        query = select(UserSession).where(UserSession.user_id == found.id, self._is_alive(self._context.clock()))
        with self._context.read() as session:
            rows = session.scalars(query.order_by(UserSession.seen.desc(), UserSession.id.desc())).all()
        return [
            SessionView(
                id=row.id,
                browser=row.browser,
                address=row.address,
                created=row.created,
                seen=row.seen,
                is_current=row.id == found.session,
            )
            for row in rows
        ]

    def end(self, actor: Actor | None, number: int) -> None:
        """End one session of the actor's account. Raises `NotFoundError`, `NotSignedInError`."""
        found = require_signed_in(actor)
        with self._context.write() as session:
            row = session.get(UserSession, number)
            if row is None or row.user_id != found.id:
                raise NotFoundError(N_("There is no session %(id)s"), id=number)
            session.delete(row)
            self._context.log(session, found, "end-session", "user", found.name, sessions=1)

    def end_others(self, actor: Actor | None) -> int:
        """End all sessions of the actor's account but the one that asks; how many. Raises `NotSignedInError`."""
        found = require_signed_in(actor)
        with self._context.write() as session:
            count = end_sessions(session, found.id, besides=found.session)
            self._context.log(session, found, "end-session", "user", found.name, sessions=count)
        return count

    def sign_out(self, actor: Actor) -> None:
        """End the session that asks."""
        with self._context.write() as session:
            session.execute(delete(UserSession).where(UserSession.id == actor.session))
            self._context.log(session, actor, "sign-out", "user", actor.name)

    def tidy(self) -> None:
        """Delete the sessions that are too old or weren't used for too long."""
        with self._context.write() as session:
            session.execute(delete(UserSession).where(~self._is_alive(self._context.clock())))

    def _is_alive(self, now: datetime) -> ColumnElement[bool]:
        settings = self._context.settings
        return and_(
            UserSession.seen > now - timedelta(minutes=settings.session_idle_minutes),
            UserSession.created > now - timedelta(hours=settings.session_hours),
        )


def begin_session(
    context: Context, session: Session, user: User, origin: Origin, *, is_vouched: bool = False
) -> tuple[str, int]:
    """Begin a session within a unit of work; the text for the cookie, and the session's id.

    `is_vouched`: somebody else has checked a second factor.
    """
    text, now = secrets.token_urlsafe(32), context.clock()
    row = UserSession(
        digest=digest_text(text),
        user_id=user.id,
        created=now,
        seen=now,
        address=shorten_address(origin.address, context.settings.audit_addresses),
        browser=origin.browser,
        is_vouched=is_vouched,
    )
    session.add(row)
    session.flush()
    return text, row.id


def end_sessions(session: Session, user: int | None, *, besides: int | None = None) -> int:
    """End the sessions of an account within a unit of work; how many."""
    where = [UserSession.user_id == user, *([UserSession.id != besides] if besides is not None else [])]
    return len(session.scalars(delete(UserSession).where(*where).returning(UserSession.id)).all())


def digest_text(text: str) -> str:
    """The hexadecimal SHA-256 of a random text: what the database keeps of it."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()
