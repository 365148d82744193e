"""The outbox: a mail is written there in the transaction of the event that it is about. The worker sends it later."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from opendata.db.models import OutboxMail
from opendata.domain.mail.addresses import mask_address
from opendata.domain.mail.letters import LETTERS, LetterKind, LetterState
from opendata.errors import N_, KeptMessage
from opendata.services.core.actors import Actor, require_maintainer
from opendata.services.core.context import Context
from opendata.services.core.instance import read_secret
from opendata.services.core.leases import give_back

logger = logging.getLogger(__name__)

MOST_WAITING = 10_000
"""Mails that may wait at a time. Beyond that, none is written."""

LATE = timedelta(minutes=10)
"""A mail that nobody has tried to send for so long shows that no worker does."""

_FROM_BACKUP = N_("It came from a backup, so it may have been sent already")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail to write. Without a recipient it is for nobody, and writing it takes as long as writing another.

    `params` fill its text, and hold no secrets.
    """

    kind: LetterKind
    recipient: str
    language: str
    user: int | None = None
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterView:
    """A mail as maintainers see it: the recipient is masked, and the text isn't shown."""

    id: int
    kind: str
    recipient: str
    state: LetterState
    created: datetime
    due: datetime
    ended: datetime | None
    tries: int
    reason: KeptMessage | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxCounts:
    """How many mails wait, and how many of the last 30 days failed. `is_stuck`: at the moment none gets through."""

    waiting: int
    failed: int
    is_stuck: bool


class Outbox:
    """What maintainers see of the mail that is sent."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(self, actor: Actor | None, state: LetterState | None = None, *, limit: int = 100) -> Sequence[LetterView]:
        """The newest mails, of one state if that is given. Raises `NotSignedInError`, `NotPermittedError`."""
        require_maintainer(actor)
        query = select(OutboxMail).where(OutboxMail.recipient != "")
        if state is not None:
            query = query.where(OutboxMail.state == state)
        with self._context.read() as session:
            return [_view(row) for row in session.scalars(query.order_by(OutboxMail.id.desc()).limit(limit))]

    def count(self) -> OutboxCounts:
        """How the outbox is doing."""
        query = select(OutboxMail.state, func.count()).where(OutboxMail.recipient != "").group_by(OutboxMail.state)
        with self._context.read() as session:
            numbers: dict[LetterState, int] = {row[0]: row[1] for row in session.execute(query)}
        return OutboxCounts(
            waiting=numbers.get(LetterState.WAITING, 0),
            failed=numbers.get(LetterState.FAILED, 0),
            is_stuck=self.is_stuck(),
        )

    def is_stuck(self) -> bool:
        """Whether at the moment no mail gets through: the last try failed, or no worker tries."""
        waits, tried = OutboxMail.state == LetterState.WAITING, func.max(OutboxMail.tried)
        with self._context.read() as session:
            put_off = session.scalar(select(tried).where(waits))
            through = session.scalar(select(tried).where(OutboxMail.state == LetterState.SENT))
            oldest = session.scalar(select(func.min(OutboxMail.created)).where(waits, OutboxMail.tries == 0))
        is_late = oldest is not None and oldest < self._context.clock() - LATE
        return is_late or (put_off is not None and (through is None or through < put_off))


def post(context: Context, session: Session, letter: Letter) -> bool:
    """Write a mail within a unit of work; whether it will be sent.

    It won't if the instance sends no mail, the outbox is full, or the recipient got too many of this kind.
    """
    settings = context.settings
    if not settings.sends_mail:
        return False
    if (session.scalar(select(func.count()).where(OutboxMail.state == LetterState.WAITING)) or 0) >= MOST_WAITING:
        logger.error("the outbox is full: a mail of the kind %s isn't sent", letter.kind)
        return False
    now, digest = context.clock(), _digest(context, f"recipient\n{letter.recipient}").hex()
    same = (OutboxMail.recipient_digest == digest, OutboxMail.kind == letter.kind)
    recent = session.scalar(select(func.count()).where(*same, OutboxMail.created > now - timedelta(hours=1))) or 0
    is_sent = bool(letter.recipient) and recent < LETTERS[letter.kind].per_hour
    row = OutboxMail(
        message_id=f"<{secrets.token_hex(16)}@{settings.mail_from.rpartition('@')[2]}>",
        kind=letter.kind,
        user_id=letter.user,
        recipient=letter.recipient if is_sent else "",
        recipient_digest=digest,
        language=letter.language,
        params=dict(letter.params),
        state=LetterState.WAITING,
        created=now,
        due=now,
    )
    session.add(row)
    return is_sent


def derive_secret(context: Context, kind: LetterKind, message_id: str) -> str:
    """The secret text in the link of a mail: the same whenever it is tried again, and in no database."""
    made = base64.urlsafe_b64encode(_digest(context, f"{kind}\n{message_id}"))
    return LETTERS[kind].secret + made.decode("ascii").rstrip("=")


def finish(row: OutboxMail, state: LetterState, now: datetime, reason: KeptMessage | None = None) -> None:
    """Note what became of a mail; of recipient and text, only what maintainers may see is kept."""
    row.state, row.ended = state, now
    row.reason = None if reason is None else {**reason}
    row.recipient, row.params = mask_address(row.recipient), None
    give_back(row)


def read_reason(row: OutboxMail) -> KeptMessage | None:
    """Why a mail wasn't sent at the last try; None if nothing is known."""
    return None if row.reason is None else {"message": row.reason["message"], "params": row.reason["params"]}


def drop_waiting(session: Session, now: datetime) -> int:
    """Drop all mail that waits, since it came from a backup; how many."""
    rows = session.scalars(select(OutboxMail).where(OutboxMail.state == LetterState.WAITING)).all()
    for row in rows:
        finish(row, LetterState.DROPPED, now, {"message": _FROM_BACKUP, "params": {}})
    return len(rows)


def forget_old(context: Context, days: int) -> None:
    """Delete mails that were done so many days ago."""
    with context.write() as session:
        before = context.clock() - timedelta(days=days)
        session.execute(delete(OutboxMail).where(OutboxMail.ended < before))


def _digest(context: Context, text: str) -> bytes:
    key = read_secret(context.settings).encode()
    return hmac.new(key, f"mail\n{text}".encode(), hashlib.sha256).digest()


def _view(row: OutboxMail) -> LetterView:
    is_done = row.state != LetterState.WAITING
    return LetterView(
        id=row.id,
        kind=row.kind,
        recipient=row.recipient if is_done else mask_address(row.recipient),
        state=row.state,
        created=row.created,
        due=row.due,
        ended=row.ended,
        tries=row.tries,
        reason=read_reason(row),
    )
