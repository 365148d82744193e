"""Columns somebody gave the names of fields are read by these names, in any order; all others as strictly as ever."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from opendata.tables.schema.header import make_distinct
from opendata.tables.schema.schema import read_schema
from opendata.tables.table import PreparedTable, prepare_table

FIELDS = [{"name": "code", "type": "string"}, {"name": "level", "type": "number"}]


def prepare(
    folder: Path,
    text: str,
    renames: Mapping[str, str] | None = None,
    fields: list[dict[str, Any]] | None = None,
    **options: str,
) -> PreparedTable:
    source = folder / "source.csv"
    source.write_text(text, encoding="utf-8")
    schema = read_schema({"fields": fields or FIELDS, **options})
    return prepare_table(source, folder, name="t", schema=schema, renames=renames)


def list_errors(table: PreparedTable) -> list[tuple[str, str]]:
    return [(error["type"], error.get("label") or error.get("fieldName") or "") for error in table.task.errors]


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        (["a", "b"], ["a", "b"]),
        (["a", "a", "a2", "a"], ["a", "a2", "a22", "a3"]),
        (["", "x", ""], ["field1", "x", "field3"]),
        (["field2", ""], ["field2", "field22"]),
        ([], []),
    ],
)
def test_labels_are_told_apart(labels: list[str], told: list[str]) -> None:
    assert make_distinct(labels) == told


def test_columns_in_another_order_are_wrong_under_an_exact_schema(tmp_path: Path) -> None:
    found = prepare(tmp_path, "level,code\n1,x\n")
    assert list_errors(found)[:2] == [("incorrect-label", "level"), ("incorrect-label", "code")]


def test_columns_that_were_mapped_may_stand_in_any_order(tmp_path: Path) -> None:
    found = prepare(tmp_path, "水位,编号\n1.5,x\n", {"水位": "level", "编号": "code"})
    assert found.task.errors == []
    assert found.csv.read_text() == "code,level\nx,1.5\n"
    assert found.task.labels == ["水位", "编号"]


def test_so_may_columns_that_have_the_right_names(tmp_path: Path) -> None:
    found = prepare(tmp_path, "level,code\n1.5,x\n", {"level": "level", "code": "code"})
    assert found.csv.read_text() == "code,level\nx,1.5\n"


def test_what_is_missing_or_extra_in_a_mapped_file_is_still_wrong(tmp_path: Path) -> None:
    found = prepare(tmp_path, "水位,备注\n1.5,x\n", {"水位": "level"})
    assert list_errors(found) == [("extra-label", "备注"), ("missing-label", "code")]
    assert not found.csv.exists()


def test_a_column_named_twice_by_a_mapping_is_wrong(tmp_path: Path) -> None:
    found = prepare(tmp_path, "a,code,level\ny,x,1\n", {"a": "code"})
    assert ("duplicate-label", "code") in list_errors(found)


def test_a_mapping_of_other_files_leaves_the_verdict_as_strict(tmp_path: Path) -> None:
    text = "level,code\n1,x\n"
    assert list_errors(prepare(tmp_path, text, {"编号": "code"})) == list_errors(prepare(tmp_path, text))
    assert prepare(tmp_path, "code,level\nx,1\n", {"编号": "code"}).task.errors == []


def test_columns_without_a_label_of_their_own_can_be_mapped(tmp_path: Path) -> None:
    fields = [*FIELDS, {"name": "note", "type": "string"}]
    found = prepare(tmp_path, "值,,值\n1.5,n,x\n", {"值": "level", "值2": "code", "field2": "note"}, fields)
    assert found.task.errors == []
    assert found.csv.read_text() == "code,level,note\nx,1.5,n\n"


def test_the_other_ways_to_match_stay_what_they_are(tmp_path: Path) -> None:
    found = prepare(tmp_path, "备注,编号\nn,x\n", {"编号": "code"}, fieldsMatch="partial")
    assert found.task.errors == []
    assert found.csv.read_text() == "code,level,备注\nx,,n\n"
