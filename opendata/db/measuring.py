"""What statements and connections of an engine cost: counted for all, and for the request or job at hand."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import Engine, event

from opendata.telemetry.instruments import CONNECTIONS, DATABASE_ERRORS, SLOW_STATEMENTS, count_statements
from opendata.telemetry.tracing import is_tracing, note_span
from opendata.telemetry.trail import find_trail

SLOW_SECONDS = 0.25
"""A statement that takes longer counts as slow."""

_OPEN, _USED = "open", "used"
_KINDS = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "BEGIN")


def measure_engine(engine: Engine) -> Engine:
    """Have the statements and connections of an engine measured; the engine itself."""
    system = engine.dialect.name

    @event.listens_for(engine, "before_cursor_execute")
    def _begin(_one: Any, _cursor: Any, _text: str, _values: Any, context: Any, _many: bool) -> None:
        context.opendata_begun = time.perf_counter()

    @event.listens_for(engine, "after_cursor_execute")
    def _end(_one: Any, _cursor: Any, statement: str, _values: Any, context: Any, _many: bool) -> None:
        seconds = time.perf_counter() - context.opendata_begun
        if seconds > SLOW_SECONDS:
            SLOW_STATEMENTS.add()
        trail = find_trail()
        if trail is None:
            count_statements(1, seconds)
            return
        trail.statements += 1  # they are counted when the request or job ends: that is cheaper
        trail.statement_seconds += seconds
        if is_tracing():
            note_span(_name_kind(statement), seconds, **{"db.system.name": system})

    @event.listens_for(engine, "handle_error")
    def _fail(context: Any) -> None:
        DATABASE_ERRORS.add(1, "connection" if context.is_disconnect or context.connection is None else "statement")

    @event.listens_for(engine, "connect")
    def _connect(connection: object, record: object) -> None:  # noqa: ARG001
        CONNECTIONS.add(1, _OPEN)

    @event.listens_for(engine, "close")
    def _close(connection: object, record: object) -> None:  # noqa: ARG001
        CONNECTIONS.add(-1, _OPEN)

    @event.listens_for(engine, "checkout")
    def _take(connection: object, record: object, proxy: object) -> None:  # noqa: ARG001
        CONNECTIONS.add(1, _USED)

    @event.listens_for(engine, "checkin")
    def _give_back(connection: object, record: object) -> None:  # noqa: ARG001
        CONNECTIONS.add(-1, _USED)

    return engine


def _name_kind(statement: str) -> str:
    """`SELECT` and the like: never the statement, which may have values in it."""
    word = statement.lstrip().partition(" ")[0].partition("\n")[0].upper()
    return word if word in _KINDS else "SQL"
