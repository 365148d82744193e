"""Requests whose uploaded files are written to the disk where they will stay, not to the system's temporary folder."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from tempfile import NamedTemporaryFile, SpooledTemporaryFile
from typing import IO, Any, cast

from flask import Request

from opendata.storage.faults import require_room

SMALL_BYTES = 512 * 1024
"""So small a file is held in memory."""

_PIECE_BYTES = 1024 * 1024
"""So much of a body is asked for at once: the server copies what it holds each time it is asked."""

_SYNCED_BYTES = 32 * 1024 * 1024
"""So much is written at most before the disk has it: at the end nobody waits for the whole file to get there."""


class _Body(io.RawIOBase):
    """What is left of a request's body, as a buffer reads it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def readable(self) -> bool:
        """Always true: the body can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer, or as much of it as the body still has bytes for."""
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class ReceivedFile:
    """A file being received; it is gone when closed. Otherwise a file like others.

    A thread hashes it on the way and has it written to the disk, so that who keeps it need not wait long for either.
    """

    def __init__(self, folder: Path) -> None:
        self._file = NamedTemporaryFile(dir=folder, prefix="upload-", buffering=_PIECE_BYTES)  # noqa: SIM115 - see above
        self._digest = hashlib.sha256()
        self._hasher = ThreadPoolExecutor(1, thread_name_prefix="hash")
        self._hashing: Future[None] | None = None
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._unsynced = 0
        self.name = self._file.name

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    @property
    def sha256(self) -> str:
        """The digest of what was written."""
        self._wait()
        self._update(self._take_held())
        return self._digest.hexdigest()

    def write(self, data: bytes) -> int:
        """Append bytes."""
        self._held.append(data)
        self._held_bytes += len(data)
        if self._held_bytes >= _PIECE_BYTES:
            self._hash()
        return self._file.write(data)

    def close(self) -> None:
        """Let go of the file."""
        self._hasher.shutdown()
        self._file.close()

    def _hash(self) -> None:
        """Have what is held hashed; what was given before is done by then, so that no more waits than two pieces."""
        self._wait()
        self._hashing = self._hasher.submit(self._update, self._take_held())

    def _take_held(self) -> Sequence[bytes]:
        held, self._held, self._held_bytes = self._held, [], 0
        return held

    def _update(self, pieces: Sequence[bytes]) -> None:
        for piece in pieces:
            self._digest.update(piece)
            self._unsynced += len(piece)
        if self._unsynced > _SYNCED_BYTES:
            os.fsync(self._file.fileno())
            self._unsynced = 0

    def _wait(self) -> None:
        if self._hashing is not None:
            self._hashing.result()
            self._hashing = None


def receive_into(folder: Path, least: int) -> type[Request]:
    """The class of requests that write large files into this folder; they are gone when the request is.

    A file that would leave fewer than `least` bytes on the disk is refused before it has come (`StorageFullError`).
    """

    class ReceivingRequest(Request):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self._received = ExitStack()

        def _get_stream_for_parsing(self) -> IO[bytes]:
            return cast(IO[bytes], io.BufferedReader(_Body(super()._get_stream_for_parsing()), _PIECE_BYTES))

        def _get_file_stream(
            self,
            total_content_length: int | None,
            content_type: str | None,  # noqa: ARG002
            filename: str | None = None,  # noqa: ARG002
            content_length: int | None = None,  # noqa: ARG002
        ) -> IO[bytes]:
            require_room(folder, least, total_content_length or 0)
            if total_content_length is not None and total_content_length <= SMALL_BYTES:
                file = cast(IO[bytes], SpooledTemporaryFile(max_size=SMALL_BYTES, mode="rb+"))  # noqa: SIM115 - closed below
            else:
                folder.mkdir(parents=True, exist_ok=True)
                file = cast(IO[bytes], ReceivedFile(folder))
            self._received.callback(file.close)
            return file

        def close(self) -> None:
            """Let go of all files, those of a body that broke off too."""
            super().close()
            self._received.close()

    return ReceivingRequest
