"""Every figure that is exposed: its name, kind, labels and meaning. Counting costs nothing until `enable` was called.

    add, observe → a value in this process, or in a file of it that its siblings can read (`places`) → `exposing`

Labels are words of the program: endpoints, states, codes. Nothing that a client chooses becomes a label.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any, Literal

PREFIX = "opendata_"

_FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
_USUAL = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_LONG = (0.05, 0.25, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0)

Kind = Literal["counter", "histogram", "gauge", "instance"]


class _State:
    """What this process exposes its figures with."""

    registry: Any = None
    lock = threading.Lock()


@dataclass(slots=True)
class Instrument:
    """One figure. A `gauge` is the sum over living processes; an `instance` figure is read when somebody asks."""

    kind: Kind
    name: str
    about: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    _made: Any = field(default=None, repr=False)
    _children: dict[tuple[str, ...], Any] = field(default_factory=dict, repr=False)

    def add(self, amount: float = 1.0, *values: str) -> None:
        """Count something, or add it to a gauge."""
        if _State.registry is not None:
            self._child(values).inc(amount)

    def observe(self, amount: float, *values: str) -> None:
        """Take a size or seconds into a histogram."""
        if _State.registry is not None:
            self._child(values).observe(amount)

    def forget(self) -> None:
        """Begin again with what is enabled next."""
        self._made = None
        self._children.clear()

    def _child(self, values: tuple[str, ...]) -> Any:
        found = self._children.get(values)
        if found is None:
            with _State.lock:
                if self._made is None:
                    self._made = self._make()
                found = self._children[values] = self._made.labels(*values) if self.labels else self._made
        return found

    def _make(self) -> Any:
        from prometheus_client import Counter, Gauge, Histogram

        name, registry = PREFIX + self.name, _State.registry
        if self.kind == "counter":
            return Counter(name, self.about, self.labels, registry=registry)
        if self.kind == "histogram":
            return Histogram(name, self.about, self.labels, registry=registry, buckets=self.buckets)
        return Gauge(name, self.about, self.labels, registry=registry, multiprocess_mode="livesum")


def enable() -> None:
    """Begin to count in this process."""
    if _State.registry is None:
        from prometheus_client import CollectorRegistry, disable_created_metrics

        disable_created_metrics()  # type: ignore[no-untyped-call]  # it has no types
        _State.registry = CollectorRegistry()


def disable() -> None:
    """Count nothing any more, and forget what was counted here."""
    _State.registry = None
    for item in INSTRUMENTS:
        item.forget()


def is_enabled() -> bool:
    """Whether this process counts."""
    return _State.registry is not None


def find_registry() -> Any:
    """What holds the figures of this process alone; None while it doesn't count."""
    return _State.registry


REQUESTS = Instrument(
    "counter",
    "http_requests_total",
    "Requests that were answered, by endpoint and class of status.",
    ("endpoint", "method", "status"),
)
REQUEST_SECONDS = Instrument(
    "histogram", "http_request_seconds", "Seconds until an answer begins.", ("endpoint",), _USUAL
)
REQUESTS_IN_FLIGHT = Instrument("gauge", "http_requests_in_flight", "Requests at hand.")
RESPONSE_BYTES = Instrument("counter", "http_response_bytes_total", "Bytes of the bodies of answers.")
REFUSED = Instrument("counter", "http_requests_refused_total", "Requests refused for their number.", ("reason",))

STATEMENTS = Instrument("counter", "database_statements_total", "Statements of SQL.")
STATEMENT_SECONDS = Instrument("counter", "database_seconds_total", "Seconds that statements of SQL took.")
SLOW_STATEMENTS = Instrument(
    "counter", "database_slow_statements_total", "Statements that took more than a quarter of a second."
)
DATABASE_ERRORS = Instrument("counter", "database_errors_total", "Statements and connections that failed.", ("kind",))
CONNECTIONS = Instrument(
    "gauge", "database_connections", "Connections of the pools: open ones, and those of them in use.", ("state",)
)

JOBS = Instrument("counter", "worker_jobs_total", "Work on drafts that has ended.", ("work", "outcome"))
JOB_SECONDS = Instrument("histogram", "worker_job_seconds", "Seconds that the work on a draft took.", ("work",), _LONG)
STAGE_SECONDS = Instrument(
    "histogram", "worker_stage_seconds", "Seconds that a stage of the work on a draft took.", ("stage",), _LONG
)
STEP_FAILURES = Instrument(
    "counter", "worker_step_failures_total", "Steps of the worker that failed and will be tried again.", ("step",)
)
PUBLICATIONS = Instrument("counter", "publications_total", "Versions that were published.")
FINDINGS = Instrument("counter", "findings_total", "Findings in tables that were checked.", ("strength",))

DERIVED_MADE = Instrument("counter", "derived_made_total", "Derived files that were made, by format.", ("format",))
DERIVED_SERVED = Instrument("counter", "derived_served_total", "Derived files that were there already.", ("format",))
DERIVED_SECONDS = Instrument("histogram", "derived_made_seconds", "Seconds that making a derived file took.", (), _LONG)

STORE_SECONDS = Instrument(
    "histogram", "store_call_seconds", "Seconds that calls of a store took.", ("store", "call"), _FAST
)
STORE_ERRORS = Instrument("counter", "store_errors_total", "Calls of a store that failed.", ("store", "call"))
STORE_BYTES = Instrument(
    "counter", "store_bytes_total", "Bytes that went into a store, or were opened in it.", ("store", "direction")
)

QUERY_SECONDS = Instrument("histogram", "query_seconds", "Seconds that queries took, with waiting.", (), _USUAL)
QUERY_REFUSED = Instrument("counter", "query_refused_total", "Queries that got no answer, by reason.", ("reason",))
QUERY_KILLED = Instrument("counter", "query_processes_ended_total", "Processes of queries that were ended early.")

OUTGOING_SECONDS = Instrument(
    "histogram", "outgoing_request_seconds", "Seconds until another server answered.", ("kind",), _USUAL
)
OUTGOING_ERRORS = Instrument("counter", "outgoing_errors_total", "Other servers that didn't answer.", ("kind",))

DRAFTS = Instrument("instance", "drafts", "Drafts, by state.", ("state",))
DRAFTS_WAITING = Instrument("instance", "drafts_waiting", "Drafts with work that is due and that no worker has.")
OLDEST_DRAFT = Instrument("instance", "oldest_waiting_draft_seconds", "How long the oldest of them has waited.")
QUEUE_MESSAGES = Instrument("instance", "queue_messages", "Messages in the queue.")
OUTBOX_WAITING = Instrument("instance", "outbox_waiting", "What is to be sent or fetched and is due.", ("outbox",))
OUTBOX_FAILING = Instrument(
    "instance", "outbox_failing", "What was tried at least once and will be tried again.", ("outbox",)
)
OUTBOX_OLDEST = Instrument("instance", "outbox_oldest_seconds", "How long the oldest of it is due.", ("outbox",))
EVENTS_BEHIND = Instrument(
    "instance", "events_behind", "Lines of the audit log that a follower hasn't taken in.", ("follower",)
)
DUTIES_OVERDUE = Instrument("instance", "duties_overdue", "Duties that are overdue.")
WORKER_SILENT = Instrument("instance", "worker_silent_seconds", "How long no worker of the instance has been heard of.")
PROBE = Instrument("instance", "probe_ok", "Whether a part answers: 1 or 0.", ("part",))
DISK_FREE = Instrument("instance", "disk_free_bytes", "Free bytes of the disk of a folder.", ("folder",))
DRAINING = Instrument("instance", "draining", "Whether this node takes no new readers any more: 1 or 0.")
FIGURES_OK = Instrument("instance", "figures_ok", "Whether the figures of the instance could be read: 1 or 0.")
BUILD = Instrument("instance", "build_info", "The release and the schema of the database.", ("version", "schema"))

INSTRUMENTS: tuple[Instrument, ...] = tuple(item for item in vars().values() if isinstance(item, Instrument))
"""All of them, in this order."""


def count_statements(count: int, seconds: float) -> None:
    """Count what a request, a job or anything else has asked of the database."""
    if count:
        STATEMENTS.add(count)
        STATEMENT_SECONDS.add(seconds)


def list_series() -> frozenset[str]:
    """The names that queries can use."""
    found: set[str] = set()
    for item in INSTRUMENTS:
        name = PREFIX + item.name
        suffixes = ("_bucket", "_sum", "_count") if item.kind == "histogram" else ("",)
        found.update(name + suffix for suffix in suffixes)
    return frozenset(found)
