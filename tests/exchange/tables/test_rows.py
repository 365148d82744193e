"""The catalogue as tables: rows fit their columns, and say no more than the gate allows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from opendata.domain.catalogue.entries import CatalogueEntry
from opendata.domain.quality.figures import TableMeasures
from opendata.exchange.tables.definitions import COLUMNS, DATASETS, PUBLISHERS, QUALITY, RESOURCES, SCHEMAS, TABLES
from opendata.exchange.tables.rows import (
    Row,
    describe_dataset,
    describe_publisher,
    describe_schema,
    list_columns,
    list_quality,
    list_resources,
)
from opendata.tables.schema.schema import read_schema
from tests.exchange.samples import ADDRESSES, ALL, BASE, CLOSED, CONDITIONAL, FULL, LEAST, WATER

MEASURES = TableMeasures(
    rows=3, columns=5, described=2, missing=1, worst=0.5, worst_column="name", repeated=0, broken=0, paged=0
)


def name(columns: Any, row: Row) -> dict[str, object]:
    found = dict(zip(columns.columns, row, strict=True))
    required = [field["name"] for field in columns.schema["fields"] if field.get("constraints", {}).get("required")]
    assert [column for column in required if found[column] is None] == []
    return found


def test_every_table_has_a_schema_with_words_in_two_languages() -> None:
    assert list(TABLES) == ["datasets", "resources", "columns", "publishers", "schemas", "quality", "usage"]
    for table in TABLES.values():
        read_schema(table.schema)
        assert table.i18n["en"]["title"]
        for field in table.schema["fields"]:
            assert field["title"], field
            assert field["opendata"]["i18n"]["en"]["title"], field
        for key in table.schema.get("foreignKeys", ()):
            target = TABLES[key["reference"]["resource"] or table.name]
            assert key["reference"]["fields"] == target.schema["primaryKey"]
            assert set(key["fields"]) <= set(table.columns)


@pytest.mark.parametrize("entry", ALL, ids=lambda entry: str(entry.metadata.disclosure.attribute))
def test_the_rows_of_every_entry_fit_the_columns(entry: CatalogueEntry) -> None:
    assert name(DATASETS, describe_dataset(entry, ADDRESSES))["id"] == entry.id
    for row in list_resources(entry, ADDRESSES):
        assert name(RESOURCES, row)["dataset"] == entry.id
    for row in list_columns(entry):
        assert name(COLUMNS, row)["dataset"] == entry.id
    for row in list_quality(entry, {"stations": MEASURES, "levels": MEASURES}):
        assert name(QUALITY, row)["worst"] == 0.5
    assert name(PUBLISHERS, describe_publisher(entry.publisher, ADDRESSES))["id"] == entry.publisher.id


def test_the_least_dataset_has_a_row_of_its_own_alone() -> None:
    found = name(DATASETS, describe_dataset(LEAST, ADDRESSES))
    assert (found["title"], found["versions"], found["rows"], found["latest"]) == ("道路", 0, 0, None)
    assert [*list_resources(LEAST, ADDRESSES), *list_columns(LEAST), *list_quality(LEAST, {})] == []


def test_everything_has_its_column() -> None:
    found = name(DATASETS, describe_dataset(FULL, ADDRESSES))
    assert (found["titleEn"], found["licence"], found["themes"], found["region"]) == (
        *("Reservoir levels", "CC-BY-4.0", "生态环保", "410100"),
    )
    assert (found["latest"], found["versions"], found["rows"], found["bytes"]) == ("2.0.0", 3, 5003, 124690)
    assert found["registration"] == "410100-2026-000001"
    stations, levels, attachment = (name(RESOURCES, row) for row in list_resources(FULL, ADDRESSES))
    assert (stations["schema"], stations["rows"], stations["columns"]) == ("station@1.0.0", 3, 5)
    assert levels["url"] == f"{BASE}/datasets/reservoirs/2.0.0/levels.csv"
    assert (attachment["kind"], attachment["rows"], attachment["bytes"]) == ("attachment", None, 777)
    columns = [name(COLUMNS, row) for row in list_columns(FULL)]
    assert len(columns) == 13
    assert (columns[0]["key"], columns[0]["unique"], columns[0]["titleEn"]) == (True, True, "Code")
    assert (columns[5]["references"], columns[7]["unit"]) == ("stations#站码", "m")
    assert name(PUBLISHERS, describe_publisher(WATER, ADDRESSES))["titleEn"] == "Water bureau"


def test_what_is_not_public_has_no_files_and_no_figures() -> None:
    stations, levels, _ = (name(RESOURCES, row) for row in list_resources(CONDITIONAL, ADDRESSES))
    assert (stations["public"], stations["bytes"]) == (True, 1234)
    assert (levels["public"], levels["rows"]) == (False, 5000)
    assert [levels[key] for key in ("bytes", "sha256", "parquetBytes", "parquetSha256", "url")] == [None] * 5
    quality = list_quality(CONDITIONAL, {"stations": MEASURES, "levels": MEASURES})
    assert [row[1] for row in quality] == ["stations"]
    assert name(DATASETS, describe_dataset(CLOSED, ADDRESSES))["reason"] == "涉及国家秘密"
    assert [*list_resources(CLOSED, ADDRESSES), *list_columns(CLOSED)] == []


def test_a_schema_of_the_library_has_a_row() -> None:
    descriptor = {"title": "站", "fields": [{"name": "a"}], "opendata": {"i18n": {"en": {"title": "Station"}}}}
    row = describe_schema("station", "1.0.0", descriptor, datetime(2026, 1, 1, tzinfo=UTC), ADDRESSES)
    found = name(SCHEMAS, row)
    assert (found["titleEn"], found["columns"], found["url"]) == ("Station", 1, f"{BASE}/schemas/station/1.0.0.json")
