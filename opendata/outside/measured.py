"""Requests to other servers, measured: how long until they answer, and which kinds don't."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from opendata.telemetry.instruments import OUTGOING_ERRORS, OUTGOING_SECONDS
from opendata.telemetry.tracing import span


@contextmanager
def measure_outgoing(kind: str, host: str) -> Iterator[None]:
    """Ask another server within this. Only traces name the host."""
    begun = time.perf_counter()
    try:
        with span(f"outgoing {kind}", **{"server.address": host}):
            yield
    except Exception:
        OUTGOING_ERRORS.add(1, kind)
        raise
    finally:
        OUTGOING_SECONDS.observe(time.perf_counter() - begun, kind)
