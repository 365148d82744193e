"""Requests of readers, and what happened to each."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from opendata.db.models.base import Base, Id, Word, one_of
from opendata.db.models.catalogue import Publisher
from opendata.domain.requests.kinds import Applicant, RequestKind
from opendata.domain.requests.outcomes import Outcome
from opendata.domain.requests.steps import Audience, RequestState, RequestStep


class Request(Base):
    """A request of a reader to a publisher.

    `sealed` is who asks and what they wrote, encrypted; it is null once that is erased. `code` is a keyed digest of the
    text with which they follow it, `contact` one of how they can be reached. `summary` is what the public sees of it,
    and only where the asker agreed (`is_public`). `place` is the version, table, row and column it is about. `due` is
    what the clock said after the last step: it only serves to sort. `confirm` is the SHA-256 of the text in the link
    that confirms the address. `mended` is the version that corrects what was wrong.
    """

    __tablename__ = "requests"
    __table_args__ = (
        one_of("kind", RequestKind),
        one_of("state", RequestState),
        one_of("applicant", Applicant),
        Index("ix_requests_publisher_id_state_due", "publisher_id", "state", "due"),
        Index("ix_requests_contact_state", "contact", "state"),
        Index("ix_requests_is_public_id", "is_public", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    kind: Mapped[RequestKind] = mapped_column(Word(RequestKind, 20))
    state: Mapped[RequestState] = mapped_column(Word(RequestState, 20))
    publisher_id: Mapped[str] = mapped_column(ForeignKey("publishers.id"))
    dataset_uuid: Mapped[str | None] = mapped_column(String(36), index=True)
    place: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    applicant: Mapped[Applicant] = mapped_column(Word(Applicant, 20))
    subject: Mapped[str]
    summary: Mapped[str] = mapped_column(default="")
    is_public: Mapped[bool] = mapped_column(default=False)
    sealed: Mapped[str | None]
    code: Mapped[str] = mapped_column(String(64))
    contact: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    language: Mapped[str] = mapped_column(String(20))
    is_mail_confirmed: Mapped[bool] = mapped_column(default=False)
    confirm: Mapped[str | None] = mapped_column(String(64), unique=True)
    person: Mapped[str | None] = mapped_column(Id)
    created: Mapped[datetime] = mapped_column(index=True)
    changed: Mapped[datetime]
    due: Mapped[date | None]
    reminded: Mapped[date | None]
    ended: Mapped[datetime | None] = mapped_column(index=True)
    erased: Mapped[datetime | None]
    outcome: Mapped[Outcome | None] = mapped_column(Word(Outcome, 30))
    reply: Mapped[str] = mapped_column(default="")
    basis: Mapped[str] = mapped_column(default="")
    is_on_time: Mapped[bool | None]
    mended: Mapped[str | None] = mapped_column(String(40))
    grant_id: Mapped[str | None] = mapped_column(String(32))

    publisher: Mapped[Publisher] = relationship(lazy="joined")
    steps: Mapped[list[RequestEvent]] = relationship(order_by="RequestEvent.id", cascade="all, delete-orphan")


class RequestEvent(Base):
    """A step that was taken with a request, and who is shown it.

    `actor` is the account of the publisher's person; empty for the asker. `sealed` is what the asker wrote, or the
    invitation they got, encrypted; it is erased with the asker.
    """

    __tablename__ = "request_steps"

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("requests.id"), index=True)
    at: Mapped[datetime]
    step: Mapped[RequestStep] = mapped_column(Word(RequestStep, 20))
    state: Mapped[RequestState] = mapped_column(Word(RequestState, 20))
    audience: Mapped[Audience] = mapped_column(Word(Audience, 10))
    actor: Mapped[str] = mapped_column(default="")
    text: Mapped[str] = mapped_column(default="")
    details: Mapped[dict[str, Any]]
    sealed: Mapped[str | None]
