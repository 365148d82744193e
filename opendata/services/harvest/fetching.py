"""The documents of a portal, one after the other as its reader wants them, through the guard of the network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic, sleep

from opendata.domain.harvest.items import Reading
from opendata.domain.harvest.sources import CONDITIONAL_KINDS, HarvestKind
from opendata.errors import N_, BackendError
from opendata.exchange.reading.readers import READERS
from opendata.exchange.reading.values import require_room as require_few_datasets
from opendata.outside.fetched import Target
from opendata.outside.guard import Deadline, Guard
from opendata.outside.http import HttpRequest, fetch_http
from opendata.services.core.context import Context
from opendata.storage.faults import require_room

MOST_BYTES = 64 * 1024 * 1024
"""The largest document of a portal."""

MOST_SECONDS = 3600.0
"""How long all documents of a portal may take."""

MOST_DOCUMENTS = 20_000

PAUSE_SECONDS = 1.0
"""The first pause before a document is requested again; each one is twice as long as the one before."""

TRIES = 3
"""A document that fails is requested at most this many times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetching:
    """What was read of a portal. `reading` is None where it says that it hasn't changed."""

    reading: Reading | None
    etag: str = ""
    modified: str = ""


class Reader:
    """Reads a portal. Raises `BackendError`, `InputError`, `NotPermittedError`."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._guard = Guard(context.settings.source_hosts)

    def read(
        self, url: str, kind: HarvestKind, keep: Callable[[], None], *, etag: str = "", modified: str = ""
    ) -> Fetching:
        """All that it has; `etag` and `modified` are those of the last time. `keep` is called before each document."""
        dialogue = READERS[kind](url)
        begun, count = monotonic(), 0
        request = HttpRequest(url=next(dialogue))
        if kind in CONDITIONAL_KINDS:
            request = HttpRequest(url=request.url, etag=etag, modified=modified)
        said = ("", "")
        while True:
            keep()
            count += 1
            if count > MOST_DOCUMENTS:
                raise BackendError(N_("The source wants more than %(count)s requests"), count=MOST_DOCUMENTS)
            left = MOST_SECONDS - (monotonic() - begun)
            if left <= 0:
                raise BackendError(N_("It took longer than %(seconds)s seconds"), seconds=round(MOST_SECONDS))
            answer = self._fetch(request, left)
            if answer is None:
                return Fetching(reading=None, etag=etag, modified=modified)
            data, *_ = answer
            said = answer[1:]
            try:
                request = HttpRequest(url=dialogue.send(data))
            except StopIteration as end:
                reading: Reading = end.value
                break
        require_few_datasets(reading.items)
        is_whole = count == 1 and kind in CONDITIONAL_KINDS
        return Fetching(reading=reading, etag=said[0] if is_whole else "", modified=said[1] if is_whole else "")

    def _fetch(self, request: HttpRequest, left: float) -> tuple[bytes, str, str] | None:
        """A document with its validators; None where it is the one of the last time. A failure is tried again."""
        for number in range(1, TRIES + 1):
            try:
                return self._fetch_once(request, left)
            except BackendError as error:
                status = error.params.get("status")
                if number == TRIES or (isinstance(status, int) and status < 500 and status != 429):
                    raise
                sleep(PAUSE_SECONDS * 2**number)
        raise AssertionError

    def _fetch_once(self, request: HttpRequest, left: float) -> tuple[bytes, str, str] | None:
        settings = self._context.settings
        require_room(settings.private_folder, settings.free_bytes)
        seconds = min(float(settings.source_seconds), left)
        with self._context.work_folder() as folder, Deadline(seconds) as deadline:
            path = folder / "document"
            found = fetch_http(request, Target(path, MOST_BYTES), self._guard, deadline)
            return (path.read_bytes(), found.etag, found.modified) if found is not None else None
