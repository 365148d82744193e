"""The log: one event a line, as text or as JSON, with the request or draft that it belongs to.

A line has ids and numbers. Names of people, addresses of networks, query strings and tokens aren't in it.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from opendata.telemetry.trail import Trail, find_trail

JSON, TEXT = "json", "text"
LOGS = (JSON, TEXT)
"""The forms of lines that `OPENDATA_LOG` can ask for; in both there is a line for each request and each job."""

REQUESTS = "opendata.requests"
_SEEN = (REQUESTS, "opendata.jobs.seen")
_requests = logging.getLogger(REQUESTS)


class _Direct:
    """Where lines about requests go without a record of `logging`, which costs more than all the rest of a line."""

    handler: logging.StreamHandler[Any] | None = None


class JsonLines(logging.Formatter):
    """A line as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """The object: time, level, logger, message, what the line is about."""
        found: dict[str, Any] = {
            "time": _format_time(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "process": os.getpid(),
            **find_fields(record),
        }
        if record.exc_info:
            found["exception"] = self.formatException(record.exc_info)
        return json.dumps(found, ensure_ascii=False, default=str)


class TextLines(logging.Formatter):
    """A line for people: time, level, logger, message, then `name=value`."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, and below it the traceback if there is one."""
        fields = " ".join(f"{name}={value}" for name, value in find_fields(record).items())
        line = f"{_format_time(record.created)} {record.levelname} {record.name}: {_one_line(record.getMessage())}"
        if fields:
            line = f"{line} {fields}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def find_fields(record: logging.LogRecord) -> Mapping[str, Any]:
    """What a line is about: its own fields, else the request or draft at hand."""
    own = getattr(record, "fields", None)
    if own is not None:
        return dict(own)
    trail = find_trail()
    if trail is None:
        return {}
    named = {"draft": trail.draft, "request": trail.request_id, "trace": trail.trace_id}
    return {name: value for name, value in named.items() if value}


def log_request(trail: Trail, seconds: float) -> None:
    """Write the line of a request that has ended, if there are such lines."""
    handler = _Direct.handler
    if handler is not None:
        line = _write_json(trail, seconds)
        with handler.lock:  # type: ignore[union-attr]  # every handler that was made has one
            try:
                handler.stream.write(line)
                handler.flush()
            except (OSError, ValueError):  # nobody reads it any more: requests are answered all the same
                pass
    elif _requests.isEnabledFor(logging.INFO):
        _requests.info("request", extra={"fields": _list_fields(trail, seconds)})


def _list_fields(trail: Trail, seconds: float) -> Mapping[str, Any]:
    return {
        "request": trail.request_id,
        **({"trace": trail.trace_id} if trail.trace_id else {}),
        "user": trail.user or "anonymous",
        "method": trail.method,
        "route": trail.route or trail.endpoint,
        "status": trail.status,
        "ms": round(seconds * 1000, 1),
        "bytes": trail.bytes,
        "statements": trail.statements,
        "sqlMs": round(trail.statement_seconds * 1000, 1),
    }


def _write_json(trail: Trail, seconds: float) -> str:
    """What `JsonLines` makes of the line, at a fifth of the cost: ids have no characters that need escaping."""
    now = time.time()
    whole = int(now)
    trace = f'"trace": "{trail.trace_id}", ' if trail.traceparent else ""
    return (
        f'{{"time": "{_format_second(whole)}.{int((now - whole) * 1000):03}Z", {_HEAD}{os.getpid()},'
        f' "request": "{trail.request_id}", {trace}'
        f"{_quote_names(trail.user or 'anonymous', trail.method, trail.route or trail.endpoint)}"
        f' "status": {trail.status}, "ms": {seconds * 1000:.1f}, "bytes": {trail.bytes},'
        f' "statements": {trail.statements}, "sqlMs": {trail.statement_seconds * 1000:.1f}}}\n'
    )


_HEAD = f'"level": "info", "logger": "{REQUESTS}", "message": "request", "process": '


@lru_cache(maxsize=2)
def _format_second(whole: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole))


@lru_cache(maxsize=4096)
def _quote_names(user: str, method: str, route: str) -> str:
    """Words of the program, of which there are few."""
    return f'"user": {json.dumps(user)}, "method": {json.dumps(method)}, "route": {json.dumps(route)},'


def set_up_logs(form: str) -> None:
    """Log in this process, on stderr; in the form of `OPENDATA_LOG`, or as ever where that is empty."""
    _Direct.handler = None
    if not form:
        logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        for name in _SEEN:
            logging.getLogger(name).setLevel(logging.WARNING)
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == JSON else TextLines())
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    for name in _SEEN:
        logging.getLogger(name).setLevel(logging.INFO)
    _Direct.handler = handler if form == JSON else None


def _format_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _one_line(text: str) -> str:
    return text.replace("\n", "\\n").replace("\r", "\\r")
