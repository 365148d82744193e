"""Accounts: people who may sign in, their tokens, what their requests answered."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from opendata.db.models.base import Base, Id, Word, one_of
from opendata.domain.roles import ACCOUNT_ROLES, Role


class User(Base):
    """A person who may sign in. What they may do, their appointments say, once they are `appointed`.

    Until then, `role` and `publisher_id` say it, which later follow from the appointments for earlier releases. A
    reader may belong to a publisher too. `seen` is the day on which they last used the portal.
    `session` is what processes of an earlier release compare with their signed cookies. `mail_address` is one that its
    owner has confirmed, `mail_language` the language of the mail to it.
    """

    __tablename__ = "users"
    __table_args__ = (one_of("role", ACCOUNT_ROLES),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Id, unique=True)
    password: Mapped[str]
    role: Mapped[Role] = mapped_column(Word(Role, 20))
    publisher_id: Mapped[str | None] = mapped_column(ForeignKey("publishers.id"))
    session: Mapped[str] = mapped_column(String(64))
    created: Mapped[datetime]
    disabled: Mapped[bool] = mapped_column(default=False)
    mail_address: Mapped[str | None]
    mail_language: Mapped[str | None] = mapped_column(String(20))
    appointed: Mapped[datetime | None]
    seen: Mapped[date | None]


class UserSession(Base):
    """Somebody who is signed in in a browser: the SHA-256 of the text in its cookie. It is deleted when it ends.

    `is_vouched`: the system through which they signed in has checked a second factor.
    """

    __tablename__ = "sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    created: Mapped[datetime]
    seen: Mapped[datetime]
    address: Mapped[str]
    browser: Mapped[str]
    is_vouched: Mapped[bool] = mapped_column(default=False, server_default=false())


class Token(Base):
    """A bearer token, kept as the SHA-256 of its text.

    A token without `verbs` may do everything its owner may. One with verbs is `revoked` from the start, so that
    processes of an earlier release, which would let it do everything, refuse it; it ends with `ended`.
    """

    __tablename__ = "tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    name: Mapped[str] = mapped_column(default="")
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created: Mapped[datetime]
    expires: Mapped[datetime | None]
    revoked: Mapped[bool] = mapped_column(default=False)
    verbs: Mapped[str | None] = mapped_column(String(60))
    publisher_id: Mapped[str | None] = mapped_column(Id)
    dataset_id: Mapped[str | None] = mapped_column(Id)
    used: Mapped[datetime | None]
    ended: Mapped[datetime | None]


class IdempotencyKey(Base):
    """What a creating request answered, to answer the same when it comes again."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (UniqueConstraint("user_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int]
    key: Mapped[str] = mapped_column(String(255))
    request: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str]
    created: Mapped[datetime]
