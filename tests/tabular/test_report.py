"""A report is frictionless' own, with exact counts; its summary holds no value of any cell."""

from __future__ import annotations

import json
from pathlib import Path

import frictionless
import pytest

from opendata.tabular.report import TaskReport, add_errors, describe_report, summarise_report
from opendata.tabular.schema import read_schema
from opendata.tabular.table import prepare_table

SCHEMA = read_schema(
    {"fields": [{"name": "id", "type": "integer", "constraints": {"unique": True}}, {"name": "day", "type": "date"}]}
)


def check(folder: Path, content: str, *, limit: int = 1000) -> TaskReport:
    path = folder / "table.csv"
    path.write_text(content, encoding="utf-8")
    return prepare_table(path, folder, name="t", schema=SCHEMA, limit=limit).task


def test_a_report_is_one_for_frictionless(tmp_path: Path) -> None:
    tasks = [
        check(tmp_path, "id,day\n1,2020-01-01\n").describe(),
        check(tmp_path, "id,dya\n1,soon\n1\n").describe(),
    ]
    report = describe_report(tasks)
    read = frictionless.Report.from_descriptor(report)
    assert (report["valid"], read.valid) == (False, False)
    assert report["stats"] == {
        "tasks": 2,
        "errors": 4,
        "warnings": 0,
        "seconds": pytest.approx(sum(task["stats"]["seconds"] for task in tasks), abs=0.002),
    }
    assert [error.type for error in read.tasks[1].errors] == [
        "incorrect-label",
        "type-error",
        "missing-cell",
        "unique-error",
    ]


def test_a_report_over_valid_tables_is_valid(tmp_path: Path) -> None:
    assert describe_report([])["valid"]
    assert describe_report([check(tmp_path, "id,day\n").describe()])["valid"]


def test_a_task_tells_its_measures(tmp_path: Path) -> None:
    task = check(tmp_path, "id,day\n1,2020-01-01\n").describe()
    stats = task["stats"]
    assert (stats["rows"], stats["fields"], stats["bytes"], stats["errors"]) == (1, 2, 20, 0)
    assert len(stats["sha256"]) == 64
    assert (task["name"], task["place"], task["labels"]) == ("t", "table.csv", ["id", "day"])


@pytest.mark.parametrize(("limit", "listed"), [(0, 0), (2, 2), (5, 5), (9, 5)])
def test_the_list_is_capped_and_says_so_while_the_counts_are_exact(limit: int, listed: int, tmp_path: Path) -> None:
    report = check(tmp_path, "id,day\n" + "x,soon\n" * 2 + "1,later\n", limit=limit)
    task = report.describe()
    assert not report.valid
    assert len(task["errors"]) == listed
    assert task["stats"]["errors"] == 5
    assert task["opendata"]["counts"] == [
        {"type": "type-error", "fieldName": "day", "count": 3},
        {"type": "type-error", "fieldName": "id", "count": 2},
    ]
    assert task["warnings"] == ([] if listed == 5 else [f"{listed} of 5 errors are listed; the counts are exact"])
    assert task["stats"]["warnings"] == len(task["warnings"])


def test_a_row_number_is_added_where_an_error_has_none() -> None:
    task = TaskReport(name="t", place="t.csv")
    task.add({"type": "source-error"}, row=5)
    task.add({"type": "type-error", "rowNumber": 3, "fieldName": "a"}, row=5)
    assert [error["rowNumber"] for error in task.errors] == [5, 3]


def test_the_summary_has_no_value_of_any_cell(tmp_path: Path) -> None:
    content = "id,day\nsecret1,secret2\n7777,2020-01-01,secret3\n7777\n"
    report = describe_report([check(tmp_path, content).describe()])
    assert "secret1" in json.dumps(report)
    summary = summarise_report(report)
    text = json.dumps(summary)
    assert not [value for value in ("secret1", "secret2", "secret3", "7777", "2020-01-01") if value in text]
    assert (summary["valid"], summary["stats"]["errors"]) == (False, 5)
    (task,) = summary["tasks"]
    assert task["valid"] is False
    assert {(item["type"], item["fieldName"], item["count"]) for item in task["opendata"]["counts"]} == {
        ("type-error", "id", 1),
        ("type-error", "day", 1),
        ("extra-cell", "", 1),
        ("missing-cell", "day", 1),
        ("unique-error", "id", 1),
    }


def test_the_summary_has_no_row_taken_for_a_header(tmp_path: Path) -> None:
    summary = summarise_report(describe_report([check(tmp_path, "secret1,secret2\n1,2020-01-01\n").describe()]))
    assert "secret" not in json.dumps(summary)


def test_errors_found_later_are_added_to_the_task(tmp_path: Path) -> None:
    task = check(tmp_path, "id,day\n1,2020-01-01\n").describe()
    assert add_errors(task, None) == task
    later = TaskReport(name="t", place="table.csv", limit=1, warnings=["slow"])
    later.add({"type": "foreign-key", "fieldName": "id"})
    later.add({"type": "foreign-key", "fieldName": "id"})
    both = add_errors(task, later.describe())
    assert (task["valid"], both["valid"]) == (True, False)
    assert len(both["errors"]) == 1
    assert both["warnings"] == ["slow", "1 of 2 errors are listed; the counts are exact"]
    assert (both["stats"]["errors"], both["stats"]["warnings"], both["stats"]["rows"]) == (2, 2, 1)
    assert both["opendata"]["counts"] == [{"type": "foreign-key", "fieldName": "id", "count": 2}]
