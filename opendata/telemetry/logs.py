"""The log: one event a line, as text or as JSON, with the request or draft that it belongs to.

A line has ids and numbers. Names of people, addresses of networks, query strings and tokens aren't in it.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from opendata.telemetry.trail import find_trail

JSON, TEXT = "json", "text"
LOGS = (JSON, TEXT)
"""The forms of lines that `OPENDATA_LOG` can ask for; in both there is a line for each request and each job."""

_SEEN = ("opendata.requests", "opendata.jobs.seen")


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


def set_up_logs(form: str) -> None:
    """Log in this process, on stderr; in the form of `OPENDATA_LOG`, or as ever where that is empty."""
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


def _format_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _one_line(text: str) -> str:
    return text.replace("\n", "\\n").replace("\r", "\\r")
