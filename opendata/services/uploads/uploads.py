"""Uploads: files sent in pieces, that survive broken connections and killed processes, for drafts to refer to.

The row says how many bytes are safe; what the file has beyond them was not, and is written again. A piece is flushed to
the disk before the row counts it, so what was once told to a client is never lost, and nothing is kept twice.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import logging
import secrets
import time
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from opendata.db.models import Publisher, Upload
from opendata.errors import (
    N_,
    BackendError,
    BusyError,
    ChecksumError,
    ExpiredError,
    InputError,
    NotFoundError,
    NotPermittedError,
    OpendataError,
    StateError,
    TooLargeError,
)
from opendata.services.core.actors import Actor, require_publisher
from opendata.services.core.context import Context
from opendata.services.core.once import Once, create_once
from opendata.services.uploads.hashes import Hash
from opendata.services.uploads.upload_files import HeldFile, UploadFiles
from opendata.services.uploads.upload_pieces import HeldPieces, UploadPieces
from opendata.services.uploads.upload_values import Checksum, Source, UploadedFile, UploadView
from opendata.setting_values import is_bucket
from opendata.storage.faults import name_disk_fault, require_room

logger = logging.getLogger(__name__)

_PIECE_BYTES = 256 * 1024
_SAVE_SECONDS = 2.0
_SAVE_BYTES = 64 * 1024**2
_PATIENCE_SECONDS = 1.0
_STRAY_SECONDS = 24 * 3600


class Uploads:
    """Receiving files piece by piece. An upload is its sender's alone: to everybody else it is not there."""

    def __init__(
        self,
        context: Context,
        *,
        save_bytes: int = _SAVE_BYTES,
        patience_seconds: float = _PATIENCE_SECONDS,
        is_shared: bool | None = None,
    ) -> None:
        """`save_bytes` of a piece are counted before its end; who finds an upload in use waits `patience_seconds`.

        Where the bytes `is_shared`, they are in the private store: if not said, where that is a bucket.
        """
        self._context = context
        settings = context.settings
        self._files: UploadFiles | UploadPieces = UploadFiles(settings.upload_folder)
        if is_bucket(settings.private_store) if is_shared is None else is_shared:
            self._files = UploadPieces(context)
        self._save_bytes = save_bytes
        self._patience = patience_seconds

    def create(
        self, actor: Actor | None, length: int, filename: str, *, meta: str = "", once: Once | None = None
    ) -> tuple[UploadView, bool]:
        """Announce a file of `length` bytes; returns the upload and whether it is new.

        Raises `TooLargeError` where it is larger than a file may be, or than what is left to the publisher.
        """
        found = require_publisher(actor)
        user = found.id
        if user is None:
            raise NotPermittedError(N_("You need an account to send files in pieces"))
        limit = self._context.settings.max_upload_bytes
        if length > limit:
            raise TooLargeError(
                N_("The file has %(size)s bytes. At most %(limit)s bytes are allowed"), size=length, limit=limit
            )

        self._require_disk(length)

        def create(session: Session) -> str:
            self._require_room(session, found, length)
            now = self._context.clock()
            row = Upload(
                id=secrets.token_hex(16),
                user_id=user,
                publisher_id=found.publisher,
                filename=filename,
                meta=meta,
                length=length,
                received=0,
                state="receiving",
                created=now,
                modified=now,
                expires=self._expire(now),
            )
            session.add(row)
            return row.id

        upload, created = create_once(self._context, found, once, create)
        return self.get(found, upload), created

    def get(self, actor: Actor | None, upload: str) -> UploadView:
        """How far an upload is. Raises `NotFoundError`, `ExpiredError`."""
        row = self._find(actor, upload)
        if row.state == "receiving" and row.received == row.length:
            # All is there, but the process that received the last byte died before the digest was known.
            with contextlib.suppress(BusyError), self._files.lock(upload) as file:
                self._finish(upload, file)
            row = self._find(actor, upload)
        return _view(row, self._measure(row))

    def append(
        self,
        actor: Actor | None,
        upload: str,
        offset: int,
        source: Source,
        *,
        size: int | None = None,
        checksum: Checksum | None = None,
    ) -> UploadView:
        """Add a piece at `offset`, of `size` bytes where that is known; what arrives of it is kept.

        With a checksum the piece is kept whole or not at all. Raises `StateError` where the upload is not at this
        offset, `BusyError` where another request adds to it, `TooLargeError` where the piece goes beyond the end,
        `ChecksumError`, `InputError` where the connection breaks, `NotFoundError`, `ExpiredError`.
        """
        row = self._find(actor, upload)
        if row.state == "finished":
            self._require_place(row, row.length, offset, size)
            return _view(row, row.length)
        with self._files.lock(upload, write=True, patience=self._patience) as file:
            row = self._find(actor, upload)
            start = self._measure(row)
            self._require_place(row, start, offset, size)
            if start < row.length:
                self._require_disk(row.length - start)
                try:
                    start = self._receive(row, file, start, source, checksum)
                except OSError as error:
                    logger.exception("upload %s", upload)
                    fault = name_disk_fault(error)
                    raise fault or BackendError(
                        N_("The bytes can't be stored: %(reason)s"), reason=error.strerror or type(error).__name__
                    ) from error
            if start == row.length:
                self._finish(upload, file)
        return _view(self._find(actor, upload), start)

    def _require_disk(self, size: int) -> None:
        """Raises `StorageFullError` where this many bytes would take the room that the disk is to keep."""
        require_room(self._context.settings.upload_folder, self._context.settings.free_bytes, size)

    def delete(self, actor: Actor | None, upload: str) -> None:
        """Give an upload up. Raises `NotFoundError`, `ExpiredError`, `BusyError`."""
        self._find(actor, upload)
        with self._files.lock(upload, patience=self._patience):
            self._forget(upload)

    def open(self, actor: Actor | None, upload: str, *, name: str | None = None) -> UploadedFile:
        """A finished upload as a file for a draft, under its own name or another; it is kept on for its time.

        Raises `StateError` where it is not finished, `NotFoundError`, `ExpiredError`.
        """
        found = self.get(actor, upload)
        if found.state != "finished" or found.sha256 is None:
            raise StateError(
                N_("Only %(offset)s of %(length)s bytes of the upload “%(id)s” have arrived. Send the rest first"),
                id=found.id,
                offset=found.offset,
                length=found.length,
            )
        with self._context.write() as session:
            row = session.get(Upload, upload)
            if row is not None:
                row.expires = self._expire(self._context.clock())
        try:
            stream = self._files.open(upload, found.sha256)
        except FileNotFoundError:
            raise _refuse_unknown(upload) from None
        return UploadedFile(name or found.filename, stream, upload)

    def _receive(
        self, row: Upload, file: HeldFile | HeldPieces, start: int, source: Source, checksum: Checksum | None
    ) -> int:
        """Write what arrives behind the first `start` bytes; return how many are safe then."""
        found = self._files.hashes.begin(row.id, start)
        check: Hash | None = hashlib.new(checksum.algorithm, usedforsecurity=False) if checksum else None
        file.begin(start)
        at = saved = start
        due = time.monotonic() + _SAVE_SECONDS
        failure: OpendataError | None = None
        while failure is None:
            try:
                piece = source.read(_PIECE_BYTES)
            except ConnectionError:
                failure = InputError(N_("The connection was interrupted. Send the missing part"))
                break
            if not piece:
                break
            if at + len(piece) > row.length:
                failure = self._refuse_beyond(row.length)
                break
            file.write(piece)
            for each in (found, check):
                if each is not None:
                    each.update(piece)
            at += len(piece)
            if check is None and (at - saved > self._save_bytes or time.monotonic() > due):
                self._save(row.id, file, at, found)
                saved, due = at, time.monotonic() + _SAVE_SECONDS
        if checksum is not None and check is not None:
            if failure is None and not hmac.compare_digest(check.digest(), checksum.digest):
                failure = ChecksumError(N_("The bytes received don't match their checksum. Send them again"))
            if failure is not None:
                file.begin(start)
                raise failure
        self._save(row.id, file, at, found)
        if failure is not None:
            raise failure
        return at

    def _save(self, upload: str, file: HeldFile | HeldPieces, offset: int, found: Hash | None) -> None:
        """Make what was received safe, then count it."""
        file.secure()
        with self._context.write() as session:
            row = session.get(Upload, upload)
            if row is None:
                raise _refuse_unknown(upload)
            file.count(session)
            row.received = offset
            row.modified = self._context.clock()
            row.expires = self._expire(row.modified)
        file.settle()
        self._files.hashes.keep(upload, offset, found)

    def _finish(self, upload: str, file: HeldFile | HeldPieces) -> None:
        """Note the digest of a file that is all there. Nothing is ever written to it again."""
        digest = self._files.hashes.finish(upload, file.read)
        with self._context.write() as session:
            row = session.get(Upload, upload)
            if row is not None and row.state == "receiving":
                row.state, row.sha256 = "finished", digest

    def _forget(self, upload: str) -> None:
        with self._context.write() as session:
            row = session.get(Upload, upload)
            if row is not None:
                session.delete(row)
        self._files.remove(upload)  # after a crash before it, a stray file is left: `tidy`

    def forget_content(self, sha256: str) -> None:
        """Remove the finished uploads with these bytes."""
        with self._context.read() as session:
            found = list(session.scalars(select(Upload.id).where(Upload.sha256 == sha256)))
        for upload in found:
            self._forget(upload)

    def tidy(self) -> None:
        """Remove what has expired, and files that belong to nothing."""
        with self._context.read() as session:
            expired = list(session.scalars(select(Upload.id).where(Upload.expires < self._context.clock())))
        for upload in expired:
            with contextlib.suppress(BusyError), self._files.lock(upload):
                with self._context.read() as session:
                    row = session.get(Upload, upload)
                    over = row is not None and row.expires < self._context.clock()
                if over:
                    self._forget(upload)
        files = [name for name, changed in self._files.list() if time.time() - changed > _STRAY_SECONDS]
        with self._context.read() as session:
            known = set(session.scalars(select(Upload.id)))
        for name in files:
            if name not in known:
                self._files.remove(name)

    def _find(self, actor: Actor | None, upload: str) -> Upload:
        found = require_publisher(actor)
        with self._context.read() as session:
            row = session.get(Upload, upload)
        if row is None or (row.user_id, row.publisher_id) != (found.id, found.publisher):
            raise _refuse_unknown(upload)
        if row.expires < self._context.clock():
            raise ExpiredError(N_("The upload “%(id)s” has expired. Send the file again"), id=upload)
        return row

    def _measure(self, row: Upload) -> int:
        """How many bytes are safe: no more than the row counts, and no more than there are."""
        return row.length if row.state == "finished" else min(row.received, self._files.measure(row.id))

    def _require_place(self, row: Upload, start: int, offset: int, size: int | None) -> None:
        if offset != start:
            raise StateError(
                N_("The upload is at byte %(offset)s, not at %(given)s. Continue from there"),
                offset=start,
                given=offset,
            )
        if size is not None and offset + size > row.length:
            raise self._refuse_beyond(row.length)

    def _refuse_beyond(self, length: int) -> TooLargeError:
        return TooLargeError(
            N_("The upload was announced with %(length)s bytes. This piece goes beyond that"), length=length
        )

    def _require_room(self, session: Session, actor: Actor, length: int) -> None:
        """Raises `TooLargeError` where uploads of the publisher that no draft refers to would take too much."""
        if actor.publisher is not None:  # two at once are counted one after the other
            session.scalar(select(Publisher.id).where(Publisher.id == actor.publisher).with_for_update())
        query = select(func.coalesce(func.sum(Upload.length), 0)).where(
            Upload.publisher_id.is_(None) if actor.publisher is None else Upload.publisher_id == actor.publisher,
            Upload.used.is_(False),
            Upload.expires >= self._context.clock(),
        )
        taken = int(session.scalar(query) or 0)
        limit = self._context.settings.max_pending_bytes
        if taken + length > limit:
            raise TooLargeError(
                N_(
                    "With this file of %(size)s bytes, the uploads that no draft uses yet would take"
                    " %(total)s bytes. At most %(limit)s are allowed. Use the uploads in a draft, or delete"
                    " some"
                ),
                size=length,
                total=taken + length,
                limit=limit,
            )

    def _expire(self, now: datetime) -> datetime:
        return now + timedelta(hours=self._context.settings.upload_hours)


def mark_used(session: Session, files: Iterable[UploadedFile]) -> None:
    """Note that a draft refers to the uploads among these files: they wait no longer."""
    uploads = [file.upload for file in files if file.upload]
    if uploads:
        session.execute(update(Upload).where(Upload.id.in_(uploads)).values(used=True))


def _refuse_unknown(upload: str) -> NotFoundError:
    return NotFoundError(N_("There is no upload “%(id)s”"), id=upload[:100])


def _view(row: Upload, offset: int) -> UploadView:
    return UploadView(
        id=row.id,
        filename=row.filename,
        meta=row.meta,
        state=row.state,
        offset=offset,
        length=row.length,
        sha256=row.sha256,
        created=row.created,
        expires=row.expires,
    )
