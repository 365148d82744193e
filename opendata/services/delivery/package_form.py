"""A version as one ZIP archive: the Data Package folder that `export` writes, with `SHA256SUMS` beside.

The same version gives the same bytes: the time in it is when the version was created. Parquet is stored, all else
deflated.
"""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from opendata.services.core.values import ServedFile

SUMS = "SHA256SUMS"
_COPIED_BYTES = 1 << 20
_FIRST = datetime(1980, 1, 1, tzinfo=UTC)
"""The earliest time that a ZIP archive can record."""


def write_package(
    created: datetime, records: Mapping[str, bytes], files: Iterable[tuple[str, ServedFile]], target: Path
) -> None:
    """Write the archive: `records` (path → bytes), the files with the path of each, then the digests of all."""
    made = max(created, _FIRST)
    sums = {path: hashlib.sha256(data).hexdigest() for path, data in records.items()}
    with zipfile.ZipFile(target, "w") as archive:
        for path, data in records.items():
            archive.writestr(_describe(path, made), data)
        for path, file in files:
            sums[path] = file.sha256
            with file.open() as source, archive.open(_describe(path, made), "w", force_zip64=True) as out:
                shutil.copyfileobj(source, out, _COPIED_BYTES)
        lines = "".join(f"{digest}  {path}\n" for path, digest in sorted(sums.items()))
        archive.writestr(_describe(SUMS, made), lines)


def _describe(path: str, made: datetime) -> zipfile.ZipInfo:
    found = zipfile.ZipInfo(path, made.timetuple()[:6])
    found.compress_type = zipfile.ZIP_STORED if path.endswith(".parquet") else zipfile.ZIP_DEFLATED
    found.external_attr = 0o644 << 16
    return found
