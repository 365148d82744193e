"""Beside signing in: counters of sign-ins and requests, known places, recovery links, and kept forms."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from opendata.db.models.base import Base


class Failures(Base):
    """How many wrong sign-ins, or requests in a minute, there were of somebody: `key` is a keyed digest of who.

    `noted` is when the audit log last got an event about it.
    """

    __tablename__ = "failures"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    count: Mapped[int]
    last: Mapped[datetime]
    noted: Mapped[datetime | None]


class KnownPlace(Base):
    """A device or an address from which an account has signed in: the digest of its cookie, or a keyed one of it."""

    __tablename__ = "known_places"
    __table_args__ = (UniqueConstraint("user_id", "digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    digest: Mapped[str] = mapped_column(String(64), index=True)
    seen: Mapped[datetime]


class Recovery(Base):
    """A link with which a person sets a new password once: the SHA-256 of its text. It is deleted when it is used."""

    __tablename__ = "recoveries"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    expires: Mapped[datetime]


class KeptFormRow(Base):
    """A form kept until its sender has signed in again: `token` and `owner` are digests, `size` the bytes of `data`."""

    __tablename__ = "kept_forms"

    token: Mapped[str] = mapped_column(String(40), primary_key=True)
    owner: Mapped[str] = mapped_column(String(60), index=True)
    kept: Mapped[datetime] = mapped_column(index=True)
    size: Mapped[int]
    data: Mapped[bytes]
