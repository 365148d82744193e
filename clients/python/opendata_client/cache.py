"""Downloaded files in a folder, named by their digests. It can be deleted at any time."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from opendata_client.errors import IntegrityError, UsageError

FOLDER = "OPENDATA_CLIENT_CACHE"
"""The environment variable that names another folder."""

_ABANDONED = 24 * 3600
"""Seconds after which a file that was never finished is deleted."""

Download = Callable[[], Iterator[bytes]]
"""Gives the pieces of a file."""


def find_folder() -> Path:
    """The folder of this user: XDG's, or that of the system for such things."""
    if named := os.environ.get(FOLDER):
        return Path(named)
    if base := os.environ.get("XDG_CACHE_HOME"):
        return Path(base) / "opendata-client"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "opendata-client"
    return Path.home() / ".cache" / "opendata-client"


class Cache:
    """Files that were checked. Only this user can read them, since they may be granted to one reader alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.expanduser()

    def fetch(self, sha256: str, size: int, download: Download) -> Path:
        """The file of a digest, downloaded where it isn't here or is damaged. Raises `IntegrityError`, `UsageError`."""
        path = self._folder / sha256[:2] / f"{sha256}.parquet"
        try:
            if not _has_digest(path, sha256, size):
                self._download(path, sha256, download)
        except OSError as error:
            raise UsageError(
                f"Can't use the cache folder {self._folder}: {error.strerror or error}. Make room, or name another"
                f" folder with cache= or in the environment variable {FOLDER}"
            ) from error
        return path

    def _download(self, path: Path, sha256: str, download: Download) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _delete_abandoned(path.parent)
        handle, name = tempfile.mkstemp(suffix=".part", dir=path.parent)  # for this user alone
        part, digest = Path(name), hashlib.sha256()
        try:
            with os.fdopen(handle, "wb") as file:
                for piece in download():
                    digest.update(piece)
                    file.write(piece)
            if digest.hexdigest() != sha256:
                raise IntegrityError(
                    f"The file has the digest sha256:{digest.hexdigest()} instead of the published sha256:{sha256}."
                    " Something changed it on the way. Try again. If it happens again, tell the portal's operator"
                )
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


def _has_digest(path: Path, sha256: str, size: int) -> bool:
    try:
        with path.open("rb") as file:
            return os.fstat(file.fileno()).st_size == size and hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except FileNotFoundError:
        return False


def _delete_abandoned(folder: Path) -> None:
    """Delete what killed processes left."""
    for part in folder.glob("*.part"):
        if part.stat().st_mtime < time.time() - _ABANDONED:
            part.unlink(missing_ok=True)
