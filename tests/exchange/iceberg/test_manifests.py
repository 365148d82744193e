"""Manifests in Avro, and the statistics in them."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from opendata.domain.schema import Field
from opendata.errors import IntegrityError
from opendata.exchange.iceberg.manifests import DataFile, write_manifest, write_manifest_list
from opendata.exchange.iceberg.schemas import TableColumns, read_columns
from opendata.exchange.iceberg.statistics import Statistics, read_statistics, round_up

FIELDS: list[dict[str, Any]] = [
    {"name": "count", "type": "integer"},
    {"name": "amount", "type": "number", "opendata": {"scale": 2}},
    {"name": "ratio", "type": "number"},
    {"name": "day", "type": "date"},
    {"name": "at", "type": "datetime", "opendata": {"zone": "UTC"}},
    {"name": "year", "type": "year"},
    {"name": "ok", "type": "boolean"},
    {"name": "名称", "type": "string"},
    {"name": "empty", "type": "string"},
]
COLUMNS = read_columns([Field.from_json(item) for item in FIELDS])


def make_table() -> pa.Table:
    values = [
        [1, -2, None],
        [Decimal("1.50"), Decimal("-300.25"), None],
        [0.5, float("nan"), None],
        [date(2026, 1, 31), date(1899, 12, 31), None],
        [datetime(2026, 1, 31, tzinfo=UTC), None, None],
        [2026, 1999, None],
        [True, False, None],
        ["东" * 20, "a", None],
        [None, None, None],
    ]
    kinds = [
        *(pa.int64(), pa.decimal128(38, 2), pa.float64(), pa.date32(), pa.timestamp("us", "UTC"), pa.int32()),
        *(pa.bool_(), pa.string(), pa.string()),
    ]
    return pa.table({item["name"]: pa.array(v, k) for item, v, k in zip(FIELDS, values, kinds, strict=True)})


@pytest.fixture(scope="module")
def statistics(tmp_path_factory: pytest.TempPathFactory) -> Statistics:
    path = tmp_path_factory.mktemp("parquet") / "table.parquet"
    pq.write_table(make_table(), path, row_group_size=2)
    return read_statistics(path, COLUMNS)


def make_file(columns: TableColumns = COLUMNS) -> DataFile:
    return DataFile(path="s3://datasets/a/1.0.0/b.parquet", size=99, columns=columns, snapshot=7, sequence=3)


def read(data: bytes) -> tuple[Any, list[Any]]:
    reader = fastavro.reader(io.BytesIO(data))
    return reader, list(reader)


def test_bounds_and_counts_are_those_of_the_footer(statistics: Statistics) -> None:
    ids = {item.name: item.id for item in COLUMNS.columns}
    assert statistics.rows == 3
    assert statistics.splits[0] == 4
    assert len(statistics.splits) == 2
    assert {name: statistics.nulls[ids[name]] for name in ids} == {**dict.fromkeys(ids, 1), "at": 2, "empty": 3}
    lower = {name: statistics.lower.get(number) for name, number in ids.items()}
    upper = {name: statistics.upper.get(number) for name, number in ids.items()}
    assert lower["count"] == (-2).to_bytes(8, "little", signed=True)
    assert upper["count"] == (1).to_bytes(8, "little")
    assert lower["amount"] == (-30025).to_bytes(2, "big", signed=True)
    assert upper["amount"] == (150).to_bytes(2, "big")
    assert upper["ratio"] is None  # NaN may be above it
    assert lower["day"] == (date(1899, 12, 31) - date(1970, 1, 1)).days.to_bytes(4, "little", signed=True)
    assert upper["year"] == (2026).to_bytes(4, "little")
    assert (lower["ok"], upper["ok"]) == (b"\0", b"\1")
    assert lower["名称"] == b"a"
    assert upper["名称"] == ("东" * 15 + chr(ord("东") + 1)).encode()
    assert (lower["empty"], upper["empty"]) == (None, None)


def test_a_file_with_other_columns_than_the_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    pq.write_table(make_table().drop_columns(["ok"]), path)
    with pytest.raises(IntegrityError):
        read_statistics(path, COLUMNS)


@pytest.mark.parametrize(
    ("text", "bound"),
    [("b" * 16, "b" * 16), ("b" * 17, "b" * 15 + "c"), ("b" + chr(0x10FFFF) * 20, "c"), (chr(0x10FFFF) * 20, None)],
)
def test_an_upper_bound_is_short_and_no_less(text: str, bound: str | None) -> None:
    assert round_up(text) == bound
    assert bound is None or bound >= text


def test_a_manifest_has_the_fields_and_keys_of_the_specification(statistics: Statistics) -> None:
    reader, (entry,) = read(write_manifest(make_file(), statistics))
    assert entry["data_file"]["file_path"] == "s3://datasets/a/1.0.0/b.parquet"
    assert entry["data_file"]["record_count"] == 3
    assert (entry["status"], entry["snapshot_id"], entry["sequence_number"]) == (1, 7, 3)
    about = {key: value for key, value in reader.metadata.items() if not key.startswith("avro.")}
    assert json.loads(about.pop("schema")) == COLUMNS.to_json()
    assert about == {
        "schema-id": str(COLUMNS.id),
        "partition-spec": "[]",
        "partition-spec-id": "0",
        "format-version": "2",
        "content": "data",
    }
    fields = {item["name"]: item for item in reader.writer_schema["fields"]}
    assert [item["field-id"] for item in fields.values()] == [0, 1, 3, 4, 2]
    inner = {item["name"]: item["field-id"] for item in fields["data_file"]["type"]["fields"]}
    assert inner["file_path"] == 100
    assert inner["upper_bounds"] == 128


def test_a_manifest_list_names_its_manifest_and_equal_input_makes_equal_bytes(statistics: Statistics) -> None:
    data = write_manifest_list(make_file(), "s3://datasets/a/1.0.0/b.iceberg/m.avro", 1234, 3)
    reader, (entry,) = read(data)
    assert (entry["manifest_path"], entry["manifest_length"]) == ("s3://datasets/a/1.0.0/b.iceberg/m.avro", 1234)
    assert (entry["added_files_count"], entry["added_rows_count"], entry["sequence_number"]) == (1, 3, 3)
    assert reader.metadata["snapshot-id"] == "7"
    assert data == write_manifest_list(make_file(), "s3://datasets/a/1.0.0/b.iceberg/m.avro", 1234, 3)
    assert write_manifest(make_file(), statistics) == write_manifest(make_file(), statistics)
