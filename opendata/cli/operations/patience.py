"""Slow clients don't hold the web server: a request that waits for its client's bytes lets another one run.

gunicorn's threaded worker gives each request a thread. Here the threads are many and the slots few: a request needs a
slot to run, gives it back while its client has nothing to send or takes nothing, and asks for one again afterwards.
A client that is idle for too long, or slower than any line is, is cut off. One address never has all threads.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

from gunicorn import util
from gunicorn.workers import gthread

from opendata.domain.access.addresses import is_within, name_source
from opendata.telemetry.draining import is_draining
from opendata.telemetry.instruments import REFUSED

THREADS = 128
"""So many requests are at hand at once in a process; those beyond wait."""

MOST_OF_AN_ADDRESS = THREADS // 2
IDLE_SECONDS = 20.0
GRACE_SECONDS = 10.0
BYTES_PER_SECOND = 1000
"""Of the time that a request has waited for its client after the grace, so many bytes a second must have moved."""

_PIECE_BYTES = 1 << 20
_OWN = ("127.0.0.0/8", "::1")


class PatientSocket(socket.socket):
    """A client's connection. It never blocks while a slot is held; a client that is too slow counts as gone."""

    slots: threading.Semaphore | None = None
    """Held by the thread that is at the request of this connection; None between requests."""

    _waited = 0.0
    _moved = 0

    def begin(self, slots: threading.Semaphore | None) -> None:
        """Begin a request, or end it: what was waited for before counts no more."""
        self.slots = slots
        self._waited, self._moved = 0.0, 0

    def setblocking(self, flag: bool) -> None:  # noqa: ARG002 - as socket has it
        """Stay as it is: the operating system never blocks, and waiting is done here."""
        if self.fileno() != -1:
            super().setblocking(False)

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Some bytes; none where the client has closed, or is too slow."""
        while True:
            with contextlib.suppress(BlockingIOError):
                found = super().recv(size, flags)
                self._moved += len(found)
                return found
            if not self._wait(select.POLLIN):
                return b""

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Send everything. Raises `BrokenPipeError` where the client is too slow."""
        view = memoryview(data).cast("B")
        while view:
            try:
                sent = super().send(view, flags)
            except BlockingIOError:
                self._wait_to_send()
            else:
                self._moved += sent
                view = view[sent:]

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        """Send a file or a part of it; how many bytes. Raises as `sendall` does."""
        left = os.fstat(file.fileno()).st_size - offset if count is None else count
        total = 0
        while left:
            try:
                sent = os.sendfile(self.fileno(), file.fileno(), offset + total, min(left, _PIECE_BYTES))
            except BlockingIOError:
                self._wait_to_send()
                continue
            if not sent:
                break
            self._moved += sent
            total, left = total + sent, left - sent
        return total

    def _wait_to_send(self) -> None:
        if not self._wait(select.POLLOUT):
            raise BrokenPipeError

    def _wait(self, event: int) -> bool:
        """Wait until there is something to do, without a slot; False where the client is too slow."""
        if self._waited > GRACE_SECONDS and self._moved < (self._waited - GRACE_SECONDS) * BYTES_PER_SECOND:
            return False
        poll = select.poll()
        poll.register(self, event)
        begun = time.monotonic()
        with self._lend_slot():
            ready = poll.poll(IDLE_SECONDS * 1000)
            self._waited += time.monotonic() - begun
        return bool(ready)

    @contextlib.contextmanager
    def _lend_slot(self) -> Iterator[None]:
        slots = self.slots
        if slots is None:
            yield
            return
        slots.release()
        try:
            yield
        finally:
            slots.acquire()


class PatientWorker(gthread.ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's threaded worker, in which `threads` requests run at once and many more may wait for their clients."""

    trusted: ClassVar[Sequence[str]] = ()
    """The web servers in front, which send the requests of many."""

    def init_process(self) -> None:
        """Begin to work in a process."""
        self._slots = threading.BoundedSemaphore(self.cfg.threads)
        self.begin_counting()
        super().init_process()

    def begin_counting(self) -> None:
        """Begin to count the requests of addresses."""
        self._addresses: Counter[str] = Counter()
        self._counting = threading.Lock()

    def get_thread_pool(self) -> ThreadPoolExecutor:
        """The threads; they are started as they are needed."""
        return ThreadPoolExecutor(max_workers=max(THREADS, self.cfg.threads))

    def set_accept_enabled(self, enabled: bool) -> None:
        """Take in new connections, or none for now. One that stops takes in those that wait, and then refuses others.

        The listening socket is closed before the requests at hand are finished: a web server in front asks another
        node at once, instead of waiting for an answer that never comes.
        """
        super().set_accept_enabled(enabled)
        if enabled or self.alive:
            return
        for listener in self.sockets:
            listener.setblocking(False)
            count = -1
            while count != self.nr_conns:
                count = self.nr_conns
                self.accept(listener)
            listener.close()

    def enqueue_req(self, conn: Any) -> None:
        """Have a request handled."""
        if not isinstance(conn.sock, PatientSocket):
            plain = conn.sock
            conn.sock = PatientSocket(plain.family, plain.type, plain.proto, fileno=plain.detach())
            conn.sock.setblocking(False)
        super().enqueue_req(conn)

    def handle(self, conn: Any) -> Any:
        """Handle a request, in a thread; whether the connection stays open."""
        with self.count_request(conn) as is_welcome:
            found = self._handle(conn) if is_welcome else False
            if not found:
                # Here, not in the loop that all connections share: a client that goes on sending takes two seconds.
                util.close_graceful(conn.sock)
            return found

    def _handle(self, conn: Any) -> Any:
        if not conn.initialized and not conn.wait_for_data(gthread.DEFAULT_WORKER_DATA_TIMEOUT):
            return gthread._DEFER  # the poller waits on
        if is_draining() and self.cfg.keepalive:
            self.cfg.set("keepalive", 0)  # whoever asks again opens a connection, and may find another node
        with self._slots:
            conn.sock.begin(self._slots)
            try:
                return super().handle(conn)
            finally:
                conn.sock.begin(None)

    @contextlib.contextmanager
    def count_request(self, conn: Any) -> Iterator[bool]:
        """Count the requests of an address; whether it may have one more."""
        address = name_source(conn.client[0]) if isinstance(conn.client, tuple) else ""
        if not address or is_within(conn.client[0], (*_OWN, *self.trusted)):
            yield True
            return
        with self._counting:
            self._addresses[address] += 1
            is_welcome = self._addresses[address] <= MOST_OF_AN_ADDRESS
        if not is_welcome:
            REFUSED.add(1, "connections")
        try:
            yield is_welcome
        finally:
            with self._counting:
                self._addresses[address] -= 1
                if not self._addresses[address]:
                    del self._addresses[address]
