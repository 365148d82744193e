"""Requests whose uploaded files are written to the disk where they will stay, not to the system's temporary folder."""

from __future__ import annotations

from pathlib import Path
from tempfile import NamedTemporaryFile, SpooledTemporaryFile
from typing import IO, cast

from flask import Request

SMALL_BYTES = 512 * 1024
"""So small a file is held in memory."""


def receive_into(folder: Path) -> type[Request]:
    """The class of requests that write large files into this folder; they are gone when the request is."""

    class ReceivingRequest(Request):
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
            return cast(IO[bytes], NamedTemporaryFile(dir=folder, prefix="upload-"))

    return ReceivingRequest
