"""Schemas over versions, and which versions are snapshots of one table."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from opendata.domain.schema import Field
from opendata.errors import StateError
from opendata.exchange.iceberg.metadata import IcebergTable, Snapshot, describe_table
from opendata.exchange.iceberg.places import Places, describe_store, find_root
from opendata.exchange.iceberg.schemas import TableColumns, read_columns


def make_columns(*fields: tuple[str, str], **own: Any) -> TableColumns:
    return read_columns([Field.from_json({"name": name, "type": kind, **own}) for name, kind in fields])


def make_snapshot(version: str, columns: TableColumns, digit: str = "") -> Snapshot:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    digest = (digit or version.replace(".", "")[:2]) * 32
    return Snapshot(
        version=version,
        manifest=digest,
        parquet=digest,
        bytes=10,
        rows=2,
        created=moment,
        published=moment,
        columns=columns,
    )


def describe(*snapshots: Snapshot, has_more: bool = False) -> dict[str, Any]:
    table = IcebergTable(
        dataset="wells",
        uuid="00000000-0000-4000-8000-000000000000",
        resource="levels",
        title="水位",
        snapshots=snapshots,
        has_more=has_more,
    )
    return describe_table(table, Places())


@pytest.mark.parametrize(
    ("descriptor", "kind"),
    [
        ({"type": "integer"}, "long"),
        ({"type": "number"}, "double"),
        ({"type": "number", "opendata": {"scale": 2}}, "decimal(38, 2)"),
        ({"type": "date"}, "date"),
        ({"type": "datetime", "opendata": {"zone": "UTC"}}, "timestamptz"),
        ({"type": "datetime", "opendata": {"zone": "local"}}, "timestamp"),
        ({"type": "year"}, "int"),
        ({"type": "boolean"}, "boolean"),
        *(
            ({"type": kind}, "string")
            for kind in (
                "string",
                "any",
                "time",
                "yearmonth",
                "duration",
                "geopoint",
                "list",
                "array",
                "object",
                "geojson",
            )
        ),
    ],
)
def test_each_type_is_what_the_parquet_file_has(descriptor: dict[str, Any], kind: str) -> None:
    assert read_columns([Field.from_json({"name": "x", **descriptor})]).columns[0].type == kind


def test_a_column_keeps_its_id_and_an_unpromoted_type_has_another() -> None:
    first = make_columns(("code", "string"), ("year", "year")).columns
    later = make_columns(("year", "integer"), ("code", "integer")).columns
    assert later[0].id == first[1].id
    assert later[1].id != first[0].id


@pytest.mark.parametrize("names", [("", "b"), ("Code", "code")])
def test_a_table_that_engines_cannot_have_is_refused(names: tuple[str, str]) -> None:
    with pytest.raises(StateError):
        make_columns(*((name, "string") for name in names))


def test_versions_are_snapshots_with_tags_each_the_child_of_the_one_before() -> None:
    narrow, wide = make_columns(("code", "string")), make_columns(("code", "string"), ("year", "year"))
    found = describe(make_snapshot("1.0.0", narrow), make_snapshot("1.1.0", narrow), make_snapshot("2.0.0", wide))
    ids = [item["snapshot-id"] for item in found["snapshots"]]
    assert found["refs"] == {
        "main": {"snapshot-id": ids[2], "type": "branch"},
        **{
            f"v{name}": {"snapshot-id": number, "type": "tag"}
            for name, number in zip(("1.0.0", "1.1.0", "2.0.0"), ids, strict=True)
        },
    }
    assert [item.get("parent-snapshot-id") for item in found["snapshots"]] == [None, *ids[:2]]
    assert [item["sequence-number"] for item in found["snapshots"]] == sorted(
        {item["sequence-number"] for item in found["snapshots"]}
    )
    assert [item["schema-id"] for item in found["snapshots"]] == [narrow.id, narrow.id, wide.id]
    assert len(found["schemas"]) == 2
    assert found["current-schema-id"] == wide.id
    assert (
        found["last-updated-ms"] == found["snapshot-log"][-1]["timestamp-ms"] >= found["snapshots"][-1]["timestamp-ms"]
    )
    mapping = json.loads(found["properties"]["schema.name-mapping.default"])
    assert {item["names"][0]: item["field-id"] for item in mapping} == {item.name: item.id for item in wide.columns}
    assert "opendata.left-out" not in found["properties"]


def test_a_column_that_was_gone_comes_back_as_the_same() -> None:
    both, one = make_columns(("code", "string"), ("note", "string")), make_columns(("code", "string"))
    found = describe(make_snapshot("1.0.0", both), make_snapshot("2.0.0", one), make_snapshot("3.0.0", both))
    assert len(found["snapshots"]) == 3
    assert len(found["schemas"]) == 2


@pytest.mark.parametrize(
    ("before", "now", "kept"),
    [("year", "integer", 2), ("integer", "year", 1), ("string", "integer", 1), ("integer", "number", 1)],
)
def test_versions_from_before_a_change_of_type_are_left_out_with_the_reason(before: str, now: str, kept: int) -> None:
    found = describe(
        make_snapshot("1.0.0", make_columns(("year", before))), make_snapshot("2.0.0", make_columns(("year", now)))
    )
    assert len(found["snapshots"]) == kept
    assert ("Version 1.0.0 and older" in found["properties"].get("opendata.left-out", "")) == (kept == 1)
    assert "parent-snapshot-id" not in found["snapshots"][0]


def test_a_table_with_more_versions_than_are_listed_says_so() -> None:
    found = describe(make_snapshot("7.0.0", make_columns(("code", "string"))), has_more=True)
    assert "Versions before 7.0.0" in found["properties"]["opendata.left-out"]


def test_places_are_addresses_of_the_portal_as_buckets() -> None:
    assert Places().data("wells", "1.0.0", "levels") == "s3://datasets/wells/1.0.0/levels.parquet"
    root = find_root("https://example.org/open/")
    assert Places(root).data("wells", "1.0.0", "levels") == "s3://open/datasets/wells/1.0.0/levels.parquet"
    assert describe_store("https://example.org/open")["s3.endpoint"] == "https://example.org"
