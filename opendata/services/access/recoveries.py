"""Links with which people who forgot their password set a new one: made by a maintainer or mailed, good once."""

from __future__ import annotations

import secrets
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from opendata.db.models import OutboxMail, Recovery, User
from opendata.domain.access.origin import Origin
from opendata.domain.mail.letters import LETTERS, LetterKind
from opendata.errors import N_, InvalidMetadataError, NotFoundError
from opendata.services.access.accounts import find_user, list_words, put_password
from opendata.services.access.limits import Limits
from opendata.services.access.notices import make_letter, notify
from opendata.services.access.passwords import find_password_faults, hash_password
from opendata.services.access.posts import view_actor
from opendata.services.access.sessions import digest_text, end_sessions
from opendata.services.core.actors import Actor, make_stranger, require_maintainer
from opendata.services.core.context import Context
from opendata.services.mail.outbox import Letter, post

RECOVERY_PREFIX = LETTERS[LetterKind.RECOVERY].secret
_HOURS = 24
_MOST_NAME = 100


class Recoveries:
    """Makes the links and accepts them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._limits = Limits(context)

    def ask(self, name: str, origin: Origin) -> None:
        """Have a link mailed to the confirmed address of an account, if there are both.

        Nobody learns from the answer whether there are, nor from how long it takes: the same is written in any case,
        and the worker makes the link. Raises `TooManyAttemptsError` where this address asked too often.
        """
        self._limits.count_recovery(origin.address)
        with self._context.write() as session:
            row = session.scalar(select(User).where(User.name == name[:_MOST_NAME]))
            recipient = row.mail_address if row is not None and not row.disabled else None
            if row is not None and recipient:
                letter = make_letter(self._context, row, LetterKind.RECOVERY, recipient)
            else:
                letter = Letter(kind=LetterKind.RECOVERY, recipient="", language="")
            post(self._context, session, letter)
            who = make_stranger(origin.address)
            self._context.log(session, who, "ask-recovery", "user", row.name if row is not None else "")

    def open_link(self, session: Session, row: OutboxMail, text: str) -> bool:
        """Make the link of a mail valid that is about to be sent; False if the account lost its address since."""
        user = session.get(User, row.user_id)
        if user is None or user.disabled or user.mail_address != row.recipient:
            return False
        session.execute(delete(Recovery).where(Recovery.digest == digest_text(text)))  # an earlier try to send it
        expires = self._context.clock() + timedelta(hours=_HOURS)
        session.add(Recovery(user_id=user.id, digest=digest_text(text), expires=expires))
        return True

    def tidy(self) -> None:
        """Forget links that have expired."""
        with self._context.write() as session:
            session.execute(delete(Recovery).where(Recovery.expires <= self._context.clock()))

    def issue(self, actor: Actor | None, name: str) -> str:
        """The text of a new link for an account, shown this once; earlier ones end.

        Raises `NotFoundError`, `NotPermittedError`.
        """
        found = require_maintainer(actor)
        text = RECOVERY_PREFIX + secrets.token_urlsafe(32)
        with self._context.write() as session:
            row = find_user(session, name)
            session.execute(delete(Recovery).where(Recovery.user_id == row.id))
            expires = self._context.clock() + timedelta(hours=_HOURS)
            session.add(Recovery(user_id=row.id, digest=digest_text(text), expires=expires))
            self._context.log(session, found, "recover", "user", name)
        return text

    def find_account(self, text: str) -> str:
        """The name of the account that a link is for. Raises `NotFoundError` where it was used or has expired."""
        with self._context.read() as session:
            return self._find(session, text).name

    def accept(self, text: str, password: str, origin: Origin) -> Actor:
        """Set the password of the link's account, end its sessions and the link; who has it now.

        Raises `NotFoundError`, `InvalidMetadataError`, `OverloadedError`.
        """
        with self._context.read() as session:
            faults = find_password_faults(password, list_words(self._context, session, self._find(session, text)))
        if faults:
            raise InvalidMetadataError(faults=faults)
        kept = hash_password(password)
        with self._context.write() as session:
            row = self._find(session, text)
            put_password(session, row, kept)
            end_sessions(session, row.id)
            notify(self._context, session, row, LetterKind.RECOVERED)
            self._context.log(session, make_stranger(origin.address), "recovered", "user", row.name)
            return view_actor(session, row)

    def _find(self, session: Session, text: str) -> User:
        query = select(User).join(Recovery, Recovery.user_id == User.id).where(Recovery.digest == digest_text(text))
        query = query.where(Recovery.expires > self._context.clock(), User.disabled.is_(False))
        row = session.scalar(query.with_for_update(of=User))
        if row is None:
            raise NotFoundError(N_("This link was used or has expired. Ask a maintainer of the portal for a new one"))
        return row
