"""The manifest of a snapshot and its manifest list, in Avro: one data file, which is a version's Parquet file.

Equal input makes equal bytes. Source: Iceberg table spec, "Manifests", "Manifest Lists", "Avro" (ids of fields in
Avro schemas).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from opendata.exchange.iceberg.schemas import TableColumns
from opendata.exchange.iceberg.statistics import Statistics

_ADDED = 1
_SYNC = bytes(range(16))
"""What separates the blocks of an Avro file; a random one would make other bytes each time."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFile:
    """A data file of a snapshot: where it is, how long, its columns. `sequence` is the sequence number."""

    path: str
    size: int
    columns: TableColumns
    snapshot: int
    sequence: int


def write_manifest(file: DataFile, statistics: Statistics) -> bytes:
    """The manifest of a snapshot with one file."""
    return write_manifest_of([(file, statistics)])


def write_manifest_of(files: Sequence[tuple[DataFile, Statistics]]) -> bytes:
    """The manifest of a snapshot with these files, which have the same columns."""
    file = files[0][0]
    about = {
        "schema": json.dumps(file.columns.to_json(), ensure_ascii=False),
        "schema-id": str(file.columns.id),
        "partition-spec": "[]",
        "partition-spec-id": "0",
        "format-version": "2",
        "content": "data",
    }
    return _write(_ENTRY, [_describe_entry(*item) for item in files], about)


def _describe_entry(file: DataFile, statistics: Statistics) -> Json:
    data = {
        "content": 0,
        "file_path": file.path,
        "file_format": "PARQUET",
        "partition": {},
        "record_count": statistics.rows,
        "file_size_in_bytes": file.size,
        "column_sizes": _pair(statistics.sizes),
        "value_counts": _pair(statistics.values),
        "null_value_counts": _pair(statistics.nulls),
        "nan_value_counts": None,
        "lower_bounds": _pair(statistics.lower),
        "upper_bounds": _pair(statistics.upper),
        "key_metadata": None,
        "split_offsets": statistics.splits or None,
        "equality_ids": None,
        "sort_order_id": 0,
    }
    return {
        "status": _ADDED,
        "snapshot_id": file.snapshot,
        "sequence_number": file.sequence,
        "file_sequence_number": file.sequence,
        "data_file": data,
    }


def write_manifest_list(file: DataFile, place: str, length: int, rows: int, *, files: int = 1) -> bytes:
    """The manifest list of a snapshot: its one manifest, which is at `place`, has `length` bytes and names `files`."""
    entry = {
        "manifest_path": place,
        "manifest_length": length,
        "partition_spec_id": 0,
        "content": 0,
        "sequence_number": file.sequence,
        "min_sequence_number": file.sequence,
        "added_snapshot_id": file.snapshot,
        "added_files_count": files,
        "existing_files_count": 0,
        "deleted_files_count": 0,
        "added_rows_count": rows,
        "existing_rows_count": 0,
        "deleted_rows_count": 0,
        "partitions": [],
        "key_metadata": None,
    }
    about = {
        "snapshot-id": str(file.snapshot),
        "sequence-number": str(file.sequence),
        "format-version": "2",
    }
    return _write(_LIST, [entry], about)


def _write(schema: Json, records: Sequence[Json], about: Mapping[str, str]) -> bytes:
    from fastavro import parse_schema, writer

    out = BytesIO()
    writer(out, parse_schema(schema), records, codec="deflate", metadata=dict(about), sync_marker=_SYNC)
    return out.getvalue()


def _pair(values: Mapping[int, object]) -> list[Json]:
    return [{"key": key, "value": value} for key, value in values.items()]


def _field(number: int, name: str, kind: object, *, optional: bool = False) -> Json:
    found: Json = {"name": name, "type": ["null", kind] if optional else kind, "field-id": number}
    return found | ({"default": None} if optional else {})


def _map(number: int, name: str, key: int, kind: str) -> Json:
    """A map from field ids: a list of pairs, since keys of maps of Avro are texts."""
    pair = {
        "type": "record",
        "name": f"k{key}_v{key + 1}",
        "fields": [_field(key, "key", "int"), _field(key + 1, "value", kind)],
    }
    return _field(number, name, {"type": "array", "logicalType": "map", "items": pair}, optional=True)


def _list(number: int, name: str, element: int, items: object) -> Json:
    return _field(number, name, {"type": "array", "element-id": element, "items": items}, optional=True)


_DATA_FILE: Json = {
    "type": "record",
    "name": "r2",
    "fields": [
        _field(134, "content", "int"),
        _field(100, "file_path", "string"),
        _field(101, "file_format", "string"),
        _field(102, "partition", {"type": "record", "name": "r102", "fields": []}),
        _field(103, "record_count", "long"),
        _field(104, "file_size_in_bytes", "long"),
        _map(108, "column_sizes", 117, "long"),
        _map(109, "value_counts", 119, "long"),
        _map(110, "null_value_counts", 121, "long"),
        _map(137, "nan_value_counts", 138, "long"),
        _map(125, "lower_bounds", 126, "bytes"),
        _map(128, "upper_bounds", 129, "bytes"),
        _field(131, "key_metadata", "bytes", optional=True),
        _list(132, "split_offsets", 133, "long"),
        _list(135, "equality_ids", 136, "int"),
        _field(140, "sort_order_id", "int", optional=True),
    ],
}

_ENTRY: Json = {
    "type": "record",
    "name": "manifest_entry",
    "fields": [
        _field(0, "status", "int"),
        _field(1, "snapshot_id", "long", optional=True),
        _field(3, "sequence_number", "long", optional=True),
        _field(4, "file_sequence_number", "long", optional=True),
        _field(2, "data_file", _DATA_FILE),
    ],
}

_SUMMARY: Json = {
    "type": "record",
    "name": "r508",
    "fields": [
        _field(509, "contains_null", "boolean"),
        _field(518, "contains_nan", "boolean", optional=True),
        _field(510, "lower_bound", "bytes", optional=True),
        _field(511, "upper_bound", "bytes", optional=True),
    ],
}

_LIST: Json = {
    "type": "record",
    "name": "manifest_file",
    "fields": [
        _field(500, "manifest_path", "string"),
        _field(501, "manifest_length", "long"),
        _field(502, "partition_spec_id", "int"),
        _field(517, "content", "int"),
        _field(515, "sequence_number", "long"),
        _field(516, "min_sequence_number", "long"),
        _field(503, "added_snapshot_id", "long"),
        _field(504, "added_files_count", "int"),
        _field(505, "existing_files_count", "int"),
        _field(506, "deleted_files_count", "int"),
        _field(512, "added_rows_count", "long"),
        _field(513, "existing_rows_count", "long"),
        _field(514, "deleted_rows_count", "long"),
        _list(507, "partitions", 508, _SUMMARY),
        _field(519, "key_metadata", "bytes", optional=True),
    ],
}
