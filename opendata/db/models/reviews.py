"""What people sign and say about drafts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from opendata.db.models.base import Base, Word, one_of
from opendata.domain.review.checklist import Check, Part, Place, Remark, Result


class ReviewCheck(Base):
    """A check of a draft that someone signed. `digest` is the draft's seal at that time, in hexadecimal.

    It counts until it is `ended`: a change, a return or a new submission ends it. It is never deleted or changed.
    """

    __tablename__ = "review_checks"
    __table_args__ = (one_of("check_name", Check), one_of("result", Result), one_of("part", Part))

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[str] = mapped_column(ForeignKey("drafts.id"), index=True)
    check_name: Mapped[Check] = mapped_column(Word(Check, 20))
    result: Mapped[Result] = mapped_column(Word(Result, 20))
    actor: Mapped[str]
    part: Mapped[Part] = mapped_column(Word(Part, 20))
    at: Mapped[datetime]
    remark: Mapped[str] = mapped_column(default="")
    place: Mapped[Place | None] = mapped_column(JSON(none_as_null=True))
    digest: Mapped[str] = mapped_column(String(64))
    ended: Mapped[datetime | None]


class DraftComment(Base):
    """Something said about a draft, by its author or a reviewer; never changed."""

    __tablename__ = "draft_comments"
    __table_args__ = (one_of("kind", Remark),)

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[str] = mapped_column(ForeignKey("drafts.id"), index=True)
    kind: Mapped[Remark] = mapped_column(Word(Remark, 20))
    actor: Mapped[str]
    at: Mapped[datetime]
    text: Mapped[str]
    check_name: Mapped[Check | None] = mapped_column(Word(Check, 20))
    place: Mapped[Place | None] = mapped_column(JSON(none_as_null=True))
