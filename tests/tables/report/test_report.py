"""A report is frictionless' own, with exact counts; its summary holds no value of any cell."""

from __future__ import annotations

import json
from pathlib import Path

import frictionless
import pytest

from opendata.domain.findings import Finding, Place, Problem
from opendata.tables.report.report import (
    Tally,
    TaskReport,
    add_errors,
    describe_report,
    restore_task,
    store_task,
    summarise_report,
)
from opendata.tables.schema.schema import read_schema
from opendata.tables.table import check_table, prepare_table
from opendata.wording.notes import NOTES

WRONG = Problem("type-error", "type", params={"type": "integer", "format": "default"})
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
        {"type": "type-error", "fieldName": "day", "rule": "type", "count": 3},
        {"type": "type-error", "fieldName": "id", "rule": "type", "count": 2},
    ]
    assert task["warnings"] == ([] if listed == 5 else [f"{listed} of 5 errors are listed; the counts are exact"])
    assert task["stats"]["warnings"] == len(task["warnings"])


def test_what_is_less_than_an_error_is_a_remark_and_leaves_a_table_valid(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("n\n1\n7\n9\n", encoding="utf-8")
    field = {"name": "n", "type": "integer", "constraints": {"maximum": 5}}
    weighed = {
        strength: read_schema({"fields": [{**field, "opendata": {"strengths": {"maximum": strength}}}]})
        for strength in ("error", "warning", "note")
    }
    tasks = {
        strength: check_table(path, name="t", schema=schema, limit=1).task.describe()
        for strength, schema in weighed.items()
    }
    assert {strength: (task["valid"], task["stats"]["errors"]) for strength, task in tasks.items()} == {
        "error": (False, 2),
        "warning": (True, 0),
        "note": (True, 0),
    }
    assert tasks["error"]["opendata"]["counts"] == [
        {"type": "constraint-error", "fieldName": "n", "rule": "maximum", "count": 2}
    ]
    assert tasks["warning"]["opendata"]["counts"] == [
        {"type": "constraint-error", "fieldName": "n", "rule": "maximum", "count": 2, "strength": "warning"}
    ]
    (remark,) = tasks["note"]["opendata"]["remarks"]
    told = {"code": "constraint-error", "rule": "maximum", "params": {"limit": 5}, "strength": "note"}
    assert (remark["rowNumber"], remark["cell"], remark["opendata"]) == (3, "7", told)
    assert (tasks["note"]["errors"], tasks["error"]["opendata"].get("remarks")) == ([], None)


def test_a_finding_of_a_row_is_listed_in_the_order_of_rows_and_the_last_falls_out() -> None:
    task = TaskReport(name="t", place="t.csv", limit=3)
    for row in (2, 4, 6):
        task.add(Finding(WRONG, Place(row=row, cells=["x"], field="a", number=1, cell="x")))
    for row in (4, 9):
        task.count(Tally("primary-key", rule="primary-key"))
        task.list_sorted(Finding(Problem("primary-key", params={"row": 2}), Place(row=row, cells=["x"])))
    assert [(error["type"], error["rowNumber"]) for error in task.errors] == [
        ("type-error", 2),
        ("type-error", 4),
        ("primary-key", 4),
    ]
    assert task.counts == {("type-error", "a"): 3, ("primary-key", ""): 2}


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
    later = TaskReport(name="t", place="table.csv", limit=1, warnings=[Problem("bare-returns")])
    for row in (2, 3):
        later.add(
            Finding(
                Problem("unique-error", "unique", params={"row": 2}),
                Place(row=row, cells=["1"], field="id", number=1, cell="1"),
            )
        )
    both = add_errors(task, later.describe())
    assert (task["valid"], both["valid"]) == (True, False)
    assert len(both["errors"]) == 1
    assert both["warnings"] == [NOTES["bare-returns"], "1 of 2 errors are listed; the counts are exact"]
    assert (both["stats"]["errors"], both["stats"]["warnings"], both["stats"]["rows"]) == (2, 2, 1)
    assert both["opendata"]["counts"] == [{"type": "unique-error", "fieldName": "id", "rule": "unique", "count": 2}]
    assert [item["code"] for item in both["opendata"]["warnings"]] == ["bare-returns", "capped-list"]


def test_a_task_is_kept_as_codes_and_parameters_and_is_the_same_descriptor_again(tmp_path: Path) -> None:
    task = check(tmp_path, "id,dya\n1,soon\n1\n1,2020-01-01,x\n", limit=3).describe()
    stored = json.loads(json.dumps(store_task(task)))
    assert restore_task(stored) == task
    for error in stored["errors"]:
        assert set(error["opendata"]) >= {"code", "rule", "params"}
        assert not {"title", "description", "message", "note", "tags"} & set(error)
    assert "warnings" not in stored
    assert stored["opendata"]["warnings"] == [{"code": "capped-list", "params": {"listed": 3, "total": 6}}]


def test_a_task_kept_with_its_sentences_by_an_earlier_release_is_shown_as_it_was(tmp_path: Path) -> None:
    task = check(tmp_path, "id,day\nx,2020-01-01\n").describe()
    for error in task["errors"]:
        del error["opendata"]
    assert restore_task(task) == task
