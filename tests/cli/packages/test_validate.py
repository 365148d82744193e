"""`opendata validate`: the verdict, in words and as a report descriptor, without an instance."""

from __future__ import annotations

import json

import pytest

from opendata.services.core.actors import SYSTEM
from opendata.settings import Settings
from opendata.wiring import build_services
from tests.servers import CHECKOUT

SCHEMA = {
    "fields": [
        {"name": "code", "type": "string", "constraints": {"required": True, "pattern": "[A-Z][0-9]{3}"}},
        {"name": "level", "type": "number"},
    ],
    "primaryKey": ["code"],
}
GOOD = "code,level\nA001,1.5\nA002,2\n"
BAD = "code,level\nA001,1.5\nA001,high\nxyz,3\n"


@pytest.fixture
def write(tmp_path):
    def write(name: str, content: str | bytes | dict) -> str:
        data = json.dumps(content) if isinstance(content, dict) else content
        (tmp_path / name).write_bytes(data.encode() if isinstance(data, str) else data)
        return str(tmp_path / name)

    return write


def test_a_valid_table_is_status_0(run, write) -> None:
    ended = run("validate", write("levels.csv", GOOD), "--schema", write("schema.json", SCHEMA))
    assert (ended.exit_code, ended.stdout) == (0, "levels.csv: valid (rows: 2, columns: 2, errors: 0)\n")


def test_an_invalid_table_is_status_1_and_tells_what_where(run, write) -> None:
    ended = run("validate", write("levels.csv", BAD), "--schema", write("schema.json", SCHEMA))
    assert ended.exit_code == 1
    assert "levels.csv: invalid (rows: 3, columns: 2, errors: 3)" in ended.stdout
    assert "1 × type-error in “level”" in ended.stdout
    assert "row 3, “level”: “high” doesn't have the type “Number”" in ended.stdout
    assert "row 4, “code”: “xyz”" in ended.stdout


def test_json_is_a_frictionless_report_descriptor(run, write) -> None:
    from frictionless import Report

    ended = run("validate", write("levels.csv", BAD), "--schema", write("schema.json", SCHEMA), "--json")
    assert ended.exit_code == 1
    found = json.loads(ended.stdout)
    report = Report.from_descriptor(found)
    assert report.valid is False
    assert report.flatten(["rowNumber", "fieldName", "type"]) == [
        [3, "level", "type-error"],
        [3, None, "primary-key"],
        [4, "code", "constraint-error"],
    ]
    assert found["tasks"][0]["stats"]["rows"] == 3


def test_the_limit_caps_the_list_but_not_the_counts(run_json, write) -> None:
    many = "code,level\n" + "".join(f"A{number:03},x\n" for number in range(500))
    words = ("validate", write("levels.csv", many), "--schema", write("schema.json", SCHEMA), "--limit-errors", 7)
    (task,) = run_json(*words)["tasks"]
    assert len(task["errors"]) == 7
    assert task["stats"]["errors"] == 500
    counts = [{"type": "type-error", "fieldName": "level", "rule": "type", "count": 500}]
    assert task["opendata"]["counts"] == counts
    assert run_json(*words)["stats"]["errors"] == 500


def test_a_schema_can_be_a_name_of_the_library(run, run_json) -> None:
    table = CHECKOUT / "datasets/mca/province-codes/provinces.csv"
    for ref in ("division-province", "division-province@1.0.0"):
        found = run_json("validate", table, "--schema", ref)
        assert (found["valid"], found["tasks"][0]["stats"]["rows"]) == (True, 34)
    assert run("validate", table, "--schema", "division-province@9.0.0").exit_code == 2
    assert "no-such-schema" in run("validate", table, "--schema", "no-such-schema").stderr


def test_a_schema_of_the_instance_is_found_where_the_checkout_has_none(
    run, write, instance, monkeypatch, tmp_path
) -> None:
    services = build_services(Settings(home=instance))
    services.schemas.load_folder(SYSTEM, CHECKOUT / "schemas")
    services.database.dispose()
    monkeypatch.setattr("opendata.cli.packages.validation.LIBRARY", tmp_path / "nothing")
    ended = run("validate", CHECKOUT / "datasets/mca/province-codes/provinces.csv", "--schema", "division-province")
    assert ended.exit_code == 0


def test_without_a_schema_every_column_is_text(run, write) -> None:
    assert run("validate", write("levels.csv", BAD)).exit_code == 0


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xff\xd8\xff\xe0 a picture", "JPEG"),
        (b"PK\x03\x04 a workbook", "cut off or damaged"),
        (b"%PDF-1.7 a report", "PDF"),
        (b"", "empty"),
        (b"code,level\nA001,\0\n", "NUL"),
        (b'code,level\n"A001,1\nA002,2\n', "quotation mark opened in row 2"),
        ("编号,水库名称\n1,东湖水库所在地区\n".encode() + b"2,\xff\n", "isn't UTF-8"),
    ],
)
def test_what_is_no_table_is_status_1_with_the_true_reason(run, run_json, write, content, reason) -> None:
    path = write("levels.csv", content)
    ended = run("validate", path)
    assert ended.exit_code == 1
    assert reason in ended.stdout
    assert run_json("validate", path)["valid"] is False


def test_an_unusable_schema_is_status_2_and_names_each_point(run, write) -> None:
    hostile = {"fields": [{"name": "a", "type": "string", "constraints": {"pattern": "(?<=x)y"}}, {"name": "a"}]}
    ended = run("validate", write("x.csv", "a\n1\n"), "--schema", write("schema.json", hostile))
    assert ended.exit_code == 2
    assert "/fields/0/constraints/pattern" in ended.stderr
    assert "/fields/1" in ended.stderr
    assert run("validate", write("x.csv", "a\n1\n"), "--schema", "./nowhere.json").exit_code == 2


def test_all_tables_of_a_package_and_the_keys_between_them_are_checked(run_json, write_package) -> None:
    def table(name: str, **schema: object) -> dict:
        fields = [{"name": "code", "type": "string"}]
        return {"name": name, "path": f"{name}.csv", "schema": {"fields": fields, **schema}}

    key = {"fields": ["code"], "reference": {"resource": "rivers", "fields": ["code"]}}
    folder = write_package(
        {"name": "waters", "resources": [table("rivers"), table("gauges", foreignKeys=[key]), table("gone")]},
        {"rivers.csv": "code\na\nb\n", "gauges.csv": "code\na\nz\n"},
    )
    found = run_json("validate", folder)
    assert [(task["name"], task["valid"]) for task in found["tasks"]] == [
        ("rivers", True),
        ("gauges", False),
        ("gone", False),
    ]
    assert [error["type"] for task in found["tasks"] for error in task["errors"]] == ["foreign-key", "resource-error"]
    assert "gone.csv" in found["tasks"][2]["errors"][0]["note"]


def test_every_sample_is_valid(run_json) -> None:
    for folder in sorted((CHECKOUT / "datasets").glob("*/*")):
        assert run_json("validate", folder)["valid"], folder


def test_a_schema_for_a_whole_package_is_wrong_use(run, write_package) -> None:
    ended = run("validate", write_package({"resources": []}), "--schema", "law")
    assert ended.exit_code == 2
    assert "--schema" in ended.stderr


def test_the_rules_of_frictionless_are_its_own_verdict(run_json, realdata) -> None:
    from frictionless import Package

    folder = realdata / "datapackages" / "co2-ppm"
    expected = Package(str(folder / "datapackage.json")).validate().to_descriptor()
    found = run_json("validate", folder, "--rules", "frictionless")
    assert [task["errors"] for task in found["tasks"]] == [task["errors"] for task in expected["tasks"]]


@pytest.mark.slow
def test_frictionless_takes_a_schema_and_a_limit_too(run, run_json, write) -> None:
    words = ("validate", write("levels.csv", BAD), "--schema", write("schema.json", SCHEMA), "--rules", "frictionless")
    assert run_json(*words)["stats"]["errors"] == 3
    assert len(run_json(*words, "--limit-errors", 1)["tasks"][0]["errors"]) == 1
    assert run(*words).exit_code == 1
