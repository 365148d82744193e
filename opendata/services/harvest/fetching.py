"""The documents of a portal, one after the other as its reader wants them, through the guard of the network.

They are read in a process of its own (`exchange/reading/confined_reader`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

from opendata.domain.harvest.items import Reading
from opendata.domain.harvest.sources import CONDITIONAL_KINDS, HarvestKind
from opendata.errors import N_, BackendError
from opendata.exchange.reading.confined_reader import ConfinedReader
from opendata.exchange.reading.values import require_room as require_few_datasets
from opendata.outside.fetched import Fetched, Target
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

_KEEP_SECONDS = 30.0

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
        begun, count = monotonic(), 0
        document = Fetched(name="", size=0, sha256="")
        with self._context.work_folder() as folder, ConfinedReader(kind, url, _Keeping(keep)) as reader:
            path = folder / "document"
            request = HttpRequest(url=reader.begin())
            if kind in CONDITIONAL_KINDS:
                request = HttpRequest(url=request.url, etag=etag, modified=modified)
            while True:
                keep()
                count += 1
                if count > MOST_DOCUMENTS:
                    raise BackendError(N_("The source wants more than %(count)s requests"), count=MOST_DOCUMENTS)
                left = MOST_SECONDS - (monotonic() - begun)
                if left <= 0:
                    raise BackendError(N_("It took longer than %(seconds)s seconds"), seconds=round(MOST_SECONDS))
                answer = self._fetch(request, path, left)
                if answer is None:
                    return Fetching(reading=None, etag=etag, modified=modified)
                document = answer
                reader.give(path)
                if reader.wanted is None:
                    break
                request = HttpRequest(url=reader.wanted)
        require_few_datasets(reader.reading.items)
        is_whole = count == 1 and kind in CONDITIONAL_KINDS
        return Fetching(
            reading=reader.reading,
            etag=document.etag if is_whole else "",
            modified=document.modified if is_whole else "",
        )

    def _fetch(self, request: HttpRequest, path: Path, left: float) -> Fetched | None:
        """Write a document; None where it is the one of the last time. A failure is tried again."""
        for number in range(1, TRIES + 1):
            try:
                return self._fetch_once(request, path, left)
            except BackendError as error:
                status = error.params.get("status")
                if number == TRIES or (isinstance(status, int) and status < 500 and status != 429):
                    raise
                sleep(PAUSE_SECONDS * 2**number)
        raise AssertionError

    def _fetch_once(self, request: HttpRequest, path: Path, left: float) -> Fetched | None:
        settings = self._context.settings
        require_room(settings.private_folder, settings.free_bytes)
        with Deadline(min(float(settings.source_seconds), left)) as deadline:
            return fetch_http(request, Target(path, MOST_BYTES), self._guard, deadline)


class _Keeping:
    """Keeps the hold while a document is read: `keep`, now and then."""

    def __init__(self, keep: Callable[[], None]) -> None:
        self._keep = keep
        self._kept = monotonic()

    def __call__(self) -> bool:
        """Whether it is still wanted: `keep` raises what ends it."""
        if monotonic() - self._kept > _KEEP_SECONDS:
            self._keep()
            self._kept = monotonic()
        return True
