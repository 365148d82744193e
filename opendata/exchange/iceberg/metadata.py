"""The metadata file of a table: each version is a snapshot, `main` the newest, and each has a tag `v1.0.0`.

Source: Iceberg table spec, "Table Metadata and Snapshots", "Snapshot References", "Table Metadata Fields" (version 2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from opendata.exchange.iceberg.places import Places
from opendata.exchange.iceberg.schemas import TableColumns, fit_together, map_names

_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A version of a table. `manifest` and `parquet` are hexadecimal SHA-256, `created` follows the order of versions.

    `bytes` is the size of its Parquet file.
    """

    version: str
    manifest: str
    parquet: str
    bytes: int
    rows: int
    created: datetime
    published: datetime
    columns: TableColumns
    parts: Sequence[int] = ()

    @property
    def id(self) -> int:
        """The snapshot id, told by the digest of the version's manifest."""
        return int.from_bytes(bytes.fromhex(self.manifest)[:8]) & _LARGEST or 1

    @property
    def sequence(self) -> int:
        """The sequence number, told by the manifest alone: the second of publication, then the number of the version.

        So it grows from version to version, and stays where a version before is gone.
        """
        major, minor, patch = (int(part) % 1000 for part in self.version.split("."))
        return int(self.created.timestamp()) * 10**9 + major * 10**6 + minor * 10**3 + patch


@dataclass(frozen=True, slots=True, kw_only=True)
class IcebergTable:
    """A table: its dataset (with UUID), its name, its title, and the versions that have it, oldest first.

    `has_more` says that there are older versions, which aren't listed.
    """

    dataset: str
    uuid: str
    resource: str
    title: str
    snapshots: Sequence[Snapshot]
    has_more: bool = False


def name_snapshot_file(snapshot: Snapshot, kind: str) -> str:
    """The name of a snapshot's manifest list (`snap`) or manifest (`manifest`): it says what the file is made of."""
    return f"{kind}-{snapshot.manifest[:16]}{snapshot.parquet[:16]}.avro"


def describe_table(table: IcebergTable, places: Places) -> dict[str, Any]:
    """The metadata of a table."""
    chosen = choose_snapshots(table.snapshots)
    newest = chosen[-1]
    schemas = {item.columns.id: item.columns for item in chosen}
    moments = _list_moments(chosen)
    return {
        "format-version": 2,
        "table-uuid": str(uuid5(UUID(table.uuid), table.resource)),
        "location": places.dataset(table.dataset),
        "last-sequence-number": newest.sequence,
        "last-updated-ms": moments[-1],
        "last-column-id": max(column.id for item in schemas.values() for column in item.columns),
        "current-schema-id": newest.columns.id,
        "schemas": [item.to_json() for item in schemas.values()],
        "default-spec-id": 0,
        "partition-specs": [{"spec-id": 0, "fields": []}],
        "last-partition-id": 999,
        "default-sort-order-id": 0,
        "sort-orders": [{"order-id": 0, "fields": []}],
        "properties": _describe_properties(table, chosen),
        "current-snapshot-id": newest.id,
        "refs": {
            "main": {"snapshot-id": newest.id, "type": "branch"},
            **{f"v{item.version}": {"snapshot-id": item.id, "type": "tag"} for item in chosen},
        },
        "snapshots": [_describe_snapshot(table, chosen, number, moments, places) for number in range(len(chosen))],
        "snapshot-log": [
            {"snapshot-id": item.id, "timestamp-ms": moment} for item, moment in zip(chosen, moments, strict=True)
        ],
        "metadata-log": [],
    }


def choose_snapshots(snapshots: Sequence[Snapshot]) -> Sequence[Snapshot]:
    """The versions from the newest back to where a column had a type that the one it has now wasn't promoted from.

    Names lead to columns, so a name can't have two ids: the older versions would be read without that column.
    """
    kept: list[Snapshot] = []
    columns: list[TableColumns] = []
    for item in reversed(snapshots):
        if item.columns not in columns:
            if not fit_together(columns, item.columns):
                break
            columns.append(item.columns)
        kept.append(item)
    return kept[::-1]


def _describe_properties(table: IcebergTable, chosen: Sequence[Snapshot]) -> Mapping[str, str]:
    columns = list({item.columns.id: item.columns for item in chosen}.values())
    found = {
        "schema.name-mapping.default": map_names(columns),
        "write.format.default": "parquet",
        "opendata.dataset": table.dataset,
        "opendata.table": table.resource,
        "opendata.version": chosen[-1].version,
    }
    if table.title:
        found["comment"] = table.title
    if len(chosen) < len(table.snapshots):
        before = table.snapshots[-len(chosen) - 1].version
        found["opendata.left-out"] = (
            f"Version {before} and older ones aren't snapshots: a column has a type there that can't be promoted to"
            " the one it has now. Download them by their own addresses"
        )
    elif table.has_more:
        found["opendata.left-out"] = (
            f"Versions before {chosen[0].version} aren't snapshots: only the newest {len(chosen):,} are."
            " Download them by their own addresses"
        )
    return found


def _describe_snapshot(
    table: IcebergTable, chosen: Sequence[Snapshot], number: int, moments: Sequence[int], places: Places
) -> Mapping[str, Any]:
    item = chosen[number]
    before = chosen[number - 1] if number else None
    summary = {
        "operation": "overwrite" if before else "append",
        "added-data-files": "1",
        "added-records": str(item.rows),
        "added-files-size": str(item.bytes),
        "total-data-files": "1",
        "total-records": str(item.rows),
        "total-files-size": str(item.bytes),
        "total-delete-files": "0",
        "total-position-deletes": "0",
        "total-equality-deletes": "0",
        "opendata.version": item.version,
        "opendata.manifest": f"sha256:{item.manifest}",
    }
    if before:
        summary |= {
            "deleted-data-files": "1",
            "deleted-records": str(before.rows),
            "removed-files-size": str(before.bytes),
        }
    found = {
        "snapshot-id": item.id,
        "sequence-number": item.sequence,
        "timestamp-ms": moments[number],
        "manifest-list": places.avro(table.dataset, item.version, table.resource, name_snapshot_file(item, "snap")),
        "summary": summary,
        "schema-id": item.columns.id,
    }
    return found | ({"parent-snapshot-id": before.id} if before else {})


def _list_moments(chosen: Sequence[Snapshot]) -> list[int]:
    """When each was published, in milliseconds, each after the one before."""
    found: list[int] = []
    for item in chosen:
        moment = round(item.published.timestamp() * 1000)
        found.append(max(moment, found[-1] + 1) if found else moment)
    return found
