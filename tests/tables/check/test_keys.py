"""A foreign key holds where every value that is there occurs in the columns referred to."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import frictionless
import pytest

from opendata.domain.schema import ForeignKey
from opendata.tables.check.keys import FindTable, KeyedTable, TableFiles, check_foreign_key, check_foreign_keys
from opendata.tables.parts.cutting import cut_parquet
from opendata.tables.report.report import TaskReport, describe_report
from opendata.tables.schema.schema import read_schema
from opendata.tables.table import prepare_table

pytestmark = pytest.mark.usefixtures("table_pass")

Errors = list[dict[str, Any]]


def make(folder: Path, name: str, content: str, *kinds: str | dict[str, Any]) -> Path:
    names = content.split("\n", 1)[0].split(",")
    fields = [
        {"name": field, **(kind if isinstance(kind, dict) else {"type": kind})}
        for field, kind in zip(names, kinds or ["string"] * len(names), strict=True)
    ]
    source = folder / f"{name}-source.csv"
    source.write_text(content, encoding="utf-8")
    table = prepare_table(source, folder, name=name, schema=read_schema({"fields": fields}))
    assert table.task.errors == []
    return table.parquet


def check(key: ForeignKey, table: TableFiles, reference: TableFiles | None, **options: Any) -> Errors:
    task = TaskReport(name="sales", place="sales.csv")
    check_foreign_key(key, table=table, reference=reference, task=task, **options)
    frictionless.Report.from_descriptor(describe_report([task.describe()]))
    return task.errors


CITY = ForeignKey(("city",), "cities", ("id",))


@pytest.fixture
def cities(tmp_path: Path) -> Path:
    return make(tmp_path, "cities", "id,name,province\n1,北京,11\n2,上海,31\n")


def test_a_key_whose_values_all_occur_holds(cities: Path, tmp_path: Path) -> None:
    assert check(CITY, make(tmp_path, "sales", "city,n\n1,a\n2,b\n1,c\n"), cities) == []


def test_a_value_that_does_not_occur_is_named_with_its_row(cities: Path, tmp_path: Path) -> None:
    table = make(tmp_path, "sales", "city,n\n1,a\n3,b\n2,c\n9,d\n")
    first, second = check(CITY, table, cities)
    assert (first["type"], first["rowNumber"], first["fieldName"], first["fieldCells"]) == (
        "foreign-key",
        3,
        "city",
        ["3"],
    )
    assert first["message"] == (
        'Row at position "3" violates the foreign key: for "city": values "3" not found'
        ' in the lookup table "cities" as "id"'
    )
    assert (first["referenceName"], first["referenceFieldNames"]) == ("cities", ["id"])
    assert second["rowNumber"] == 5


def test_tables_in_parts_have_the_errors_of_whole_ones(tmp_path: Path) -> None:
    table = make(tmp_path, "sales", "city,n\n1,a\n3,b\n2,c\n9,d\n,e\n8,f\n")
    reference = make(tmp_path, "cities", "id\n1\n2\n5\n8\n", "string")
    parts = [cut(table, tmp_path / "table", 4), cut(reference, tmp_path / "reference", 3)]
    whole = check(CITY, table, reference)
    assert [error["rowNumber"] for error in whole] == [3, 5]
    assert check(CITY, parts[0], parts[1]) == check(CITY, table, parts[1]) == whole


def cut(path: Path, folder: Path, rows: int) -> Sequence[Path]:
    folder.mkdir()
    return [place for place, _ in cut_parquet(path, folder, rows)]


def test_the_words_and_rows_are_those_of_frictionless(tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text("city,n\n1,a\n3,b\n", encoding="utf-8")
    (tmp_path / "cities.csv").write_text("id,name\n1,x\n", encoding="utf-8")
    text = {"type": "string"}
    key = {"fields": ["city"], "reference": {"resource": "cities", "fields": ["id"]}}
    package = {
        "resources": [
            {
                "name": "sales",
                "path": "sales.csv",
                "schema": {"fields": [{"name": "city", **text}, {"name": "n", **text}], "foreignKeys": [key]},
            },
            {
                "name": "cities",
                "path": "cities.csv",
                "schema": {"fields": [{"name": "id", **text}, {"name": "name", **text}]},
            },
        ]
    }
    report = frictionless.Package.from_descriptor(package, basepath=str(tmp_path)).validate()
    (theirs,) = [error.to_descriptor() for task in report.tasks for error in task.errors]
    (ours,) = check(
        CITY,
        make(tmp_path, "t", "city,n\n1,a\n3,b\n"),
        make(tmp_path, "r", "id,name\n1,x\n"),
    )
    same = ("type", "title", "description", "message", "tags", "note", "rowNumber", "fieldNames", "referenceName")
    assert {name: ours[name] for name in same} == {name: theirs[name] for name in same}


def test_the_row_number_is_that_of_the_source(cities: Path, tmp_path: Path) -> None:
    table = make(tmp_path, "sales", "city,n\n1,a\n3,b\n")
    (error,) = check(CITY, table, cities, first_row=7)
    assert error["rowNumber"] == 8


def test_a_table_may_refer_to_itself(tmp_path: Path) -> None:
    table = make(tmp_path, "tree", "id,parent\n1,\n2,1\n3,2\n4,9\n", "integer", "integer")
    (error,) = check(ForeignKey(("parent",), "", ("id",)), table, table)
    assert (error["rowNumber"], error["fieldCells"], error["referenceName"]) == (5, ["9"], "")


def test_a_key_of_two_columns_is_of_both_together(cities: Path, tmp_path: Path) -> None:
    table = make(tmp_path, "sales", "city,province,n\n1,11,a\n1,31,b\n,11,c\n,,d\n")
    errors = check(ForeignKey(("city", "province"), "cities", ("id", "province")), table, cities)
    assert [(error["rowNumber"], error["fieldCells"]) for error in errors] == [(3, ["1", "31"]), (4, ["", "11"])]
    assert errors[0]["fieldName"] == "city, province"


def test_a_key_whose_cells_are_all_missing_refers_to_nothing(cities: Path, tmp_path: Path) -> None:
    assert check(CITY, make(tmp_path, "sales", "city,n\n,a\n,b\n"), cities) == []


def test_numbers_are_found_by_value(tmp_path: Path) -> None:
    table = make(tmp_path, "sales", "city,n\n01,a\n2,b\n", "integer", "string")
    reference = make(tmp_path, "cities", "id,n\n1.0,a\n2.50,b\n", "number", "string")
    (error,) = check(CITY, table, reference)
    assert error["rowNumber"] == 3


def test_large_numbers_are_not_rounded_and_nought_has_no_sign(tmp_path: Path) -> None:
    decimal = {"type": "number", "opendata": {"scale": 2}}
    table = make(tmp_path, "t", f"a,b,c\n{2**53 + 1},-0,0\n{2**53 + 3},0,1\n", "integer", "number", "integer")
    reference = make(tmp_path, "r", f"a,b,c\n{2**53 + 3}.0,0.0,-0.0\n{2**53}.5,1,7\n", decimal, "number", "number")
    rows = [
        [error["rowNumber"] for error in check(ForeignKey(fields, "r", fields), table, reference)]
        for fields in (("a",), ("b",), ("c",), ("a", "b"))
    ]
    assert rows == [[2], [], [3], [2]]


def test_a_resource_that_does_not_exist_is_named(tmp_path: Path) -> None:
    (error,) = check(CITY, make(tmp_path, "sales", "city,n\n1,a\n"), None)
    assert error["type"] == "resource-error"
    assert 'resource "sales" as resource "cities" does not exist' in error["note"]


def test_a_field_that_does_not_exist_is_named(cities: Path, tmp_path: Path) -> None:
    (error,) = check(ForeignKey(("city",), "cities", ("code",)), make(tmp_path, "sales", "city,n\n1,a\n"), cities)
    assert error["type"] == "resource-error"
    assert 'resource "cities" has no field "code"' in error["note"]


def test_names_with_dots_are_names(tmp_path: Path) -> None:
    table = make(tmp_path, "sales", "a,a.b\n1,2\n")
    reference = make(tmp_path, "cities", "a,a.b\n9,2\n")
    assert check(ForeignKey(("a.b",), "cities", ("a.b",)), table, reference) == []
    assert len(check(ForeignKey(("a",), "cities", ("a",)), table, reference)) == 1


def test_rows_in_every_row_group_are_counted(cities: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opendata.tables.text.rows.BLOCK_BYTES", 400)
    monkeypatch.setattr("opendata.tables.forms.writing.ROW_GROUP_ROWS", 200)
    table = make(tmp_path, "sales", "city,n\n" + "1,a\n" * 450 + "3,b\n")
    (error,) = check(CITY, table, cities)
    assert error["rowNumber"] == 452


def test_the_keys_of_a_package_lead_to_its_own_tables_or_to_published_ones(cities: Path, tmp_path: Path) -> None:
    sales = make(tmp_path, "sales", "city,parent\n9,7\n")
    keys = [
        CITY,
        ForeignKey(("parent",), "sales", ("city",)),
        ForeignKey(("parent",), "", ("city",)),
        ForeignKey(("city",), "broken", ("id",)),
        ForeignKey(("city",), "unknown", ("id",)),
        ForeignKey(("city",), "cities", ("id",), package="geo@1.0.0"),
    ]

    def run(find_published: FindTable | None) -> tuple[list[tuple[str, str]], list[str]]:
        tables = {name: TaskReport(name=name, place=f"{name}.csv") for name in ("sales", "cities", "broken")}
        check_foreign_keys(
            {
                "sales": KeyedTable(sales, keys, tables["sales"]),
                "cities": KeyedTable(cities, (), tables["cities"]),
                "broken": KeyedTable(None, keys, tables["broken"]),
            },
            find_published,
        )
        assert tables["cities"].valid
        assert tables["broken"].valid
        errors = [(error["type"], str(error.get("referenceName"))) for error in tables["sales"].errors]
        return errors, tables["sales"].describe()["warnings"]

    own = [("foreign-key", "cities"), ("foreign-key", ""), ("foreign-key", ""), ("resource-error", "None")]
    assert run(None) == (own, ['the key into "geo@1.0.0/cities" is not checked: there is no instance to look in'])
    assert run(lambda key: nullcontext(cities)) == ([*own, ("foreign-key", "geo@1.0.0/cities")], [])
    assert run(lambda key: nullcontext()) == ([*own, ("resource-error", "None")], [])


@pytest.mark.parametrize(
    ("kind", "value", "other", "text"),
    [
        ("boolean", "false", "true", "false"),
        ("datetime", "2020-01-01T10:00:00", "2021-01-01T10:00:00", "2020-01-01T10:00:00"),
        ("date", "2020-01-01", "2021-01-01", "2020-01-01"),
        ("number", "NaN", "1", "NaN"),
    ],
)
def test_a_value_that_does_not_occur_is_written_as_in_the_table(
    tmp_path: Path, kind: str, value: str, other: str, text: str
) -> None:
    table = make(tmp_path, "sales", f"city,n\n{value},a\n", kind, "string")
    (error,) = check(CITY, table, make(tmp_path, "cities", f"id,n\n{other},a\n", kind, "string"))
    assert error["fieldCells"] == [text]
