"""Who is what for whom: appointments, and invitations to one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from opendata.db.models.base import Base, Id, Word, one_of
from opendata.domain.roles import INSTANCE_ROLES, PUBLISHER_ROLES, Role


class Appointment(Base):
    """A role of an account at a publisher, or without one for the whole instance. It is deleted when it ends."""

    __tablename__ = "appointments"
    __table_args__ = (
        one_of("role", (*PUBLISHER_ROLES, *INSTANCE_ROLES)),
        Index("ix_appointments_user_id", "user_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    role: Mapped[Role] = mapped_column(Word(Role, 20))
    publisher_id: Mapped[str | None] = mapped_column(Id, ForeignKey("publishers.id"), index=True)
    created: Mapped[datetime]
    created_by: Mapped[str]


class Invitation(Base):
    """An address that is invited to a role: `digest` is the SHA-256 of the text in its link, None until it is mailed.

    It is deleted when it is accepted or taken back, and some time after it ended.
    """

    __tablename__ = "invitations"
    __table_args__ = (one_of("role", (*PUBLISHER_ROLES, *INSTANCE_ROLES)),)

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str]
    role: Mapped[Role] = mapped_column(Word(Role, 20))
    publisher_id: Mapped[str | None] = mapped_column(Id, ForeignKey("publishers.id"), index=True)
    language: Mapped[str] = mapped_column(String(20))
    digest: Mapped[str | None] = mapped_column(String(64), unique=True)
    created: Mapped[datetime]
    created_by: Mapped[str]
    expires: Mapped[datetime]
