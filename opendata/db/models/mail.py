"""Mail that waits to be sent or was sent, and addresses that wait to be confirmed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from opendata.db.models.base import Base, Leased, Word, one_of
from opendata.domain.mail.letters import LetterState


class OutboxMail(Leased, Base):
    """A mail, written in the transaction of what it is about. The worker sends it from `due` on.

    It has no text but what fills the text (`params`), and no secret: a link is computed from `message_id` and the
    secret of the instance. Without a `recipient` it is for nobody, and is deleted unsent. When it is done, `recipient`
    is masked and `params` is gone. `recipient_digest` is keyed. A worker holds it as `owner` until `held_until`.
    `reason` is why it couldn't be sent.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        one_of("state", LetterState),
        Index("ix_outbox_state_due", "state", "due"),
        Index("ix_outbox_state_tried", "state", "tried"),
        Index("ix_outbox_recipient_digest_created", "recipient_digest", "created"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[str] = mapped_column(String(400), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    recipient: Mapped[str]
    recipient_digest: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(20))
    params: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    state: Mapped[LetterState] = mapped_column(Word(LetterState, 20))
    created: Mapped[datetime]
    due: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    tried: Mapped[datetime | None]
    ended: Mapped[datetime | None]
    reason: Mapped[dict[str, Any] | None] = mapped_column(JSON)


class AddressChange(Base):
    """An address that its owner hasn't confirmed yet: the SHA-256 of the text in the link, once that was mailed."""

    __tablename__ = "address_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), unique=True)
    address: Mapped[str]
    digest: Mapped[str | None] = mapped_column(String(64), unique=True)
    expires: Mapped[datetime]
