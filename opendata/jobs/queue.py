"""The queue: huey over SQLite. Messages carry a draft's id only, as JSON; the draft's row is the truth."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from huey import SqliteHuey

NAME = "opendata"


class DraftQueue:
    """Puts drafts into the queue; a worker takes them out. Opened on first use, by each process for itself."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._huey: SqliteHuey | None = None
        self._put: Callable[[str], object] | None = None
        self.run: Callable[[str], object] = _refuse
        """What a worker does with a draft; set by the worker process alone."""

    def open(self) -> SqliteHuey:
        """The underlying queue, with its one task registered."""
        if self._huey is None:
            from huey import SqliteHuey

            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._huey = SqliteHuey(NAME, filename=str(self._file), serializer=_build_serializer(), results=False)
            self._put = self._huey.task(name="work")(lambda draft: self.run(draft))
        return self._huey

    def put(self, draft: str) -> None:
        """Tell a worker about a draft."""
        self.open()
        assert self._put is not None  # noqa: S101 - opened just above
        self._put(draft)

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
