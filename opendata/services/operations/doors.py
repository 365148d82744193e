"""Everything that opens a door of an instance, and how all of it is closed at once.

A backup is older than what was revoked after it. So a restored instance lets no program in by what its database says,
and nobody at all where that is asked for.
"""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass

from sqlalchemy import and_, delete, func, select, update
from sqlalchemy.orm import Session

from opendata.db.models import (
    AddressChange,
    DutyFeed,
    Grant,
    KeyMark,
    MailSubscription,
    Recovery,
    Source,
    Token,
    User,
    UserSession,
    Webhook,
)
from opendata.errors import N_
from opendata.services.core.context import read_clock
from opendata.services.core.leases import FREE
from opendata.services.mail.outbox import drop_waiting

_RESTORED = N_("The portal was restored from a backup. Turn the webhook on again")


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """How many of each were ended."""

    tokens: int = 0
    invitations: int = 0
    sessions: int = 0
    """Accounts whose sessions were ended: how many of them were signed in isn't known."""
    passwords: int = 0


def close_doors(session: Session, *, keep_tokens: bool = False, end_passwords: bool = False) -> Closed:
    """End all tokens, sessions, invitations and mailed links within a unit of work; mail that waits is never sent.

    Nothing is fetched from sources until somebody asks for it: one may have been deleted since, or its account closed.

    `keep_tokens` keeps tokens, sessions and invitations. `end_passwords` makes all passwords unknown, and removes the
    addresses to which links go: an account stays what it was, but nobody can sign in to it until it is given a new
    password.
    """
    tokens = invitations = sessions = passwords = 0
    for links in (Recovery, AddressChange):
        session.execute(delete(links))  # a link may have been used since
    drop_waiting(session, read_clock())
    session.execute(delete(KeyMark))  # the keys are those of the backup or new ones: the first machine to start says
    session.execute(update(Source).values(due=None, asked=False, is_awaited=False, **FREE))
    if not keep_tokens:
        now = read_clock()
        session.execute(delete(DutyFeed))
        session.execute(delete(MailSubscription))  # some have ended since
        restored = {"message": _RESTORED, "params": {}}
        session.execute(update(Webhook).where(Webhook.ended.is_(None)).values(ended=now, reason=restored))
        standing = and_(Token.ended.is_(None), Token.revoked.is_(False) | Token.verbs.is_not(None))
        live = (standing, Token.expires.is_(None) | (Token.expires > now))
        tokens = session.scalar(select(func.count(Token.id)).where(*live)) or 0
        session.execute(update(Token).where(standing).values(revoked=True, ended=now))
        session.execute(delete(UserSession))
        open_ones = Grant.invitation.is_not(None)
        invitations = session.scalar(select(func.count()).select_from(Grant).where(open_ones)) or 0
        session.execute(update(Grant).where(open_ones).values(invitation=None, invited_until=None))
    for row in session.scalars(select(User)):
        if not keep_tokens:
            row.session = secrets.token_hex(16)
            sessions += not row.disabled
        if end_passwords:
            row.password = _make_unknown_password()
            row.mail_address = None  # it may be of somebody who has gone, and links to set a password go there
            passwords += not row.disabled
    return Closed(tokens=tokens, invitations=invitations, sessions=sessions, passwords=passwords)


def _make_unknown_password() -> str:
    """A hash in the usual form (Argon2id, RFC 9106) that no password has: its bits are random."""
    salt, digest = (base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (16, 32))
    return f"$argon2id$v=19$m=65536,t=3,p=4${salt}${digest}"
