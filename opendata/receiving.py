"""Requests whose uploaded files are written to the disk where they will stay, not to the system's temporary folder."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from tempfile import NamedTemporaryFile, SpooledTemporaryFile
from typing import IO, Any, cast

from flask import Request

SMALL_BYTES = 512 * 1024
"""So small a file is held in memory."""

_PIECE_BYTES = 1024 * 1024
"""So much of a body is asked for at once: the server copies what it holds each time it is asked."""


class _Body(io.RawIOBase):
    """What is left of a request's body, as a buffer reads it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer as far as the body goes."""
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class ReceivedFile:
    """A file being received, hashed on the way; it is gone when it is closed. Otherwise a file like others."""

    def __init__(self, folder: Path) -> None:
        self._file = NamedTemporaryFile(dir=folder, prefix="upload-", buffering=_PIECE_BYTES)  # noqa: SIM115 - see above
        self._digest = hashlib.sha256()
        self.name = self._file.name

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    @property
    def sha256(self) -> str:
        """The digest of what was written."""
        return self._digest.hexdigest()

    def write(self, data: bytes) -> int:
        """Append bytes."""
        self._digest.update(data)
        return self._file.write(data)


def receive_into(folder: Path) -> type[Request]:
    """The class of requests that write large files into this folder; they are gone when the request is."""

    class ReceivingRequest(Request):
        def _get_stream_for_parsing(self) -> IO[bytes]:
            return cast(IO[bytes], io.BufferedReader(_Body(super()._get_stream_for_parsing()), _PIECE_BYTES))

        def _get_file_stream(
            self,
            total_content_length: int | None,
            content_type: str | None,  # noqa: ARG002
            filename: str | None = None,  # noqa: ARG002
            content_length: int | None = None,  # noqa: ARG002
        ) -> IO[bytes]:
            if total_content_length is not None and total_content_length <= SMALL_BYTES:
                return cast(IO[bytes], SpooledTemporaryFile(max_size=SMALL_BYTES, mode="rb+"))
            folder.mkdir(parents=True, exist_ok=True)
            return cast(IO[bytes], ReceivedFile(folder))

    return ReceivingRequest
