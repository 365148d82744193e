"""Tables and files of the Iceberg catalogue: what engines read of a published table.

    versions of a dataset (one query) → a name of that state → its metadata file, made where it isn't there yet
    a snapshot → its manifest list → its manifest → the Parquet file as it was published

Only versions that anybody may have now are snapshots. A metadata file is found by the state as it is now, so one that
lists what was taken down has no address any more. What is made is kept among the derived files; any machine makes the
same bytes.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path

from opendata.domain.disclosure import OPEN
from opendata.domain.manifest import Manifest
from opendata.errors import N_, NotFoundError, OpendataError
from opendata.exchange.iceberg.faults import NoTableError
from opendata.exchange.iceberg.manifests import DataFile, write_manifest_list, write_manifest_of
from opendata.exchange.iceberg.metadata import IcebergTable, Snapshot, describe_table, name_snapshot_file
from opendata.exchange.iceberg.places import Places
from opendata.exchange.iceberg.schemas import read_columns
from opendata.exchange.iceberg.statistics import read_statistics
from opendata.services.catalogue.manifests import Manifests
from opendata.services.catalogue.versions import Versions
from opendata.services.core.context import Context
from opendata.services.core.values import Page, ServedFile
from opendata.services.exchange.iceberg.namespaces import (
    Namespace,
    Namespaces,
    Standing,
    StandingVersion,
    fits,
)
from opendata.storage.derived import DerivedFile, DerivedFolder

logger = logging.getLogger(__name__)

_EDITION = 1
_METADATA = re.compile(r"([0-9]+\.[0-9]+\.[0-9]+)-([0-9a-f]{32})\.metadata\.json", re.ASCII)
_AVRO = re.compile(r"(snap|manifest)-[0-9a-f]{32}\.avro", re.ASCII)
_GONE = N_("This file isn't there, or lists what isn't there any more. Load the table again")


@dataclass(frozen=True, slots=True)
class LoadedTable:
    """A table: where its metadata file is, and the file."""

    location: str
    file: DerivedFile


@dataclass(frozen=True, slots=True)
class _Known:
    """A version of a table, and whether anybody may have the table where the dataset isn't open."""

    snapshot: Snapshot
    is_open: bool


class IcebergTables:
    """Reads the Iceberg catalogue."""

    def __init__(self, context: Context, versions: Versions, manifests: Manifests) -> None:
        self._versions = versions
        self._manifests = manifests
        self._namespaces = Namespaces(context, manifests)
        settings = context.settings
        self._folder = DerivedFolder(settings.derived_folder, settings.derived_bytes, lane="iceberg-")
        self._known = lru_cache(maxsize=16384)(self._read_version)

    def list_namespaces(self, *, limit: int | None = None, cursor: str | None = None) -> Page[Namespace]:
        """The namespaces by the ids of their datasets; all of them without a limit. Raises `InputError`."""
        return self._namespaces.list(limit=limit, cursor=cursor)

    def get_namespace(self, name: str) -> Namespace:
        """A namespace by its name, or by the id of its dataset. Raises `NoNamespaceError`."""
        return self._namespaces.get(name)

    def list_tables(self, name: str) -> tuple[str, Sequence[str]]:
        """The own name of a namespace, and those of its tables in order. Raises `NoNamespaceError`."""
        return self._namespaces.list_tables(name)

    def load(self, name: str, table: str, places: Places) -> LoadedTable:
        """A table by its names, or by the ids of its dataset and its own. Raises `NoNamespaceError`, `NoTableError`."""
        standing = self._namespaces.get_standing(name)
        resource = standing.tables.get(table) or (table if table in standing.tables.values() else None)
        if resource is None:
            raise NoTableError(namespace=name, name=table)
        file = self._get_metadata(standing, resource, places)
        own = f"{standing.versions[-1].version}-{file.sha256[:32]}.metadata.json"
        return LoadedTable(places.metadata(standing.dataset, resource, own), file)

    def find_metadata(self, dataset: str, resource: str, name: str, places: Places) -> DerivedFile:
        """A metadata file by its address. Raises `NotFoundError`."""
        match = _METADATA.fullmatch(name)
        standing = self._namespaces.find_standing(dataset, match[1]) if match else None
        if match and standing is not None and resource in standing.tables.values():
            file = self._get_metadata(standing, resource, places)
            if file.sha256.startswith(match[2]):
                return file
        raise NotFoundError(_GONE)

    def find_avro(self, dataset: str, version: str, resource: str, name: str, places: Places) -> DerivedFile:
        """A manifest list or manifest by its address. Raises `NotFoundError`, `DamagedError`."""
        match = _AVRO.fullmatch(name)
        standing = self._namespaces.find_standing(dataset, version, most=1) if match else None
        if match and standing is not None and resource in standing.tables.values():
            snapshot = self._find_snapshot(standing, standing.versions[-1], resource)
            if snapshot is not None and name_snapshot_file(snapshot, match[1]) == name:
                return self._get_avro(standing.dataset, resource, snapshot, match[1], places)
        raise NotFoundError(_GONE)

    def _find_snapshot(self, standing: Standing, version: StandingVersion, resource: str) -> Snapshot | None:
        """A version of a table; None where the version hasn't it, or not everybody may have it."""
        known = self._known(standing.dataset, version.version, version.manifest, resource)
        if known is None or not (standing.is_open or known.is_open):
            return None
        return replace(known.snapshot, published=version.published)

    def _read_version(self, dataset: str, version: str, manifest: str, resource: str) -> _Known | None:
        """A version of a table, read from the manifest past those that are kept parsed: there may be hundreds."""
        try:
            found = Manifest.from_json(json.loads(self._manifests.read(dataset, version)))
        except (OpendataError, ValueError, KeyError, TypeError):
            logger.warning("the manifest of %s %s can't be read", dataset, version, exc_info=True)
            return None
        table = next((item for item in found.tables if item.name == resource), None)
        if table is None or not fits(table):
            return None
        snapshot = Snapshot(
            version=version,
            manifest=manifest,
            parquet=table.parquet.sha256,
            bytes=table.parquet.bytes,
            rows=table.rows,
            created=found.created,
            published=found.created,
            columns=read_columns(table.schema.fields),
            parts=tuple(part.bytes for part in table.parquet.parts),
        )
        return _Known(snapshot, table.disclosure == OPEN)

    def _get_metadata(self, standing: Standing, resource: str, places: Places) -> DerivedFile:
        name = hashlib.sha256(repr((standing, resource, places)).encode()).hexdigest()
        make = partial(self._write_metadata, standing, resource, places)
        origins = [item.manifest for item in standing.versions]
        return self._folder.get(f"iceberg-{name}.{_EDITION}", make, origins)

    def _write_metadata(self, standing: Standing, resource: str, places: Places, target: Path) -> None:
        found = [self._find_snapshot(standing, item, resource) for item in standing.versions]
        manifest = self._manifests.get(standing.dataset, standing.versions[-1].version)
        title = next((item.title for item in manifest.tables if item.name == resource), "")
        table = IcebergTable(
            dataset=standing.dataset,
            uuid=standing.uuid,
            resource=resource,
            title=title or manifest.title,
            snapshots=[item for item in found if item is not None],
            has_more=standing.has_more,
        )
        target.write_text(json.dumps(describe_table(table, places), ensure_ascii=False), encoding="utf-8")

    def _get_avro(self, dataset: str, resource: str, snapshot: Snapshot, kind: str, places: Places) -> DerivedFile:
        """The manifest of a snapshot, or the list that names it, which needs the length of the manifest."""
        parquet = self._versions.find_file(dataset, snapshot.version, resource, "parquet")
        files = [
            DataFile(path=path, size=size, columns=snapshot.columns, snapshot=snapshot.id, sequence=snapshot.sequence)
            for path, size in _list_places(dataset, resource, snapshot, places)
        ]
        place = hashlib.sha256(repr((dataset, snapshot.version, resource, places)).encode()).hexdigest()[:16]
        key = f"{snapshot.manifest}-{snapshot.parquet}-iceberg-{place}"
        manifest = self._folder.get(f"{key}-manifest.{_EDITION}", partial(_write_manifest, files, parquet))
        if kind == "manifest":
            return manifest
        address = places.avro(dataset, snapshot.version, resource, name_snapshot_file(snapshot, "manifest"))
        data = write_manifest_list(files[0], address, manifest.size, snapshot.rows, files=len(files))
        return self._folder.get(f"{key}-list.{_EDITION}", partial(_write_bytes, data))


def _list_places(dataset: str, resource: str, snapshot: Snapshot, places: Places) -> Iterator[tuple[str, int]]:
    """The address and size of each file with rows of a snapshot: that of the table, or its parts."""
    if not snapshot.parts:
        yield places.data(dataset, snapshot.version, resource), snapshot.bytes
    for number, size in enumerate(snapshot.parts, 1):
        yield places.part(dataset, snapshot.version, resource, number), size


def _write_manifest(files: Sequence[DataFile], parquet: ServedFile, target: Path) -> None:
    with parquet.local_tables() as paths:
        found = [(file, read_statistics(path, file.columns)) for file, path in zip(files, paths, strict=True)]
    target.write_bytes(write_manifest_of(found))


def _write_bytes(data: bytes, target: Path) -> None:
    target.write_bytes(data)
