"""Sending: the worker takes mail out of the outbox, one at a time under a lease, and notes what the server said.

Mail is sent at least once, and twice only if a worker dies between the server's answer and noting it. Both then have
the same Message-ID.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_
from sqlalchemy.orm import Session

from opendata.db.models import OutboxMail
from opendata.domain.mail.addresses import mask_address
from opendata.domain.mail.letters import LETTERS, LetterKind, LetterState
from opendata.errors import N_, BackendError, InputError, KeptMessage, OpendataError
from opendata.outside.mail import Connection, Mail, find_mailer
from opendata.services.core.context import Context
from opendata.services.core.leases import Leases, find_pause, give_back
from opendata.services.mail.outbox import derive_secret, finish, forget_old, read_reason
from opendata.wording.letters import write_letter

logger = logging.getLogger(__name__)

Opener = Callable[[Session, OutboxMail, str], bool]
"""Makes the link of a mail valid that is about to be sent, given the secret text in it; False if nobody wants it."""

Ender = Callable[[Context, Mapping[str, str]], str]
"""Makes the path that ends a subscription, given what fills the mail: the same in all mail of the subscription."""

_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(hours=2)
_MOST_TROUBLES = 3
"""Failures in a row after which the server is left in peace until the next round."""

_ANSWERS = 20
"""More than the answers that one mail takes: a lease is that many times as long as the server may take for each."""

_KEPT_DAYS = 30

_NO_WORKER = N_("It couldn't be sent for %(hours)s hours")
_NOT_WANTED = N_("It wasn't needed any more")
_FAULT = N_("The portal couldn't write it. The reason is in the log")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """A mail that is held by this worker, ready to be sent."""

    id: int
    owner: str
    mail: Mail


class Sending:
    """Sends what waits in the outbox. `openers` are for mail with a link, `enders` for subscriptions."""

    def __init__(
        self, context: Context, openers: Mapping[LetterKind, Opener], enders: Mapping[LetterKind, Ender] | None = None
    ) -> None:
        self._context = context
        self._openers = openers
        self._enders = enders or {}
        self._mailer = find_mailer(context.settings)
        self._leases = Leases(
            context=context,
            table=OutboxMail,
            is_due=_is_due,
            order=(OutboxMail.due, OutboxMail.id),
            lasts=timedelta(seconds=_ANSWERS * context.settings.mail_seconds),
        )

    def send_due(self, is_stopping: Callable[[], bool] = lambda: False) -> int:
        """Send what is due, as long as the server takes it; how many mails it took."""
        sent = troubles = 0
        with ExitStack() as opened:
            connection: Connection | None = None
            while self._mailer is not None and troubles < _MOST_TROUBLES and not is_stopping():
                taken = self._leases.take(self._prepare)
                if taken is None:
                    break
                try:
                    connection = connection or opened.enter_context(self._mailer.connect())
                    connection.send(taken.mail)
                except InputError as error:
                    self._finish(taken, LetterState.FAILED, error)
                except BackendError as error:
                    self._put_off(taken, error)
                    connection = None
                    troubles += 1
                else:
                    self._finish(taken, LetterState.SENT)
                    sent, troubles = sent + 1, 0
        return sent

    def send_test(self, recipient: str, language: str) -> str:
        """Send a mail at once, past the outbox; the server's answer. Raises `InputError`, `BackendError`."""
        if self._mailer is None:
            raise InputError(
                N_("This portal sends no mail. Set OPENDATA_MAIL_URL, OPENDATA_MAIL_FROM and a base address")
            )
        message_id = f"<{secrets.token_hex(16)}@{self._context.settings.mail_from.rpartition('@')[2]}>"
        mail = self._compose(LetterKind.TEST, recipient, language, {}, message_id)
        with self._mailer.connect() as connection:
            return connection.send(mail)

    def tidy(self) -> None:
        """Forget mails that were done long ago."""
        forget_old(self._context, _KEPT_DAYS)

    def _prepare(self, session: Session, row: OutboxMail, owner: str) -> _Taken | None:
        """What is sent; None for mail to nobody, which is deleted, and for mail that is too old, which fails."""
        now, kind = self._context.clock(), LetterKind(row.kind)
        rule = LETTERS[kind]
        if not row.recipient:
            session.delete(row)
            return None
        if now - row.created > timedelta(hours=rule.hours):
            no_worker: KeptMessage = {"message": _NO_WORKER, "params": {"hours": rule.hours}}
            finish(row, LetterState.FAILED, now, read_reason(row) or no_worker)
            logger.error("mail %s is given up after %s tries", row.id, row.tries)
            return None
        params = dict(row.params or {})
        if rule.secret:
            text = derive_secret(self._context, kind, row.message_id)
            if not self._openers[kind](session, row, text):
                finish(row, LetterState.DROPPED, now, {"message": _NOT_WANTED, "params": {}})
                return None
            params["link"] = f"{self._context.settings.base_url}{rule.path}{text}"
        try:
            mail = self._compose(kind, row.recipient, row.language, params, row.message_id)
        except Exception:
            logger.exception("mail %s can't be written", row.id)
            finish(row, LetterState.FAILED, now, {"message": _FAULT, "params": {}})
            return None
        row.tries, row.tried = row.tries + 1, now
        return _Taken(id=row.id, owner=owner, mail=mail)

    def _compose(
        self, kind: LetterKind, recipient: str, language: str, params: Mapping[str, str], message_id: str
    ) -> Mail:
        settings, now = self._context.settings, self._context.clock()
        end = f"{settings.base_url}{self._enders[kind](self._context, params)}" if kind in self._enders else ""
        filled = {**params, "end": end} if end else params
        written = write_letter(kind, language, filled, portal=settings.title, base=settings.base_url)
        return Mail(
            recipient=recipient,
            sender_name=written.portal,
            subject=written.subject,
            text=written.text,
            message_id=message_id,
            date=now,
            language=language,
            end=end,
        )

    def _finish(self, taken: _Taken, state: LetterState, error: OpendataError | None = None) -> None:
        reason = _describe(error, taken.mail) if error else None
        with self._context.write() as session:
            row = self._find(session, taken)
            if row is not None:
                finish(row, state, self._context.clock(), reason)
        if reason is not None:
            logger.warning("mail %s isn't sent: %s", taken.id, reason["message"] % reason["params"])

    def _put_off(self, taken: _Taken, error: OpendataError) -> None:
        reason = _describe(error, taken.mail)
        with self._context.write() as session:
            row = self._find(session, taken)
            if row is not None:
                row.due = self._context.clock() + find_pause(row.tries, _FIRST_PAUSE, _LONGEST_PAUSE)
                row.reason = {**reason}
                give_back(row)
        logger.warning("mail %s waits: %s", taken.id, reason["message"] % reason["params"])

    def _find(self, session: Session, taken: _Taken) -> OutboxMail | None:
        """The row, if this worker still holds it."""
        row = self._leases.find(session, taken.id, taken.owner)
        if row is None:
            logger.warning("mail %s was taken over by another worker", taken.id)
        return row


def _is_due(now: datetime) -> ColumnElement[bool]:
    """Kinds that only a later release knows are left to it."""
    return and_(OutboxMail.state == LetterState.WAITING, OutboxMail.due <= now, OutboxMail.kind.in_(LETTERS))


def _describe(error: OpendataError, mail: Mail) -> KeptMessage:
    """Why a mail wasn't sent, without the recipient, whom servers like to repeat."""
    told = error.describe()
    params = {
        key: value.replace(mail.recipient, mask_address(mail.recipient)) if isinstance(value, str) else value
        for key, value in told["params"].items()
    }
    return {"message": told["message"], "params": params}
