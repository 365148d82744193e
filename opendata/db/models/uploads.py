"""Files sent in pieces."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from opendata.db.models.base import Base, one_of

UPLOAD_STATES = ("receiving", "finished")


class Upload(Base):
    """A file sent in pieces. `received` bytes of `length` are safe on the disk; what its file has beyond them is not.

    `meta` is what its sender says of it, as it came; `used` whether a draft has referred to it.
    """

    __tablename__ = "uploads"
    __table_args__ = (one_of("state", UPLOAD_STATES),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    publisher_id: Mapped[str | None] = mapped_column(ForeignKey("publishers.id"), index=True)
    filename: Mapped[str]
    meta: Mapped[str] = mapped_column(default="")
    length: Mapped[int] = mapped_column(BigInteger)
    received: Mapped[int] = mapped_column(BigInteger, default=0)
    state: Mapped[str] = mapped_column(String(20), default="receiving")
    sha256: Mapped[str | None] = mapped_column(String(64))
    used: Mapped[bool] = mapped_column(default=False)
    created: Mapped[datetime]
    modified: Mapped[datetime]
    expires: Mapped[datetime] = mapped_column(index=True)
