"""A version as a Data Package folder: the manifest, its signature, and every file it names."""

from __future__ import annotations

import shutil
from pathlib import Path

from opendata.domain.resources import FOLDER, Attachment
from opendata.errors import N_, StateError
from opendata.services.catalogue.versions import LATEST, Versions
from opendata.services.core.actors import Actor
from opendata.services.core.context import Context
from opendata.services.core.values import ServedFile

_COPIED_BYTES = 1 << 20


class Exports:
    """Writes versions into folders."""

    def __init__(self, context: Context, versions: Versions) -> None:
        self._context = context
        self._versions = versions

    def export(self, dataset: str, version: str | None, folder: Path, reader: Actor | None = None) -> str:
        """Write a version (the newest if `version` is None) into an empty or new folder; return its number.

        Raises `NotFoundError`, `NotPublicError` where the rows aren't for the reader, and `StateError` where the folder
        isn't empty.
        """
        number = self._versions.find_latest(dataset) if version in (None, "", LATEST) else str(version)
        manifest = self._versions.get_manifest(dataset, number)
        self._versions.require_rows(reader, dataset, number)
        if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
            raise StateError(N_("The folder “%(folder)s” isn't empty"), folder=folder)
        folder.mkdir(parents=True, exist_ok=True)
        for resource in manifest.resources:
            if isinstance(resource, Attachment):
                served = self._versions.find_attachment(dataset, number, resource.filename, reader)
                (folder / FOLDER).mkdir(exist_ok=True)
                _copy(served, folder / FOLDER / served.name)
                continue
            for suffix in ("csv", "parquet"):
                served = self._versions.find_file(dataset, number, resource.name, suffix, reader)
                _copy(served, folder / f"{resource.name}.{suffix}")
        (folder / "datapackage.json").write_bytes(self._versions.read_manifest(dataset, number))
        (folder / "datapackage.json.sig").write_bytes(self._versions.read_signature(dataset, number))
        return number


def _copy(served: ServedFile, target: Path) -> None:
    with served.open() as source, target.open("wb") as out:
        shutil.copyfileobj(source, out, _COPIED_BYTES)
