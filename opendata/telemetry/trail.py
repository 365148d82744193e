"""What is known of the request or job at hand wherever it leads: its id, its trace, and what it has cost so far.

Source: W3C Trace Context (traceparent).
"""

from __future__ import annotations

import re
import secrets
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from typing import Any

_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")

UNKNOWN = "unknown"
"""The endpoint of a request for an address that there isn't."""


@dataclass(slots=True)
class Trail:
    """One request or job. `user` is a kind, never a name; `route` is the rule of an address, never its values."""

    request_id: str
    traceparent: str = ""
    endpoint: str = UNKNOWN
    route: str = ""
    method: str = ""
    user: str = ""
    draft: str = ""
    status: int = 0
    bytes: int = 0
    statements: int = 0
    statement_seconds: float = 0.0
    writes: int = 0
    reads_figures: bool = False
    """Whether a statement read how often files were downloaded."""
    is_momentary: bool = False
    """Whether the answer depends on what this machine has at the moment, and not only on what is published."""
    span: tuple[Any, Any] | None = field(default=None, repr=False)

    @property
    def trace_id(self) -> str:
        """The id of the trace that it belongs to; empty if it belongs to no trace."""
        found = _TRACEPARENT.fullmatch(self.traceparent)
        return found[1] if found else ""


_current: ContextVar[Trail | None] = ContextVar("opendata_trail", default=None)


def begin_trail(trail: Trail) -> Token[Trail | None]:
    """Have this be what is at hand, until `end_trail`."""
    return _current.set(trail)


def end_trail(token: Token[Trail | None]) -> None:
    """Go back to what was at hand before."""
    try:
        _current.reset(token)
    except ValueError:  # an answer that was read to its end in another context
        _current.set(None)


def find_trail() -> Trail | None:
    """The request or job at hand."""
    return _current.get()


def note_momentary() -> None:
    """Note of the request at hand that its answer is of this moment, and must not be kept."""
    found = _current.get()
    if found is not None:
        found.is_momentary = True


def find_request_id() -> str | None:
    """The id of the request at hand, or of the one that began the job at hand."""
    found = _current.get()
    return found.request_id or None if found else None


def find_traceparent() -> str | None:
    """The trace at hand, as the header `traceparent` has it."""
    found = _current.get()
    return found.traceparent or None if found else None


def choose_request_id(offered: str | None) -> str:
    """The id that somebody trusted has given a request, if it is well-formed; else a new one."""
    return offered if offered and _REQUEST_ID.fullmatch(offered) else secrets.token_hex(8)


def read_traceparent(offered: str | None) -> str:
    """The trace that somebody trusted has begun; empty where the header isn't well-formed."""
    found = _TRACEPARENT.fullmatch(offered or "")
    return found[0] if found and found[1].strip("0") and found[2].strip("0") else ""
