"""The queue: huey over SQLite. Messages carry a draft's id only, as JSON; the draft's row is the truth."""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from huey import SqliteHuey

logger = logging.getLogger(__name__)

NAME = "opendata"


class DraftQueue:
    """Puts drafts into the queue; a worker takes them out. Opened on first use, by each process for itself."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._huey: SqliteHuey | None = None
        self._put: Callable[[str], object] = _refuse
        self._opening = threading.Lock()
        self.run: Callable[[str], object] = _refuse
        """What a worker does with a draft; set by the worker process alone."""

    def open(self) -> SqliteHuey:
        """The underlying queue, with its one task registered."""
        with self._opening:
            if self._huey is None:
                from huey import SqliteHuey

                self._file.parent.mkdir(parents=True, exist_ok=True)
                self._huey = SqliteHuey(NAME, filename=str(self._file), serializer=_build_serializer(), results=False)
                self._put = self._huey.task(name="work")(lambda draft: self.run(draft))
            return self._huey

    def put(self, draft: str) -> None:
        """Tell a worker about a draft. Where the queue fails, the worker's sweep will find the draft's row."""
        try:
            self.open()
            self._put(draft)
        except (OSError, sqlite3.Error):
            logger.warning("draft %s could not be put into the queue", draft, exc_info=True)

    def count(self) -> int:
        """How many messages wait."""
        return int(self.open().pending_count())


def _refuse(draft: str) -> None:
    raise RuntimeError(f"no worker runs in this process, but draft {draft} was handed to it")


def _build_serializer() -> Any:
    from huey.registry import Message
    from huey.serializer import Serializer

    class JsonSerializer(Serializer):  # type: ignore[misc]  # huey has no types
        """Messages as JSON instead of pickle: nothing in the queue's file is ever executed."""

        def _serialize(self, data: Any) -> bytes:
            return json.dumps(data).encode()

        def _deserialize(self, data: bytes) -> Any:
            return Message(*json.loads(data))

    return JsonSerializer()
