"""The virus scanner: a file's bytes go to clamd over its socket, and its verdict comes back.

Source: clamd(8), the commands INSTREAM and VERSION in their form that ends with NUL.
"""

from __future__ import annotations

import re
import select
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

from opendata.errors import N_, BackendError, TooLargeError

_UNIX = "unix:"
_CONNECT_SECONDS = 3.0
_SEND_SECONDS = 60.0
"""How long the scanner may take to accept one piece."""

_ANSWER_SECONDS = 300.0
"""How long it may take for its verdict after the last piece. Its own limit (`MaxScanTime`) is 120 unless it is set."""

_LOOK_SECONDS = 1.0
_PIECE_BYTES = 256 * 1024
_MOST_ANSWER_BYTES = 4096
_CLEAN = "stream: OK"
_FOUND = re.compile(r"stream: (.+) FOUND", re.DOTALL)
_CUT_SHORT = "Heuristics.Limits.Exceeded"
"""How the names begin that clamd reports, with `AlertExceedsMax`, of files it didn't look at to their end."""

_TOO_LARGE = N_(
    "The file is larger than the virus scanner accepts (%(reason)s). Split it, or ask the portal's operator to allow"
    " more"
)


class Scanner:
    """A clamd at `unix:PATH` or `tcp://HOST:PORT`. Each question has a connection of its own.

    Where there is no answer, all methods raise `BackendError`.
    """

    def __init__(self, address: str) -> None:
        self.address = address

    def ask_version(self, *, seconds: float = _CONNECT_SECONDS) -> str:
        """The scanner's version and that of its signatures, as it tells them, within so many seconds."""
        with _Conversation(self.address, seconds) as talk:
            talk.send(b"zVERSION\0")
            return talk.receive(seconds)

    def scan(self, path: Path, on_share: Callable[[float], object] = float, *, seconds: float = _ANSWER_SECONDS) -> str:
        """The name of the signature that a file matches, empty if none does.

        `on_share` gets the share of the file that was sent (0..1), and goes on getting 1 each second until the verdict
        comes, for so many seconds at most. Raises `TooLargeError` where the scanner didn't look at all of the file.
        """
        size = path.stat().st_size
        sent = 0
        with path.open("rb") as file, _Conversation(self.address, _CONNECT_SECONDS) as talk:
            talk.send(b"zINSTREAM\0")
            while not talk.has_answer() and (piece := file.read(_PIECE_BYTES)):
                talk.send(struct.pack("!I", len(piece)) + piece)
                sent += len(piece)
                on_share(sent / size)
            is_complete = not talk.has_answer() and sent == size
            talk.send(struct.pack("!I", 0))
            answer = talk.receive(min(seconds, _ANSWER_SECONDS), on_wait=lambda: on_share(1.0))
        return _read_verdict(answer, is_complete=is_complete)


def find_scanner(address: str) -> Scanner | None:
    """The scanner at the address in the settings; None without an address."""
    return Scanner(address) if address else None


def _read_verdict(answer: str, *, is_complete: bool) -> str:
    """The signature in a scanner's answer. Only the plain OK to a file that was sent whole passes it."""
    found = _FOUND.fullmatch(answer)
    if "size limit exceeded" in answer or (found and found[1].startswith(_CUT_SHORT)):
        raise TooLargeError(_TOO_LARGE, reason=found[1] if found else answer)
    if found:
        return found[1]
    if answer == _CLEAN and is_complete:
        return ""
    raise BackendError(N_("The virus scanner didn't check the file: %(reason)s"), reason=answer)


class _Conversation:
    """A connection to the scanner, which asks once and is answered once."""

    def __init__(self, address: str, seconds: float) -> None:
        self._address = address
        with self._watch():
            self._socket = _connect(address, seconds)
        self._is_cut = False

    def __enter__(self) -> _Conversation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        """Send bytes. Where the scanner has hung up, it has said why: `receive` tells."""
        if self._is_cut:
            return
        with self._watch():
            self._socket.settimeout(_SEND_SECONDS)
            try:
                self._socket.sendall(data)
            except (BrokenPipeError, ConnectionResetError):
                self._is_cut = True

    def has_answer(self) -> bool:
        """Whether the scanner has said something already, or hung up."""
        return self._is_cut or self._is_readable(0)

    def receive(self, seconds: float, *, on_wait: Callable[[], object] = str) -> str:
        """The answer, which must come within so many seconds; `on_wait` is called each second until then."""
        deadline = time.monotonic() + seconds
        data = b""
        while b"\0" not in data and len(data) < _MOST_ANSWER_BYTES:
            left = deadline - time.monotonic()
            with self._watch():
                if left <= 0:
                    raise TimeoutError("timed out")
                is_ready = self._is_readable(min(left, _LOOK_SECONDS))
                piece = self._socket.recv(_MOST_ANSWER_BYTES) if is_ready else b""
                if is_ready and not piece:
                    raise ConnectionError("the connection was closed without an answer")
            data += piece
            on_wait()
        return data.partition(b"\0")[0].decode("utf-8", "replace").strip()[:200]

    def _is_readable(self, seconds: float) -> bool:
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    @contextmanager
    def _watch(self) -> Iterator[None]:
        """Say as `BackendError` what went wrong with the socket."""
        try:
            yield
        except OSError as error:
            raise BackendError(
                N_("The virus scanner at %(address)s isn't responding: %(reason)s"),
                address=self._address,
                reason=error.strerror or str(error),
            ) from None


def _connect(address: str, seconds: float) -> socket.socket:
    if not address.startswith(_UNIX):
        parts = urlsplit(address)
        return socket.create_connection((parts.hostname or "", parts.port or 0), timeout=seconds)
    found = socket.socket(socket.AF_UNIX)
    found.settimeout(seconds)
    try:
        found.connect(address.removeprefix(_UNIX))
    except OSError:
        found.close()
        raise
    return found
