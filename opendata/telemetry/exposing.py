"""The figures as Prometheus reads them, and the small server that gives them on the machine itself."""

from __future__ import annotations

import hmac
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

from opendata.telemetry import instruments
from opendata.telemetry.instruments import FIGURES_OK, PREFIX, Instrument
from opendata.telemetry.places import drop_dead_gauges, find_folder

if TYPE_CHECKING:
    from prometheus_client import Metric

logger = logging.getLogger(__name__)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PATH = "/metrics"

_FRESH_SECONDS = 5.0
"""How long the figures of the instance are remembered: not everybody who asks makes the database count."""

_WAIT_SECONDS = 2.0
"""How long an answer waits for them. One without them is better than none."""

_BACKLOG = 16


@dataclass(frozen=True, slots=True)
class Figure:
    """A value of an `instance` figure."""

    instrument: Instrument
    value: float
    labels: tuple[str, ...] = ()


class Exposing:
    """Writes the figures of all processes, and with them those that `list_figures` reads of the instance."""

    def __init__(self, list_figures: Callable[[], Iterable[Figure]]) -> None:
        self._list_figures = list_figures
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._is_reading = False
        self._read: float | None = None
        self._figures: tuple[Figure, ...] = ()

    def forget(self) -> None:
        """Read the figures of the instance again when they are next asked for."""
        with self._lock:
            self._read = None

    def write(self) -> bytes:
        """All figures as text."""
        from prometheus_client import CollectorRegistry, generate_latest
        from prometheus_client.multiprocess import MultiProcessCollector

        registry = CollectorRegistry()
        folder = find_folder()
        if folder is not None and folder.is_dir():
            drop_dead_gauges(folder)
            MultiProcessCollector(registry, str(folder))  # type: ignore[no-untyped-call]  # it has none
        elif (own := instruments.find_registry()) is not None:
            registry.register(own)
        registry.register(_Collected(self._find_figures()))
        return generate_latest(registry)

    def _find_figures(self) -> tuple[Figure, ...]:
        """What was read a moment ago, or now if that is quick; else only that it couldn't be read."""
        with self._lock:
            is_fresh = self._read is not None and time.monotonic() - self._read < _FRESH_SECONDS
            if not is_fresh and not self._is_reading:
                self._is_reading = True
                self._done.clear()
                threading.Thread(target=self._read_figures, name="figures", daemon=True).start()
        if not is_fresh:
            self._done.wait(_WAIT_SECONDS)
        with self._lock:
            if self._read is None or time.monotonic() - self._read > _FRESH_SECONDS + _WAIT_SECONDS:
                return (Figure(FIGURES_OK, 0),)
            return self._figures

    def _read_figures(self) -> None:
        try:
            found = (*self._list_figures(), Figure(FIGURES_OK, 1))
        except Exception:  # an answer without them says so
            logger.exception("the figures of the instance can't be read")
            found = (Figure(FIGURES_OK, 0),)
        with self._lock:
            self._figures, self._read, self._is_reading = found, time.monotonic(), False
        self._done.set()


class _Collected:
    """Figures as a collector of prometheus_client."""

    def __init__(self, figures: Iterable[Figure]) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        from prometheus_client.core import GaugeMetricFamily

        families: dict[str, GaugeMetricFamily] = {}
        for figure in self._figures:
            item = figure.instrument
            if item.name not in families:
                families[item.name] = GaugeMetricFamily(PREFIX + item.name, item.about, labels=item.labels)
            families[item.name].add_metric(figure.labels, figure.value)
        yield from families.values()


def is_token(offered: str | None, token: str) -> bool:
    """Whether a header `Authorization` has the token."""
    kind, _, found = (offered or "").partition(" ")
    return kind.lower() == "bearer" and hmac.compare_digest(found.strip().encode(), token.encode())


def open_port(port: int) -> socket.socket:
    """A socket of this machine alone. Raises `OSError` where the port is in use."""
    return socket.create_server(("127.0.0.1", port), backlog=_BACKLOG)


def serve_figures(listener: socket.socket, exposing: Exposing) -> None:
    """Give the figures on a socket from a thread, until this process ends."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            is_known = self.path.partition("?")[0] == PATH
            body = exposing.write() if is_known else b"not found\n"
            self.send_response(200 if is_known else 404)
            self.send_header("Content-Type", CONTENT_TYPE if is_known else "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: Any) -> None:
            pass

    server = HTTPServer(listener.getsockname()[:2], Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
