"""Requests whose uploaded files are written to the disk where they will stay, not to the system's temporary folder.

A form is read by the rules of Werkzeug's decoder. What lies between the ends of a file is written as it comes: the
decoder sees only pieces in which a part may begin or end.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from tempfile import NamedTemporaryFile, SpooledTemporaryFile
from typing import IO, Any, cast

from flask import Request
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser, MultiPartParser
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData, State

from opendata.storage.faults import require_room

SMALL_BYTES = 512 * 1024
"""So small a file is held in memory."""

PIECE_BYTES = 256 * 1024
"""So much of a file is read and written at a time: it is in the processor's cache until it is written."""

_HASHED_BYTES = 1024 * 1024
"""So much is handed to the thread that hashes, at a time."""

_SYNCED_BYTES = 32 * 1024 * 1024
"""So much is written at most before the disk has it: at the end nobody waits for the whole file to get there."""


class ReceivedFile:
    """A file being received; it is gone when closed. Otherwise a file like others.

    A thread hashes it on the way and has it written to the disk, so that who keeps it need not wait long for either.
    """

    def __init__(self, folder: Path) -> None:
        self._file = NamedTemporaryFile(dir=folder, prefix="upload-", buffering=SMALL_BYTES // 8)  # noqa: SIM115 - see above
        self._digest = hashlib.sha256()
        self._hasher = ThreadPoolExecutor(1, thread_name_prefix="hash")
        self._hashing: Future[None] | None = None
        self._held: list[bytes | memoryview] = []
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

    def write(self, data: bytes | memoryview) -> int:
        """Append bytes, which must not change afterwards."""
        self._held.append(data)
        self._held_bytes += len(data)
        if self._held_bytes >= _HASHED_BYTES:
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

    def _take_held(self) -> Sequence[bytes | memoryview]:
        held, self._held, self._held_bytes = self._held, [], 0
        return held

    def _update(self, pieces: Sequence[bytes | memoryview]) -> None:
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


class FormParser(FormDataParser):
    """Reads forms with files in them at the pace of the disk."""

    def _parse_multipart(
        self, stream: IO[bytes], mimetype: str, content_length: int | None, options: dict[str, str]
    ) -> tuple[IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]:
        if content_length is not None and content_length <= SMALL_BYTES:
            return super()._parse_multipart(stream, mimetype, content_length, options)
        boundary = options.get("boundary", "").encode("ascii")
        if not boundary:
            raise ValueError("no boundary")
        reader = _FormReader(
            stream_factory=self.stream_factory,
            max_form_memory_size=self.max_form_memory_size,
            max_form_parts=self.max_form_parts,
            cls=self.cls,
        )
        return stream, *reader.parse(stream, boundary, content_length)


class _FormReader(MultiPartParser):
    """Reads one form: the decoder decides where its parts begin and end, and is not asked about what is in between."""

    def parse(
        self, stream: IO[bytes], boundary: bytes, content_length: int | None
    ) -> tuple[MultiDict[str, str], MultiDict[str, FileStorage]]:
        self._stream = stream
        self._length = content_length
        self._mark = b"--" + boundary
        self._decoder = MultipartDecoder(boundary, self.max_form_memory_size, max_parts=self.max_form_parts)
        self._part: Field | File | None = None
        self._texts: list[bytes] = []
        self._text_bytes = 0
        self._file: IO[bytes] | None = None
        self._fields: list[tuple[str, str]] = []
        self._files: list[tuple[str, FileStorage]] = []
        while data := stream.read(self.buffer_size):
            self._decode(data)
            self._pour()
        self._decode(None)
        return self.cls(self._fields), self.cls(self._files)

    def _decode(self, data: bytes | memoryview | None) -> None:
        """Take what the decoder makes of some more of the body; None where that was all."""
        self._decoder.receive_data(data)  # type: ignore[arg-type]
        while not isinstance(event := self._decoder.next_event(), NeedData | Epilogue):
            if isinstance(event, Field | File):
                self._part = event
                self._texts, self._text_bytes = [], 0
                self._file = self.start_file_streaming(event, self._length) if isinstance(event, File) else None
            elif isinstance(event, Data):
                self._take(event)

    def _take(self, data: Data) -> None:
        if self._file is not None:
            self._file.write(data.data)
        else:
            self._text_bytes += len(data.data)
            if self.max_form_memory_size is not None and self._text_bytes > self.max_form_memory_size:
                raise RequestEntityTooLarge
            self._texts.append(data.data)
        if not data.more_data:
            self._end_part()

    def _end_part(self) -> None:
        part, file = self._part, self._file
        if part is None:
            return
        if file is None:
            text = b"".join(self._texts).decode(self.get_part_charset(part.headers), "replace")
            self._fields.append((part.name, text))
        elif isinstance(part, File):
            file.seek(0)
            self._files.append((part.name, FileStorage(file, part.filename, part.name, headers=part.headers)))
        self._file = None

    def _pour(self) -> None:
        """Write what comes into a file for as long as no part can end in it, and hand the rest to the decoder.

        Held back is what the decoder would hold: from the last line end on that the mark of a part may follow.
        """
        file = self._file
        if file is None:
            return
        most = len(self._mark) + len(b"\r\n")
        held = bytes(self._decoder.buffer)
        while self._decoder.state is State.DATA:
            piece = self._stream.read(PIECE_BYTES)
            if len(piece) <= most or self._mark in piece or self._mark in held + piece[:most]:
                view = memoryview(piece)
                for start in range(0, len(piece), self.buffer_size):
                    self._decode(view[start : start + self.buffer_size])
                if not piece or self._file is not file:
                    return
                held = bytes(self._decoder.buffer)
                continue
            end = len(piece) - most
            ends = [place for place in (piece.rfind(b"\n", end), piece.rfind(b"\r", end)) if place >= 0]
            end = min(ends, default=len(piece))
            if held:
                file.write(held)
            file.write(memoryview(piece)[:end])
            held = piece[end:]
            self._decoder.buffer[:] = held


def receive_into(folder: Path, least: int) -> type[Request]:
    """The class of requests that write large files into this folder; they are gone when the request is.

    A file that would leave fewer than `least` bytes on the disk is refused before it has come (`StorageFullError`).
    """

    class ReceivingRequest(Request):
        form_data_parser_class = FormParser

        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self._received = ExitStack()

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
