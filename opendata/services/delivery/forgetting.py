"""Erasing on every machine: each follows the audit log and deletes what its own folder has of erased versions.

    a version is erased on one machine → its event is in the log → all others delete what they made of it, in seconds,
    and once more a while later: something may have been half made
A machine that was away looks at all erased versions when its processes start.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import Event, EventChain, Version
from opendata.services.core.context import Context
from opendata.storage.derived import DerivedFolder
from opendata.storage.objects.cache import BlobCache

_AGAIN_SECONDS = 60.0


class Forgetting:
    """Deletes from this machine's derived files, and its copies of files in a bucket, what others have erased."""

    def __init__(self, context: Context, *, again_seconds: float = _AGAIN_SECONDS) -> None:
        self._context = context
        self._folder = DerivedFolder(context.settings.derived_folder, context.settings.derived_bytes)
        settings = context.settings
        self._cache = BlobCache(settings.home / Path(settings.cache or "cache").expanduser(), settings.cache_bytes)
        self._position = -1
        self._again_seconds = again_seconds
        self._again: list[tuple[float, Sequence[str]]] = []

    def follow(self) -> bool:
        """Delete what was made of versions erased since the last time, at first of all; whether the log went on."""
        while self._again and self._again[0][0] <= time.monotonic():
            self._forget(self._again.pop(0)[1])
        with self._context.read() as session:
            end = session.scalar(select(EventChain.position)) or 0
            if end == self._position:
                return False
            # The log of another database may end earlier: then everything is looked at, as at first.
            erased = _list_erased(session, self._position if 0 <= self._position < end else None)
        if erased:
            self._forget(erased)
            self._again.append((time.monotonic() + self._again_seconds, erased))
        self._position = end
        return True

    def _forget(self, erased: Sequence[str]) -> None:
        self._folder.forget(erased)
        for name in erased:
            self._cache.forget(name.removeprefix("sha256:"))


def _list_erased(session: Session, after: int | None) -> Sequence[str]:
    """The digests of the files and manifests of versions that were erased, after an event or ever."""
    query = select(Version.withdrawal).where(Version.withdrawal.is_not(None))
    if after is not None:
        events = select(Event.subject).where(Event.position > after, Event.subject_kind == "version")
        names = session.scalars(events.where(Event.verb == "erase")).all()
        datasets = {name.partition("@")[0] for name in names}
        if not datasets:
            return ()
        query = query.where(Version.dataset_id.in_(datasets))
    found = [row for row in session.scalars(query) if row and row["erased"]]
    return sorted({digest for row in found for digest in (*row["erased"], row["manifest"])})
