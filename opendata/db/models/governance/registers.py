"""Registrations of public data resources, and what happened to each; yearly disclosures of authorised operation."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from opendata.db.models.base import Base, Id, Word, one_of
from opendata.domain.registers.registration import RegistrationKind, RegistrationState, RegistrationStep


class RegistrationRow(Base):
    """A registration of a dataset with a version; an empty `version` is the entry in the catalogue alone.

    `state` is `registered` beyond `valid_until` too: what has expired is seen by the day. `said` is what the
    application says beside the metadata, `documents` are names, kinds and SHA-256 of its documents, which the portal
    doesn't keep. `previous_id` is the registration that it changes, corrects or cancels.
    """

    __tablename__ = "registrations"
    __table_args__ = (
        one_of("kind", RegistrationKind),
        one_of("state", RegistrationState),
        Index("ix_registrations_dataset_uuid_state", "dataset_uuid", "state", "version"),
        Index("ix_registrations_state", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    dataset_uuid: Mapped[str] = mapped_column(String(36))
    version: Mapped[str] = mapped_column(String(40), default="")
    kind: Mapped[RegistrationKind] = mapped_column(Word(RegistrationKind, 20))
    state: Mapped[RegistrationState] = mapped_column(Word(RegistrationState, 20))
    taken: Mapped[date | None]
    accepted: Mapped[date | None]
    check_due: Mapped[date | None]
    notice_first: Mapped[date | None]
    notice_last: Mapped[date | None]
    code: Mapped[str] = mapped_column(String(100), default="", index=True)
    registered: Mapped[date | None]
    valid_until: Mapped[date | None]
    renew_from: Mapped[date | None] = mapped_column(index=True)
    previous_id: Mapped[int | None] = mapped_column(ForeignKey("registrations.id"))
    said: Mapped[dict[str, Any]]
    documents: Mapped[list[Any]]
    revision: Mapped[int] = mapped_column(default=1)
    created: Mapped[datetime]
    changed: Mapped[datetime]


class RegistrationEvent(Base):
    """A step that was taken with a registration: on which day, entered by whom and when, and what was said with it."""

    __tablename__ = "registration_steps"

    id: Mapped[int] = mapped_column(primary_key=True)
    registration_id: Mapped[int] = mapped_column(ForeignKey("registrations.id"), index=True)
    step: Mapped[RegistrationStep] = mapped_column(Word(RegistrationStep, 20))
    state: Mapped[RegistrationState] = mapped_column(Word(RegistrationState, 20))
    day: Mapped[date]
    note: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)


class OperationReport(Base):
    """What a publisher has entered for the disclosure of authorised operation of a year.

    `parts` has part → its fields or rows. `shown` is what was published, of the revision `shown_revision`.
    """

    __tablename__ = "operation_reports"

    publisher_id: Mapped[str] = mapped_column(Id, primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    parts: Mapped[dict[str, Any]]
    revision: Mapped[int] = mapped_column(default=0)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    modified: Mapped[datetime]
    published: Mapped[datetime | None]
    republished: Mapped[datetime | None]
    shown: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    shown_revision: Mapped[int | None]
