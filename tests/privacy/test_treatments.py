"""A treated table follows its own schema, and says in its record what was done, never a value."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.domain.schema import TableSchema
from opendata.privacy.treatments.application import TreatedTable
from opendata.privacy.treatments.columns import make_band, make_pseudonym, make_range
from opendata.privacy.treatments.parsing import parse_decisions
from opendata.privacy.treatments.schemas import treat_schema
from opendata.tables.schema.schema import read_schema
from opendata.tables.table import check_table
from opendata.tables.types.registry import arrow_type
from tests.privacy.corpora import make_birth, make_home, make_mobile, make_name, make_resident_id, make_text

KEY, OTHER = b"k" * 32, b"o" * 32
PERSON = r"[1-9][0-9]{16}[0-9X]"
DESCRIPTOR: dict[str, Any] = {
    "fields": [
        {
            "name": "id",
            "type": "string",
            "title": "身份证号",
            "constraints": {"required": True, "unique": True, "pattern": PERSON, "minLength": 18},
        },
        {"name": "name", "type": "string", "constraints": {"required": True, "maxLength": 10}},
        {"name": "born", "type": "date", "constraints": {"minimum": "1900-01-01"}},
        {"name": "home", "type": "string", "missingValues": ["", "-"]},
        {"name": "phone", "type": "integer", "constraints": {"minimum": 13000000000}, "opendata": {"unit": "x"}},
        {"name": "money", "type": "number", "opendata": {"scale": 2}},
        {"name": "text", "type": "string"},
        {"name": "sex", "type": "string", "constraints": {"enum": ["男", "女"]}},
    ],
    "primaryKey": ["id"],
    "uniqueKeys": [["name", "born"], ["id", "sex"]],
    "foreignKeys": [{"fields": ["id"], "reference": {"resource": "other", "fields": ["id"]}}],
    "opendata": {"checks": [{"type": "resident-id", "name": "right", "field": "id"}]},
}
SCHEMA = read_schema(DESCRIPTOR)


def make_rows(count: int, seed: int = 1) -> pa.RecordBatch:
    """Rows that follow the schema; every eleventh is as empty as it may be."""
    random = Random(seed)
    ids: dict[str, None] = {}
    while len(ids) < count:
        ids[make_resident_id(random)] = None
    rows: dict[str, list[Any]] = {
        "id": list(ids),
        "name": [make_name(random) for _ in ids],
        "born": [make_birth(random) if n % 11 else None for n in range(count)],
        "home": [make_home(random) if n % 11 else None for n in range(count)],
        "phone": [random.randrange(13_000_000_000, 20_000_000_000) if n % 11 else None for n in range(count)],
        "money": [None if n % 11 == 0 else random.randrange(10**7) for n in range(count)],
        "text": [make_text(random)[0] if n % 11 else None for n in range(count)],
        "sex": [random.choice("男女") for _ in ids],  # so that no row is left blank
    }
    types = [arrow_type(item) for item in SCHEMA.fields]
    arrays = [pa.array(cells).cast(kind) for cells, kind in zip(rows.values(), types, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, names=list(rows))


def treat(
    batch: pa.RecordBatch, *columns: Mapping[str, Any], key: bytes = KEY, schema: TableSchema = SCHEMA, **more: Any
) -> tuple[pa.Table, TreatedTable]:
    decisions = parse_decisions({"columns": list(columns), **more}, schema)
    table = TreatedTable([batch.slice(0, 7), batch.slice(7)], schema, decisions, key=key)
    types = pa.schema([pa.field(item.name, arrow_type(item)) for item in table.schema.fields])
    return pa.Table.from_batches(list(table.batches()), types), table


def find_errors(folder: Path, table: pa.Table, schema: TableSchema) -> Sequence[object]:
    """What the checker says about the treated rows under the treated schema."""
    plain = read_schema({**schema.descriptor, "foreignKeys": []})
    path = folder / "treated.csv"
    rows = [["" if cell is None else str(cell) for cell in row.values()] for row in table.to_pylist()]
    lines = [",".join(table.column_names), *(",".join(f'"{cell}"' for cell in row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return check_table(path, name="treated", schema=plain).task.errors


CHOICES: dict[str, list[dict[str, Any]]] = {
    "id": [
        {"treatment": "drop"},
        {"treatment": "mask", "kind": "resident-id"},
        {"treatment": "pseudonymise"},
        {"treatment": "not-personal", "reason": "code"},
    ],
    "name": [{"treatment": "mask", "kind": "personal-name"}, {"treatment": "pseudonymise"}, {"treatment": "drop"}],
    "born": [
        {"treatment": "generalise", "to": "year"},
        {"treatment": "generalise", "to": "month"},
        {"treatment": "generalise", "to": "age-band", "on": "2026-01-01", "width": 5},
        {"treatment": "mask", "kind": "birth-date"},
    ],
    "home": [
        {"treatment": "generalise", "to": "county"},
        {"treatment": "generalise", "to": "township"},
        {"treatment": "mask", "kind": "address"},
    ],
    "phone": [
        {"treatment": "mask", "kind": "mobile-number"},
        {"treatment": "pseudonymise"},
        {"treatment": "generalise", "to": "range", "width": 1000},
    ],
    "money": [{"treatment": "generalise", "to": "range", "width": 500}, {"treatment": "drop"}],
    "text": [{"treatment": "mask", "within": True}, {"treatment": "drop"}],
}


@given(st.fixed_dictionaries({name: st.none() | st.sampled_from(found) for name, found in CHOICES.items()}))
def test_treated_rows_follow_the_treated_schema(
    tmp_path_factory: pytest.TempPathFactory, chosen: Mapping[str, dict[str, Any] | None]
) -> None:
    columns = [{"field": name, **choice} for name, choice in chosen.items() if choice is not None]
    rows, table = treat(make_rows(30), *columns)
    again = read_schema(table.schema.descriptor)
    assert rows.column_names == list(again.names)
    assert find_errors(tmp_path_factory.mktemp("treated"), rows, table.schema) == []
    assert rows == treat(make_rows(30), *columns)[0]
    record = json.dumps(table.describe(), ensure_ascii=False)
    values = {str(cell) for row in make_rows(30).to_pylist() for cell in row.values() if len(str(cell)) > 4}
    assert not [value for value in values if value in record]


def test_rules_that_masked_values_cannot_keep_fall() -> None:
    _, table = treat(make_rows(30), {"field": "id", "treatment": "mask", "kind": "resident-id"})
    found = table.schema
    assert found.fields[0].constraints == {"required": True}
    assert found.fields[0].title == "身份证号"
    assert found.primary_key == ()
    assert found.unique_keys == (("name", "born"),)
    assert found.foreign_keys == ()
    assert "checks" not in found.own


def test_pseudonyms_keep_keys_but_not_references() -> None:
    _, table = treat(make_rows(30), {"field": "id", "treatment": "pseudonymise"})
    assert table.schema.primary_key == ("id",)
    assert ("id", "sex") in table.schema.unique_keys
    assert table.schema.fields[0].constraints == {"required": True, "unique": True}
    assert table.schema.foreign_keys == ()


def test_a_dropped_column_takes_its_keys_with_it() -> None:
    rows, table = treat(make_rows(30), {"field": "name", "treatment": "drop"})
    assert "name" not in rows.column_names
    assert table.schema.unique_keys == (("id", "sex"),)
    assert table.schema.primary_key == ("id",)
    assert table.schema.own["checks"]


def test_a_key_within_the_table_falls_with_the_column_it_refers_to() -> None:
    descriptor = {
        "fields": [{"name": "id", "type": "string"}, {"name": "parent", "type": "string"}],
        "foreignKeys": [{"fields": ["parent"], "reference": {"resource": "", "fields": ["id"]}}],
    }
    schema = read_schema(descriptor)
    decisions = parse_decisions({"columns": [{"field": "id", "treatment": "pseudonymise"}]}, schema)
    assert treat_schema(schema, decisions).foreign_keys == ()


def test_no_value_of_a_masked_or_pseudonymous_column_is_left() -> None:
    batch = make_rows(200)
    rows, _ = treat(
        batch,
        {"field": "id", "treatment": "pseudonymise"},
        {"field": "phone", "treatment": "mask", "kind": "mobile-number"},
        {"field": "text", "treatment": "mask", "within": True},
    )
    left = " ".join(str(cell) for row in rows.select(["id", "phone", "text"]).to_pylist() for cell in row.values())
    for row in batch.to_pylist():
        assert row["id"] not in left
        assert row["phone"] is None or str(row["phone"]) not in left


def test_text_keeps_what_is_not_personal() -> None:
    schema = read_schema({"fields": [{"name": "t", "type": "string"}]})
    phone = make_mobile(Random(1))
    text = f"来电人电话{phone}，订单202401011234567890，反映积水。"
    batch = pa.RecordBatch.from_pydict({"t": [text]})
    rows, _ = treat(batch, {"field": "t", "treatment": "mask", "within": True}, schema=schema)
    found = rows.column("t")[0].as_py()
    assert phone not in found
    assert found.startswith("来电人电话")
    assert found.endswith("，订单202401011234567890，反映积水。")


@pytest.mark.parametrize(
    "number",
    [
        *("138.1234.5601", "13,812,345,601", "13812345601.0", "13812345601.00", "+86-138-1234-5601"),
        *("138\u00a01234\u00a05601", "138\u20131234\u20135601", "１３８１２３４５６０１", "\u200b".join("13812345601")),
    ],
)
def test_every_notation_is_masked_within_a_text(number: str) -> None:
    schema = read_schema({"fields": [{"name": "t", "type": "string"}]})
    batch = pa.RecordBatch.from_pydict({"t": [f"张三 {number}，反映积水", number]})
    decision = {"field": "t", "treatment": "mask", "kind": "mobile-number", "within": True}
    rows, _ = treat(batch, decision, schema=schema)
    within, alone = rows.column("t").to_pylist()
    assert within.startswith("张三 138****5601")
    assert within.endswith("，反映积水")
    assert alone.startswith("138****5601")


@given(st.text(min_size=1, max_size=20))
def test_pseudonyms_are_stable_under_one_key_and_differ_between_keys(text: str) -> None:
    found = make_pseudonym(KEY, text)
    assert found == make_pseudonym(KEY, text)
    assert found != make_pseudonym(OTHER, text)
    assert len(found) == 20
    assert set(found) <= set("0123456789abcdef")


def test_pseudonyms_need_a_key_and_meet_in_one_dataset() -> None:
    batch = make_rows(50)
    decision = {"field": "id", "treatment": "pseudonymise"}
    first, second = treat(batch, decision)[0], treat(batch.slice(10), decision)[0]
    assert first.column("id").to_pylist()[10:] == second.column("id").to_pylist()
    assert not set(first.column("id").to_pylist()) & set(treat(batch, decision, key=OTHER)[0].column("id").to_pylist())
    assert make_pseudonym(KEY, " 11010519491231002x") == make_pseudonym(KEY, "１1010519491231002X ")
    with pytest.raises(ValueError, match="16 bytes"):
        treat(batch, decision, key=b"short")


def test_values_become_coarser_as_decided() -> None:
    assert make_range(1000, 12345) == "[12000,13000)"
    assert make_range(1000, -1) == "[-1000,0)"
    assert make_range(500, 499.99) == "[0,500)"
    assert [make_band(10, age) for age in (0, 9, 10, 89, 90, 130, -1)] == [
        "0-9",
        "0-9",
        "10-19",
        "80-89",
        "90+",
        "90+",
        None,
    ]
    assert make_band(7, 88) == "84-89"
    schema = read_schema({"fields": [{"name": "d", "type": "date"}, {"name": "t", "type": "string"}]})
    batch = pa.RecordBatch.from_pydict(
        {"d": [date(1990, 6, 1), date(1990, 1, 1), None], "t": ["1985年3月12日", "不详", None]},
        schema=pa.schema([("d", pa.date32()), ("t", pa.string())]),
    )

    def generalise(field: str, **how: Any) -> list[Any]:
        rows, _ = treat(batch, {"field": field, "treatment": "generalise", **how}, schema=schema)
        return rows.column(field).to_pylist()  # type: ignore[no-any-return] # pyarrow has no types

    assert generalise("d", to="age-band", on="2020-03-01") == ["20-29", "30-39", None]
    assert generalise("d", to="year") == [1990, 1990, None]
    assert generalise("d", to="month") == ["1990-06", "1990-01", None]
    assert generalise("t", to="year") == [1985, None, None]
    assert generalise("t", to="month") == ["1985-03", None, None]


def test_the_record_names_the_ground_and_the_article() -> None:
    publish = {
        "field": "name",
        "treatment": "publish",
        "kind": "personal-name",
        "ground": "punishment-publicity",
        "article": "行政处罚法第四十八条",
    }
    rows, table = treat(make_rows(30), publish)
    assert rows.column("name") == pa.chunked_array([make_rows(30).column("name")])
    assert table.describe() == {"columns": [{**publish, "count": 30}]}
    assert dict(table.schema.descriptor) == dict(SCHEMA.descriptor)


def test_an_aggregated_table_has_counts_and_sums_alone() -> None:
    batch = make_rows(400)
    rows, table = treat(
        batch,
        {"field": "born", "treatment": "generalise", "to": "age-band", "on": "2026-01-01", "width": 20},
        {"field": "id", "treatment": "aggregate"},
        aggregate={"by": ["born", "sex"], "sum": ["money"]},
    )
    assert rows.column_names == ["born", "sex", "count", "money_sum"]
    read_schema(table.schema.descriptor)
    for row in rows.to_pylist():
        assert row["count"] is None or row["count"] >= 5
        assert (row["count"] is None) == (row["money_sum"] is None) or row["money_sum"] is None
    record = table.describe()["aggregate"]
    assert record["groups"] == rows.num_rows
    assert record["suppressed"] == rows.column("count").null_count


def test_an_aggregate_of_no_rows_is_empty() -> None:
    rows, _ = treat(make_rows(30).slice(0, 0), aggregate={"by": ["sex"]})
    assert rows.num_rows == 0
    assert rows.column_names == ["sex", "count"]


def test_a_column_called_count_keeps_its_name() -> None:
    schema = read_schema({"fields": [{"name": "count", "type": "string"}]})
    rows, _ = treat(pa.RecordBatch.from_pydict({"count": ["a"] * 9}), schema=schema, aggregate={"by": ["count"]})
    assert rows.to_pylist() == [{"count": "a", "row_count": 9}]
