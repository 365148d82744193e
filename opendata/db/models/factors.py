"""Further ways to show who one is: codes of an app and those for who lost it, passkeys, accounts at another system."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from opendata.db.models.base import Base


class SecondFactor(Base):
    """The secret of an account's app, encrypted with a key that isn't in the database; it counts once `confirmed`.

    `last_step` is the half minute of the last code that was accepted: no code is accepted twice.
    """

    __tablename__ = "second_factors"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, autoincrement=False)
    secret: Mapped[str]
    created: Mapped[datetime]
    confirmed: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)


class RecoveryCode(Base):
    """A code that works once instead of one from the app: the SHA-256 of its text. It is deleted when it is used."""

    __tablename__ = "recovery_codes"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)


class Passkey(Base):
    """A key pair of somebody's device, which signs in without a password: the public half."""

    __tablename__ = "passkeys"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    name: Mapped[str]
    credential: Mapped[str] = mapped_column(String(1400), unique=True)
    public_key: Mapped[str]
    sign_count: Mapped[int] = mapped_column(BigInteger)
    created: Mapped[datetime]
    used: Mapped[datetime | None]


class ExternalIdentity(Base):
    """Somebody's account at another system: `subject` is what its `issuer` calls them for good, `name` for now."""

    __tablename__ = "external_identities"
    __table_args__ = (UniqueConstraint("issuer", "subject"), UniqueConstraint("user_id", "issuer"))

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    issuer: Mapped[str] = mapped_column(String(400))
    subject: Mapped[str] = mapped_column(String(255))
    name: Mapped[str]
    created: Mapped[datetime]
    used: Mapped[datetime | None]


class Challenge(Base):
    """What a device is to sign, as SHA-256: deleted when it comes back. `user_id` wants to register a passkey.

    Also the answers of another system that were taken, so that none counts twice.
    """

    __tablename__ = "challenges"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    expires: Mapped[datetime]
