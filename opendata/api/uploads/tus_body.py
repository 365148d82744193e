"""The body of a request as it arrives, never held as a whole; a sender that is gone, or silent, ends it."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator

from flask import current_app, request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

_SILENT_SECONDS = 60.0
_PIECE_BYTES = 256 * 1024
_DISCARD_BYTES = 64 * 1024**2
_DISCARD_SECONDS = 5.0


class Body:
    """The bytes of the request at hand."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes, none at the end. Raises `ConnectionError` if the sender is gone."""
        try:
            return request.stream.read(size)
        except (ClientDisconnected, OSError) as error:
            raise ConnectionError("the sender is gone") from error

    def discard(self) -> None:
        """Let the rest arrive, within reason: a sender whose line is closed while it sends never sees the answer."""
        deadline, left = time.monotonic() + _DISCARD_SECONDS, _DISCARD_BYTES
        with contextlib.suppress(ConnectionError, RequestEntityTooLarge):
            while left > 0 and time.monotonic() < deadline and (piece := self.read(_PIECE_BYTES)):
                left -= len(piece)


@contextlib.contextmanager
def open_body() -> Iterator[Body]:
    """The body, for as long as its sender sends: a line gone dead without a word would hold its upload forever."""
    request.max_content_length = current_app.config["MAX_CONTENT_LENGTH"]
    line = request.environ.get("gunicorn.socket")
    before = line.gettimeout() if isinstance(line, socket.socket) else None
    body = Body()
    try:
        if isinstance(line, socket.socket):
            line.settimeout(_SILENT_SECONDS)
        yield body
    except Exception:
        body.discard()
        raise
    finally:
        if isinstance(line, socket.socket):
            with contextlib.suppress(OSError):
                line.settimeout(before)
