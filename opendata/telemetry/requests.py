"""Each request from the first header to the last byte: counted, logged, traced. Wraps any application of WSGI.

The application says in the trail at hand which endpoint answers and who asks. Nothing is wrapped around a file that the
web server sends itself: only its closing is heard.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from opendata.telemetry.instruments import (
    REQUEST_SECONDS,
    REQUESTS,
    REQUESTS_IN_FLIGHT,
    RESPONSE_BYTES,
    count_statements,
    is_enabled,
)
from opendata.telemetry.logs import log_request
from opendata.telemetry.tracing import end_span, start_request_span
from opendata.telemetry.trail import Trail, begin_trail, choose_request_id, end_trail, read_traceparent

REQUEST_ID = "X-Request-Id"
TRUSTED = "opendata.is_trusted"
"""In the environment of a request: that it comes from a web server whose headers are believed."""

_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))

_LENGTH = len("Content-Length")

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class SeenRequests:
    """An application whose requests are seen."""

    def __init__(self, application: Application) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request of WSGI."""
        return _Request(environ, start_response).answer(self._application)


class _Request:
    """A request at hand."""

    def __init__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> None:
        is_trusted = environ.get(TRUSTED, False)
        method = environ.get("REQUEST_METHOD", "")
        self.trail = Trail(
            choose_request_id(environ.get("HTTP_X_REQUEST_ID") if is_trusted else None),
            read_traceparent(environ.get("HTTP_TRACEPARENT") if is_trusted else None),
            method=method if method in _METHODS else "other",
        )
        self._environ = environ
        self._start_response = start_response
        self._begun = time.perf_counter()
        self._answered = 0.0
        self._length: int | None = None
        self._is_done = False
        self._token = begin_trail(self.trail)
        REQUESTS_IN_FLIGHT.add(1)
        start_request_span(self.trail)

    def answer(self, application: Application) -> Iterable[bytes]:
        try:
            found = application(self._environ, self._begin)
        except BaseException:
            self.trail.status = self.trail.status or 500
            end_trail(self._token)
            self.finish()
            raise
        end_trail(self._token)  # each piece of the answer goes on with it
        wrapper = self._environ.get("wsgi.file_wrapper")
        if isinstance(wrapper, type) and isinstance(found, wrapper):
            self._hear_closing(found)
            return found
        return _Answer(found, self)

    def _begin(self, status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
        self.trail.status = int(status[:3])
        if not self._answered:
            self._answered = time.perf_counter()
        for name, value in headers:
            if len(name) == _LENGTH and name.lower() == "content-length" and value.isdigit():
                self._length = int(value)
        return self._start_response(status, [*headers, (REQUEST_ID, self.trail.request_id)], *more)

    def _hear_closing(self, found: Any) -> None:
        close = getattr(found, "close", None)
        self.trail.bytes = self._length or 0

        def heard() -> None:
            try:
                if close is not None:
                    close()
            finally:
                self.finish()

        found.close = heard

    def finish(self) -> None:
        """Count and log it, once."""
        if self._is_done:
            return
        self._is_done = True
        trail, ended = self.trail, time.perf_counter()
        if is_enabled():
            REQUESTS_IN_FLIGHT.add(-1)
            REQUESTS.add(1, trail.endpoint, trail.method, f"{trail.status // 100}xx")
            REQUEST_SECONDS.observe((self._answered or ended) - self._begun, trail.endpoint)
            if trail.bytes:
                RESPONSE_BYTES.add(trail.bytes)
            count_statements(trail.statements, trail.statement_seconds)
        end_span(trail)
        log_request(trail, ended - self._begun)


class _Answer:
    """The pieces of an answer; their bytes are counted."""

    def __init__(self, found: Iterable[bytes], request: _Request) -> None:
        self._found = found
        self._pieces: Iterator[bytes] | None = None
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        token = begin_trail(self._request.trail)
        try:
            if self._pieces is None:
                self._pieces = iter(self._found)
            piece = next(self._pieces)
        except StopIteration:
            self._request.finish()
            raise
        finally:
            end_trail(token)
        self._request.trail.bytes += len(piece)
        return piece

    def close(self) -> None:
        """The answer was sent, or its reader is gone."""
        try:
            close = getattr(self._found, "close", None)
            if close is not None:
                close()
        finally:
            self._request.finish()
