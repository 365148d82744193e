"""A mirror in a folder as a source of verification: the same addresses as over HTTP, read from its files."""

from __future__ import annotations

import hashlib
from pathlib import Path
from urllib.parse import quote, unquote

from opendata.errors import N_, BackendError
from opendata.mirror.addresses import DOCUMENT_FILE
from opendata.mirror.targets import MARK
from opendata.services.operations.verification.sources import WebSource


class MirrorSource(WebSource):
    """The folder of a mirror."""

    def __init__(self, folder: Path) -> None:
        super().__init__("")
        self._folder = folder.resolve()
        self.is_whole = True
        self.name = str(self._folder)

    def leads_to(self, old: str, dataset: str) -> bool:
        """See `Source`."""
        found = self._read_json(f"/api/v1/datasets/{quote(old, safe='')}")
        return isinstance(found, dict) and found.get("id") == dataset

    def hash_file(self, dataset: str, version: str, path: str, sha256: str) -> tuple[str, int] | None:  # noqa: ARG002
        """See `Source`."""
        file = self._find(self._place(dataset, version, path))
        if file is None:
            return None
        try:
            with file.open("rb") as opened:
                return hashlib.file_digest(opened, "sha256").hexdigest(), file.stat().st_size
        except OSError as error:
            raise _fail(file, error) from error

    def _read(self, path: str) -> bytes | None:
        file = self._find(path)
        try:
            return None if file is None else file.read_bytes()
        except OSError as error:
            raise _fail(file, error) from error

    def _find(self, path: str) -> Path | None:
        """The file that answers an address."""
        place = (self._folder / unquote(path.partition("?")[0]).strip("/")).resolve()
        files = (place, place / DOCUMENT_FILE)
        return next((file for file in files if file.is_relative_to(self._folder) and file.is_file()), None)


def find_mirror(target: str) -> MirrorSource | None:
    """The mirror in a folder, None where it is something else."""
    if target.startswith(("http://", "https://")) or not (Path(target) / MARK).is_file():
        return None
    return MirrorSource(Path(target))


def _fail(file: Path | None, error: OSError) -> BackendError:
    return BackendError(N_("“%(file)s” can't be read: %(reason)s"), file=file, reason=error.strerror)
