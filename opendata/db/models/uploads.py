"""Files sent in pieces."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from opendata.db.models.base import Base, Leased, one_of

UPLOAD_STATES = ("receiving", "finished")


class Upload(Leased, Base):
    """A file sent in pieces. `received` bytes of `length` are safe on the disk; what its file has beyond them is not.

    Where the private store is a bucket, its bytes are in rows of `UploadPiece`, and who adds to it holds this row.

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


class UploadPiece(Base):
    """A piece of an upload in the private store, where that is a bucket: `size` bytes from byte `start` on.

    The blob begins with bytes of chance, so that nothing else has it, and it can be deleted when the upload is.
    """

    __tablename__ = "upload_pieces"

    id: Mapped[int] = mapped_column(primary_key=True)
    upload_id: Mapped[str] = mapped_column(String(32), index=True)
    start: Mapped[int] = mapped_column(BigInteger)
    size: Mapped[int] = mapped_column(BigInteger)
    blob: Mapped[str] = mapped_column(String(64), index=True)
