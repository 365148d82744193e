"""The bytes of uploads where the private store is a bucket: pieces in it, and a lease on the upload's row.

    bytes that arrive → a file of this machine, for this request → a blob and a row, counted → the next piece
    all pieces, on whichever machine → a file of that machine, for the draft that refers to the upload

A blob begins with bytes of chance: nothing else has the same bytes, so it is deleted with its upload. A request that
stalls longer than its lease loses the upload to the next one, and what it has not counted by then.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryFile

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from opendata.db.models import Upload, UploadPiece
from opendata.errors import N_, BusyError, NotFoundError
from opendata.services.core.context import Context
from opendata.services.uploads.hashes import Hashes
from opendata.services.uploads.upload_values import AssembledFile, FinishedFile

_LASTS = timedelta(seconds=30)
_POLL_SECONDS = 0.1
_CHUNK = 1 << 20
_SALT = 32


class HeldPieces:
    """An upload that this request holds. What is written is safe once `save` has returned."""

    def __init__(self, context: Context, upload: str, owner: str, folder: Path) -> None:
        self._context = context
        self._upload, self._owner = upload, owner
        self._start = self._at = 0
        self._file = TemporaryFile(dir=folder)  # noqa: SIM115 - closed with the hold
        self._blob = ""

    def begin(self, offset: int) -> None:
        """What is written next comes behind the first `offset` bytes. Pieces beyond them are forgotten."""
        self._drop()
        self._start = self._at = offset

    def write(self, data: bytes) -> None:
        """Take bytes."""
        if self._at == self._start:
            self._file.write(secrets.token_bytes(_SALT))
        self._file.write(data)
        self._at += len(data)

    def secure(self) -> None:
        """Put what was written into the store."""
        if self._at > self._start:
            self._file.seek(0)
            self._blob, _ = self._context.private.put_stream(self._file)

    def read(self, offset: int) -> Iterator[bytes]:
        """All bytes that are counted, from a place on."""
        return _read_pieces(self._context, self._upload, offset)

    def count(self, session: Session) -> None:
        """Count it, within a unit of work. Raises `BusyError` where another request holds the upload by now."""
        row = session.get(Upload, self._upload, with_for_update=True)
        if row is None or row.owner != self._owner:
            raise _refuse_busy()
        row.held_until = self._context.clock() + _LASTS
        if self._at == self._start:
            return
        beyond = UploadPiece.upload_id == self._upload, UploadPiece.start >= self._start
        session.execute(delete(UploadPiece).where(*beyond))
        size = self._at - self._start
        session.add(UploadPiece(upload_id=self._upload, start=self._start, size=size, blob=self._blob))
        self._start = self._at

    def settle(self) -> None:
        """Begin the next piece, once the one before is counted."""
        self._drop()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _drop(self) -> None:
        self._file.seek(0)
        self._file.truncate()
        self._blob = ""


class UploadPieces:
    """The pieces of all uploads."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.hashes = Hashes()

    def measure(self, upload: str) -> int:
        """How many bytes the pieces have together."""
        query = select(func.coalesce(func.sum(UploadPiece.size), 0)).where(UploadPiece.upload_id == upload)
        with self._context.read() as session:
            return int(session.scalar(query) or 0)

    @contextlib.contextmanager
    def lock(self, upload: str, *, write: bool = False, patience: float = 0.0) -> Iterator[HeldPieces]:  # noqa: ARG002
        """Hold the upload for this caller alone, on all machines. Raises `BusyError` after `patience` seconds."""
        owner, deadline = secrets.token_hex(16), time.monotonic() + patience
        while not self._take(upload, owner):
            if time.monotonic() >= deadline:
                raise _refuse_busy()
            time.sleep(_POLL_SECONDS)
        folder = self._context.settings.receiving_folder
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with contextlib.closing(HeldPieces(self._context, upload, owner, folder)) as held:
                yield held
        finally:
            with self._context.write() as session:
                own = Upload.id == upload, Upload.owner == owner
                session.execute(update(Upload).where(*own).values(owner=None, held_until=None))

    def open(self, upload: str, sha256: str) -> FinishedFile:
        """All bytes in a file of this machine, which is gone when it is closed. Raises `FileNotFoundError`."""
        folder = self._context.settings.receiving_folder
        folder.mkdir(parents=True, exist_ok=True)
        place = folder / f"upload-{secrets.token_hex(16)}"
        digest = hashlib.sha256()
        try:
            with place.open("xb") as file:
                for chunk in _read_pieces(self._context, upload, 0):
                    digest.update(chunk)
                    file.write(chunk)
            if digest.hexdigest() != sha256:
                raise FileNotFoundError(upload)
        except NotFoundError as error:
            place.unlink()
            raise FileNotFoundError(upload) from error
        except BaseException:
            place.unlink()
            raise
        return AssembledFile(place, sha256)

    def remove(self, upload: str) -> None:
        """Remove the pieces."""
        self.hashes.forget(upload)
        with self._context.write() as session:
            blobs = list(session.scalars(select(UploadPiece.blob).where(UploadPiece.upload_id == upload)))
            session.execute(delete(UploadPiece).where(UploadPiece.upload_id == upload))
        for blob in blobs:
            self._context.private.delete_blob(blob)

    def list(self) -> Iterator[tuple[str, float]]:
        """Every upload that has pieces and is no longer there, as old as can be: they may go at once."""
        query = select(UploadPiece.upload_id).where(UploadPiece.upload_id.not_in(select(Upload.id))).distinct()
        with self._context.read() as session:
            yield from ((name, 0.0) for name in list(session.scalars(query)))

    def _take(self, upload: str, owner: str) -> bool:
        now = self._context.clock()
        with self._context.write() as session:
            row = session.get(Upload, upload, with_for_update=True)
            if row is None or (row.held_until is not None and row.held_until > now):
                return False
            row.owner, row.held_until = owner, now + _LASTS
            return True


def _read_pieces(context: Context, upload: str, offset: int) -> Iterator[bytes]:
    query = select(UploadPiece).where(UploadPiece.upload_id == upload).order_by(UploadPiece.start)
    with context.read() as session:
        pieces = [(row.start, row.size, row.blob) for row in session.scalars(query)]
    for start, size, blob in pieces:
        if start + size > offset:
            with context.private.open_blob(blob) as file:
                file.seek(_SALT + max(0, offset - start))
                while chunk := file.read(_CHUNK):
                    yield chunk


def _refuse_busy() -> BusyError:
    return BusyError(N_("Another request is working on this upload. Try again when it has finished"))
