"""Which upload a file belongs to, kept between runs so that an interrupted one can be resumed."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from pathlib import Path
from typing import Any

_KEPT = 200


def identify_file(path: Path, portal: str) -> str:
    """What a file is known by: where it lies, how large and how old it is, and the portal it goes to."""
    found = path.stat()
    text = json.dumps([portal, str(path.resolve()), found.st_size, found.st_mtime_ns])
    return hashlib.sha256(text.encode()).hexdigest()


class Memory:
    """A small file in the user's state folder (XDG Base Directory). Without it nothing is lost but time."""

    def __init__(self) -> None:
        folder = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
        self._path = Path(folder) / "opendata" / "uploads.json"

    def find(self, key: str) -> str | None:
        """The id of the upload begun for a file, if one is remembered."""
        found = self._read().get(key)
        return found if isinstance(found, str) else None

    def keep(self, key: str, upload: str) -> None:
        """Remember an upload."""
        kept = {name: value for name, value in self._read().items() if name != key}
        self._write({**dict(list(kept.items())[1 - _KEPT :]), key: upload})

    def forget(self, key: str) -> None:
        """Forget a file's upload."""
        kept = self._read()
        if kept.pop(key, None) is not None:
            self._write(kept)

    def _read(self) -> dict[str, Any]:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _write(self, kept: dict[str, Any]) -> None:
        beside = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            beside.write_text(json.dumps(kept), encoding="utf-8")
            os.replace(beside, self._path)
