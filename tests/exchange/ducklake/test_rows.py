"""The rows of a frozen DuckLake fit its tables."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime

from opendata.domain.schema import Field
from opendata.exchange.ducklake.definitions import TABLES
from opendata.exchange.ducklake.rows import LakeFile, LakeSchema, LakeTable, Row, list_rows
from opendata.exchange.iceberg.schemas import read_columns

UUID = "00000000-0000-4000-8000-000000000000"


def test_each_row_has_a_value_for_each_column_of_its_table() -> None:
    fields = [
        {"name": "year", "type": "year", "title": "年份"},
        {"name": "sum", "type": "number", "opendata": {"scale": 2}},
    ]
    columns = read_columns([Field.from_json(item) for item in fields])
    address = "https://example.org/datasets/gdp/1.0.0/gdp.parquet"
    table = LakeTable(name="gdp", files=[LakeFile(address, 9, 3)], columns=columns, title="生产总值")
    schemas = [LakeSchema(name=name, uuid=UUID, title="t", tables=[table]) for name in ("gdp", "gdp_again")]
    rows: dict[str, list[Row]] = defaultdict(list)
    for name, row in list_rows(schemas, "https://example.org", datetime(2026, 1, 1, tzinfo=UTC)):
        rows[name].append(row)
        assert len(row) == TABLES[name].count(",") + 1, name
    assert [row[4] for row in rows["schema"]] == ["main", "gdp", "gdp_again"]
    assert [row[6] for row in rows["column"]] == ["int32", "decimal(38,2)"] * 2
    assert [row[5] for row in rows["data_file"]] == [address] * 2
    assert len({row[0] for row in rows["table"]} | {row[0] for row in rows["schema"]}) == 5
    assert rows["snapshot"][0][3:] == (5, 3)
