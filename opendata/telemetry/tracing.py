"""Traces for OpenTelemetry: what took how long in a request or job. Nothing is loaded unless somebody asks for it.

The libraries are those of the extra `otel`; where traces go, and how many, is said by the variables `OTEL_*`. A span
has names of the program, never values: the rule of an address, the kind of a statement, the host of another server.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

from opendata.errors import N_, UsageError
from opendata.telemetry.trail import Trail

ON, OFF = "on", "off"
MODES = (ON, OFF)
"""What `OPENDATA_OTEL` can say; empty: the variables of OpenTelemetry decide."""

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


class _State:
    """The tracer of this process, if it traces."""

    tracer: Any = None
    provider: Any = None
    pid = 0


def is_wanted(mode: str) -> bool:
    """Whether to trace."""
    if mode == OFF or os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    return mode == ON or any(os.environ.get(name) for name in _ENDPOINTS)


def begin_tracing(mode: str, service: str, version: str) -> None:
    """Trace in this process, if that is wanted. Raises `UsageError` where the libraries aren't installed."""
    if not is_wanted(mode) or _State.pid == os.getpid():
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise UsageError(N_("Traces need the packages of OpenTelemetry: pip install 'opendata[otel]'")) from None
    named = {} if os.environ.get("OTEL_SERVICE_NAME") else {"service.name": service}
    provider = TracerProvider(resource=Resource.create({**named, "service.version": version}), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    _State.provider, _State.tracer, _State.pid = provider, provider.get_tracer("opendata", version), os.getpid()


def end_tracing() -> None:
    """Send what hasn't been sent yet, and trace no more."""
    if _State.provider is not None and _State.pid == os.getpid():
        _State.provider.shutdown()
    _State.provider = _State.tracer = None
    _State.pid = 0


def is_tracing() -> bool:
    """Whether this process traces."""
    return _State.tracer is not None


def start_request_span(trail: Trail) -> None:
    """Begin the span of a request, as a part of the trace that its client has begun."""
    if _State.tracer is None:
        return
    from opentelemetry.trace import SpanKind

    _start(trail, f"{trail.method} {trail.endpoint}", SpanKind.SERVER)


def start_job_span(trail: Trail, name: str) -> None:
    """Begin the span of a job, as a part of the trace of the request that asked for it."""
    if _State.tracer is None:
        return
    from opentelemetry.trace import SpanKind

    _start(trail, name, SpanKind.CONSUMER)


def end_span(trail: Trail) -> None:
    """End the span of a request or job, with what is known of it by now."""
    if trail.span is None:
        return
    from opentelemetry import context as contexts
    from opentelemetry.trace import Status, StatusCode

    started: Any
    started, token = trail.span
    trail.span = None
    if trail.method:
        started.update_name(f"{trail.method} {trail.route or trail.endpoint}")
        started.set_attribute("http.request.method", trail.method)
        started.set_attribute("http.route", trail.route)
        started.set_attribute("http.response.status_code", trail.status)
        started.set_attribute("opendata.user", trail.user or "anonymous")
    if trail.draft:
        started.set_attribute("opendata.draft", trail.draft)
    started.set_attribute("opendata.request_id", trail.request_id)
    started.set_attribute("opendata.sql.count", trail.statements)
    started.set_attribute("opendata.sql.seconds", round(trail.statement_seconds, 6))
    if trail.status >= 500:
        started.set_status(Status(StatusCode.ERROR))
    with contextlib.suppress(ValueError):
        contexts.detach(token)
    started.end()


@contextlib.contextmanager
def span(name: str, **attributes: str | int | float) -> Iterator[None]:
    """A part of what is at hand, worth a span of its own."""
    if _State.tracer is None:
        yield
        return
    with _State.tracer.start_as_current_span(name, attributes=attributes):
        yield


def note_span(name: str, seconds: float, **attributes: str | int | float) -> None:
    """A part that has just ended, and took so long."""
    if _State.tracer is None:
        return
    import time

    from opentelemetry.trace import SpanKind

    ended = time.time_ns()
    found = _State.tracer.start_span(
        name, kind=SpanKind.CLIENT, attributes=attributes, start_time=ended - int(seconds * 1e9)
    )
    found.end(end_time=ended)


def _start(trail: Trail, name: str, kind: Any) -> None:
    from opentelemetry import context as contexts
    from opentelemetry import trace
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    parent = TraceContextTextMapPropagator().extract({"traceparent": trail.traceparent}, contexts.Context())
    started = _State.tracer.start_span(name, context=parent, kind=kind)
    own = started.get_span_context()
    trail.traceparent = f"00-{own.trace_id:032x}-{own.span_id:016x}-{int(own.trace_flags):02x}"
    trail.span = (started, contexts.attach(trace.set_span_in_context(started)))
