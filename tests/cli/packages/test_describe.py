"""What a file holds is told, and its rows are written in another form."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

TABLE = "水库报告,,\n编号,名称,水位\n01,东湖,3.5\n02,西湖,4\n"


@pytest.fixture
def report(tmp_path: Path) -> str:
    path = tmp_path / "report.csv"
    path.write_bytes(TABLE.encode("gb18030"))
    return str(path)


def test_a_file_is_described(run_json, run, report: str) -> None:
    (table,) = run_json("describe", report)["tables"]
    assert (table["name"], table["form"], table["encoding"], table["rows"]) == ("report", "csv", "gb18030", 2)
    assert table["header_rows"] == [2]
    types = {field["name"]: field["type"] for field in table["fields"]}
    assert types == {"编号": "string", "名称": "string", "水位": "number"}
    assert {decision["rule"] for decision in table["decisions"]} >= {"encoding", "delimiter", "titles", "header"}
    assert "水位: number" in run("describe", report).stdout


def test_what_was_understood_is_told_in_the_language_of_the_terminal(
    run, report: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    text = run("describe", report).stdout
    assert "表头在第 2 行" in text
    assert "The header" not in text


def test_what_holds_no_table_ends_with_the_reason(run, run_json, tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.write_bytes(b"%PDF-1.7 a report")
    ended = run("describe", str(path))
    assert ended.exit_code == 1
    assert "PDF" in ended.stderr
    assert run_json("describe", str(path))["tables"] == []
    assert run("describe", str(tmp_path / "nowhere.csv")).exit_code == 2


def test_a_file_is_written_in_another_form(run, report: str, tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    fields = [{"name": "编号", "type": "string"}, {"name": "名称"}, {"name": "水位", "type": "number"}]
    schema.write_text(json.dumps({"fields": fields}), encoding="utf-8")
    for suffix in ("csv", "parquet", "arrow", "json", "jsonl"):
        assert run("convert", report, str(tmp_path / f"out.{suffix}"), "--schema", str(schema)).exit_code == 0
    rows = [{"编号": "01", "名称": "东湖", "水位": 3.5}, {"编号": "02", "名称": "西湖", "水位": 4.0}]
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == TABLE.split("\n", 1)[1]
    assert pq.read_table(tmp_path / "out.parquet").to_pylist() == rows
    assert pa.ipc.open_file(tmp_path / "out.arrow").read_all().to_pylist() == rows
    assert json.loads((tmp_path / "out.json").read_text(encoding="utf-8")) == rows
    lines = (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == rows


def test_a_table_that_breaks_its_schema_is_not_written(run, report: str, tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    fields = [{"name": "编号", "type": "integer"}, {"name": "名称"}, {"name": "水位", "type": "integer"}]
    schema.write_text(json.dumps({"fields": fields}), encoding="utf-8")
    ended = run("convert", report, str(tmp_path / "out.csv"), "--schema", str(schema))
    assert ended.exit_code == 1
    assert "3.5" in ended.stdout
    assert not (tmp_path / "out.csv").exists()


def test_nothing_is_written_over_unasked(run, report: str, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_text("mine", encoding="utf-8")
    assert run("convert", report, str(target)).exit_code == 2
    assert target.read_text(encoding="utf-8") == "mine"
    assert run("convert", report, str(target), "--force").exit_code == 0
    assert run("convert", report, str(tmp_path / "out.docx")).exit_code == 2
