"""The workbench by REST: a schema is kept, undone, counted over all rows, and comes and goes as a workbook."""

from __future__ import annotations

import io
import json
from typing import Any

import openpyxl
import pytest

from opendata.wiring import Services
from tests.api.conftest import Caller, problem

TABLE = "代码,水位,日期\nA001,12.5,2026-01-31\nA002,高,2026-02-01\nA002,3,\n"
FIELDS: list[dict[str, Any]] = [
    {"name": "code", "type": "string", "title": "代码"},
    {"name": "level", "type": "number", "opendata": {"aliases": ["水位"]}},
    {"name": "日期", "type": "date", "constraints": {"required": True}},
]


@pytest.fixture
def place(editor: Caller) -> str:
    draft = editor.check(("levels.csv", TABLE), name="levels")
    return f"/drafts/{draft['id']}/resources/levels/schema"


@pytest.mark.slow
def test_a_schema_is_kept_counted_undone_and_put_in_force(editor: Caller, services: Services, place: str) -> None:
    assert editor.get(place).json["undo"] == 0
    kept = editor.put(place, json={"schema": {"fields": [*FIELDS, {"name": ""}]}}).json
    assert [item["pointer"] for item in kept["faults"]] == ["/fields/3"]
    kept = editor.put(place, json={"schema": {"fields": FIELDS, "primaryKey": ["code", "level"]}}).json
    assert (kept["sources"], kept["faults"]) == (["代码", "水位", "日期"], [])
    found = editor.post(f"{place}/count", json={}).json
    assert found["rows"] == 3
    assert [(item["names"], item["errors"]) for item in found["fields"]] == [
        (["code"], 0),
        (["level"], 1),
        (["日期"], 1),
    ]
    assert found["keys"][0]["names"] == ["code", "level"]
    (cell,) = found["fields"][1]["cells"]
    assert (cell["row"], cell["text"], cell["rule"]) == (3, "高", "type")
    assert cell["message"]
    assert editor.post(f"{place}/undo").json["redo"] == 1
    assert editor.post(f"{place}/redo").json["redo"] == 0
    changes = {"schema": {"fields": FIELDS}, "forNext": True, "choices": {"columns": {"代码": "code", "水位": "level"}}}
    assert editor.patch(place.removesuffix("/schema"), json=changes).status_code == 202
    services.work.run_to_end(place.split("/")[2])
    following = editor.check(("levels.csv", TABLE), name="levels")
    assert [item["name"] for item in following["resources"][0]["schema"]["fields"]] == ["code", "level", "日期"]


@pytest.mark.slow
def test_one_field_is_counted_by_itself(editor: Caller, place: str) -> None:
    field = {"name": "x", "type": "integer", "opendata": {"aliases": ["水位"]}}
    (found,) = editor.post(f"{place}/count", json={"field": field, "limit": 1}).json["fields"]
    assert (found["errors"], len(found["cells"])) == (2, 1)
    refused = editor.post(f"{place}/count", json={"field": {**field, "type": "none"}})
    assert problem(refused, 422)["errors"][0]["pointer"] == "/field/type"


@pytest.mark.slow
def test_a_schema_goes_out_as_a_workbook_and_comes_back(editor: Caller, place: str) -> None:
    editor.put(place, json={"schema": {"fields": FIELDS, "primaryKey": ["code"]}})
    sent = editor.get(f"{place}.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(sent.data))
    book.worksheets[0]["F3"] = "m"
    out = io.BytesIO()
    book.save(out)
    back = editor.post(f"{place}.xlsx", data=out.getvalue(), content_type=sent.mimetype)
    assert back.status_code == 200, back.text
    assert back.json["schema"]["fields"][1]["opendata"] == {"aliases": ["水位"], "unit": "m"}
    assert back.json["schema"]["primaryKey"] == ["code"]
    book.worksheets[0]["C3"] = "wholes"
    out = io.BytesIO()
    book.save(out)
    refused = editor.post(f"{place}.xlsx", data=out.getvalue(), content_type=sent.mimetype)
    assert problem(refused, 422)["errors"][0]["pointer"].endswith("!C3")
    assert editor.post(f"{place}.xlsx", data=b"a,b\n", content_type=sent.mimetype).status_code == 415


def test_adding_to_the_library_is_planned(editor: Caller, maintainer: Caller) -> None:
    plan = maintainer.post("/schemas/levels/plan", json={"descriptor": {"fields": FIELDS}}).json
    assert (plan["version"], plan["newest"], plan["uses"]) == ("1.0.0", None, [])
    maintainer.post("/schemas", json={"name": "levels", "version": "1.0.0", "descriptor": {"fields": FIELDS}})
    changed = {"fields": [*FIELDS[:2], {"name": "日期", "type": "string"}]}
    plan = maintainer.post("/schemas/levels/plan", json={"descriptor": changed}).json
    assert (plan["version"], plan["bump"], plan["reasons"][0]["type"]) == ("2.0.0", "major", "column-retyped")
    assert maintainer.post("/schemas/levels/plan", json={"descriptor": {"fields": FIELDS}}).json["version"] is None
    assert maintainer.get("/schemas/levels/uses").json["items"] == []
    assert editor.post("/schemas/levels/plan", json={"descriptor": changed}).status_code == 403


def test_only_its_editors_reach_the_workbench(stranger: Caller, gardener: Caller, place: str) -> None:
    for who in (stranger, gardener):
        assert who.get(place).status_code in (401, 403, 404)
        assert who.post(f"{place}/count", json={}).status_code in (401, 403, 404)


@pytest.mark.slow
@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"fields": 5},
        {"fields": [5, None]},
        {"fields": [{"name": 5}]},
        {"fields": [{"name": "a", "type": [], "constraints": 7, "opendata": "x", "title": {}}]},
        {"fields": [{"name": "a", "title": "\ud800", "opendata": {"aliases": {"x": 1}, "i18n": [1]}}]},
        {"fields": [{"name": "代码"}, {"name": "代码"}], "primaryKey": 3, "uniqueKeys": {"a": 1}, "foreignKeys": "x"},
        {"fields": [{"name": "代码", "x": json.loads("[" * 500 + "]" * 500)}]},
        {"fields": [{"name": f"f{number}"} for number in range(6000)]},
    ],
)
def test_no_schema_breaks_the_workbench(editor: Caller, place: str, schema: dict[str, Any]) -> None:
    kept = editor.put(place, data=json.dumps({"schema": schema}), content_type="application/json")
    assert kept.status_code in (200, 400, 413, 422), kept.text
    for answer in (
        editor.get(place),
        editor.get(f"{place}.xlsx"),
        editor.post(f"{place}/count", json={}),
        editor.post(f"{place}/count", data=json.dumps({"schema": schema}), content_type="application/json"),
        editor.post(f"{place}/undo"),
    ):
        assert answer.status_code < 500, answer.text
