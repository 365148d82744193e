"""The progress of a draft, reported live: server-sent events, for pages and for any client that waits.

Source: HTML, section 9.2 “Server-sent events”.
"""

from __future__ import annotations

import json
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator

from flask import Response, current_app, request, stream_with_context
from marshmallow import Schema, fields

from opendata.api.core.authentication import caller
from opendata.api.core.blueprints import ApiBlueprint
from opendata.api.core.current import services
from opendata.errors import N_, BackendError, OverloadedError
from opendata.problems import choose_voice
from opendata.services.core.values import ProgressView
from opendata.wording.work import say_stage

blueprint = ApiBlueprint("events", N_("How far the work on a draft is, told while it goes on."))

MEDIA_TYPE = "text/event-stream"

_STREAMS = 4
"""How many streams a process keeps open, each in a thread, unless the application has `EVENT_STREAMS` configured."""

_LOOK_SECONDS = 0.5

_BEAT_SECONDS = 15.0
"""After so long without news a comment comes, unless the application has `EVENT_BEAT_SECONDS` configured."""

_LONGEST_SECONDS = 600.0
"""How long a stream lasts, unless the application has `EVENT_LONGEST_SECONDS` configured."""

_RETRY_SECONDS = 5


class Places:
    """The streams that this process has open, counted."""

    def __init__(self) -> None:
        self._taken = 0
        self._lock = threading.Lock()

    def take(self, most: int) -> bool:
        """Take a place, where fewer than `most` are taken."""
        with self._lock:
            if self._taken >= most:
                return False
            self._taken += 1
            return True

    def leave(self) -> None:
        """Give it back."""
        with self._lock:
            self._taken -= 1


_places = Places()


class DraftEventShape(Schema):
    """One event of the stream; where nothing happens for a while, a comment comes instead."""

    event = fields.String(required=True, metadata={"enum": ["progress", "done"]})
    data = fields.String(required=True, metadata={"contentMediaType": "application/json"})


@blueprint.operation(
    "GET",
    "/drafts/<identifier:draft>/events",
    shape=DraftEventShape,
    file_type=MEDIA_TYPE,
    problems=(403, 404, 503),
    public=False,
)
def follow_draft(draft: str) -> Response:
    """Follow the work on a draft as server-sent events.

    Each change of status, stage or progress is an event `progress`; `done` says that the work has ended, and ends the
    stream. Their data is a JSON object: `status`, `stage`, `text` (the stage in words of the request's language),
    `progress` (0 to 1), and `bytes` of `total` gone through. Where too many streams are open, read the draft itself
    now and then.
    """
    found = caller()
    drafts = services().drafts
    first = drafts.get_progress(found, draft)
    if not _places.take(current_app.config.get("EVENT_STREAMS", _STREAMS)):
        message = N_("Too many clients are following progress right now. Request the draft from time to time instead")
        raise OverloadedError(message, seconds=_RETRY_SECONDS)
    is_alive: Callable[[], bool] = current_app.config.get("IS_ALIVE", lambda: True)
    connection = request.environ.get("gunicorn.socket") or request.environ.get("werkzeug.socket")
    events = _stream_events(
        first,
        lambda: drafts.get_progress(found, draft),
        is_alive,
        connection,
        beat=current_app.config.get("EVENT_BEAT_SECONDS", _BEAT_SECONDS),
        longest=current_app.config.get("EVENT_LONGEST_SECONDS", _LONGEST_SECONDS),
    )
    response = Response(stream_with_context(events), mimetype=MEDIA_TYPE)
    response.call_on_close(_places.leave)
    response.headers["X-Accel-Buffering"] = "no"  # nginx would hold the events back
    return response


def _stream_events(
    found: ProgressView,
    look: Callable[[], ProgressView],
    is_alive: Callable[[], bool],
    connection: socket.socket | None,
    *,
    beat: float,
    longest: float,
) -> Iterator[str]:
    yield f"retry: {_RETRY_SECONDS * 1000}\n\n"
    yield _write(found)
    begun = spoken = time.monotonic()
    while found.is_at_work and is_alive() and time.monotonic() - begun < longest:
        if not _wait(connection, _LOOK_SECONDS):
            return
        try:
            now = look()
        except BackendError:  # the page asks again, and is told
            return
        if now != found:
            found, spoken = now, time.monotonic()
            yield _write(found)
        elif time.monotonic() - spoken > beat:
            spoken = time.monotonic()
            yield ": still here\n\n"


def _wait(connection: socket.socket | None, seconds: float) -> bool:
    """Let time go by; False where the reader has left, who otherwise would keep the place until the next beat."""
    if connection is not None:
        poll = select.poll()
        poll.register(connection, select.POLLIN)
        if not poll.poll(seconds * 1000):
            return True
        try:
            if connection.recv(1, socket.MSG_PEEK) == b"":
                return False
        except OSError:
            return False
    time.sleep(seconds)
    return True


def _write(found: ProgressView) -> str:
    data = {
        "status": found.status,
        "stage": found.stage,
        "text": say_stage(choose_voice(), found.stage, found.files),
        "progress": found.progress,
        "bytes": found.bytes,
        "total": found.total,
    }
    name = "progress" if found.is_at_work else "done"
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
