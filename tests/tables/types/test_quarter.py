"""A type of our own is checked, repaired and published like any other."""

from __future__ import annotations

from pathlib import Path

from opendata.tables.schema.schema import read_schema
from opendata.tables.table import prepare_table

SCHEMA = read_schema({"fields": [{"name": "q", "type": "quarter", "constraints": {"required": True, "unique": True}}]})


def test_quarters_are_checked_and_repaired(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("q\n2025-Q1\n2025-q3\nx\n2025年第三季度\n2025-Q1\n", encoding="utf-8")
    task = prepare_table(path, tmp_path, name="out", schema=SCHEMA).task
    assert [(error["type"], error["rowNumber"]) for error in task.errors] == [
        ("lax-quarter", 3),
        ("type-error", 4),
        ("type-error", 5),
        ("unique-error", 6),
    ]
    assert [item["examples"] for item in task.repairs] == [[{"before": "2025年第三季度", "after": "2025-Q3"}]]


def test_quarters_are_published(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("q\n2025-Q1\n2025-Q4\n", encoding="utf-8")
    table = prepare_table(path, tmp_path, name="out", schema=SCHEMA)
    assert table.task.valid
    assert table.csv.read_text() == "q\n2025-Q1\n2025-Q4\n"
