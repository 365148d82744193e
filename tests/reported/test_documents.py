"""What a JSON, GeoJSON or HTML document says beside its rows isn't lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from opendata.intake.opening import find_tables, open_table
from opendata.intake.understanding import Choices
from opendata.services.packages.description import describe_file
from opendata.services.packages.validation import check_file
from tests.reported.described import convert, describe, find_reported, marks, told

ROWS = [{"id": 1, "name": "甲"}, {"id": 2, "name": "乙"}]
FEATURES = [
    {"type": "Feature", "properties": {"id": "1"}, "geometry": {"type": "Point", "coordinates": [120.1, 30.2]}},
    {"type": "Feature", "properties": {"id": "2"}, "geometry": None},
]
NEXT = "https://example.org/?page=2"


def json_file(folder: Path, document: Any) -> Path:
    path = folder / "answer.json"
    path.write_text(json.dumps(document, ensure_ascii=False))
    return path


def test_a_part_of_an_answer_is_a_question_everywhere(realdata: Path) -> None:
    path = find_reported(realdata, "c7-ckan-partial.json")
    found = told(describe(path))["partial-answer"]
    assert (found["details"], found["asks"]) == ({"rows": 2, "total": 500}, True)
    (task,) = check_file(path)["tasks"]
    (warning,) = task["opendata"]["warnings"]
    assert (warning["code"], warning["params"]["params"]) == ("open-question", {"rows": 2, "total": 500})
    assert "2 rows of 500" in task["warnings"][0]


@pytest.mark.parametrize(
    "document",
    [
        {"total": 500, "rows": ROWS},
        {"total": "500", "page": 1, "rows": ROWS},
        {
            "result": {
                "fields": [{"id": "id", "type": "int"}, {"id": "name", "type": "text"}],
                "records": ROWS,
                "total": 9,
            }
        },
        {"code": 0, "data": {"list": ROWS, "totalCount": 500, "pageSize": 2}},
        {"data": ROWS, "meta": {"pagination": {"total": 500}}},
        {"count": 500, "next": NEXT, "previous": None, "results": ROWS},
        {"next": NEXT, "results": ROWS},
        {"data": ROWS, "links": {"self": "x", "next": NEXT}},
        {"data": ROWS, "next_page_url": NEXT, "per_page": 2},
        {"data": ROWS, "_links": {"next": {"href": NEXT}}},
        {"@odata.context": "x", "@odata.count": 500, "value": ROWS},
        {"@odata.context": "x", "value": ROWS, "@odata.nextLink": NEXT},
        {"objectIdFieldName": "id", "exceededTransferLimit": True, "features": [{"attributes": row} for row in ROWS]},
        {"response": {"numFound": 500, "start": 0, "docs": ROWS}},
        {"hits": {"total": {"value": 500, "relation": "eq"}, "hits": ROWS}},
        {"content": ROWS, "totalElements": 500, "last": False},
        {"d": {"results": ROWS, "__count": "500", "__next": NEXT}},
        {"records": ROWS, "done": False, "nextRecordsUrl": "/q/1"},
        {"type": "FeatureCollection", "features": FEATURES, "totalFeatures": 500},
        {"items": ROWS, "nextPageToken": "abc"},
        {"items": ROWS, "has_more": True},
        {"items": ROWS, "paging": {"page": 1, "totalPages": 9}},
        {"success": True, "result": {"records": ROWS, "records_truncated": True}},
        {"type": "FeatureCollection", "features": FEATURES, "numberMatched": 500, "numberReturned": 2},
        {"type": "FeatureCollection", "features": FEATURES, "links": [{"rel": "next", "href": NEXT}]},
        {"type": "FeatureCollection", "features": FEATURES, "properties": {"exceededTransferLimit": True}},
        [{"page": 1, "pages": 9, "total": 18}, ROWS],
    ],
)
def test_services_say_in_many_ways_that_there_are_more_rows(tmp_path: Path, document: Any) -> None:
    table = describe(json_file(tmp_path, document))
    assert [decision["asks"] for decision in table["decisions"] if decision.get("asks")] == [True]
    assert {"partial-answer", "one-page"} & told(table).keys()
    assert table["rows"] == 2


@pytest.mark.parametrize(
    "document",
    [
        ROWS,
        {"total": 2, "rows": ROWS},
        {"features": [{"attributes": row} for row in ROWS], "fields": [{"name": "id", "type": "oid", "alias": "Id"}]},
        {"result": {"records": ROWS, "total": 2, "_links": {"next": NEXT}}},
        {"count": 2, "next": None, "results": ROWS},
        {"data": ROWS, "has_more": False, "truncated": False, "next": ""},
        {"data": ROWS, "meta": {"area": {"total": {"of": {"other": {"total": 500}}}}}},
        {"type": "FeatureCollection", "features": FEATURES, "numberMatched": 2, "numberReturned": 2},
        {"columns": ["id", "name"], "total": 2, "rows": [[1, "甲"], [2, "乙"]]},
        [{"page": 1, "pages": 1, "total": 2}, ROWS],
    ],
)
def test_a_whole_answer_is_no_question(tmp_path: Path, document: Any) -> None:
    table = describe(json_file(tmp_path, document))
    assert not {"partial-answer", "one-page"} & told(table).keys()


def test_two_lists_that_describe_columns_are_one_table(tmp_path: Path) -> None:
    described = [{"id": "a", "type": "int"}]
    table = describe(json_file(tmp_path, {"fields": described, "columns": described}))
    assert (table["sheet"], "described-columns" in told(table)) == ("/columns", True)


def test_a_round_number_of_rows_is_worth_a_look(tmp_path: Path) -> None:
    rows = [{"id": number, "v": "x"} for number in range(1000)]
    assert told(describe(json_file(tmp_path, rows)))["round-rows"]["details"] == {"rows": 1000}
    assert "round-rows" not in told(describe(json_file(tmp_path, rows[:999])))


def test_the_reference_system_stays_with_the_geometry(realdata: Path) -> None:
    table = describe(find_reported(realdata, "c8-geojson-crs.geojson"))
    assert marks(table) == {"geometry": {"crs": "EPSG:3857"}}
    assert told(table)["crs"]["details"]["crs"] == "EPSG:3857"


@pytest.mark.parametrize(
    ("crs", "name", "is_doubtful"),
    [
        ({"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}, None, False),
        ({"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}, None, True),
        ({"type": "EPSG", "properties": {"code": 4547}}, "EPSG:4547", True),
        ({"type": "link", "properties": {"href": "https://example.org/crs/1"}}, "https://example.org/crs/1", True),
    ],
)
def test_a_reference_system_has_several_notations(
    tmp_path: Path, crs: dict[str, Any], name: str | None, is_doubtful: bool
) -> None:
    table = describe(json_file(tmp_path, {"type": "FeatureCollection", "crs": crs, "features": FEATURES}))
    assert marks(table) == {"geometry": {"crs": name or crs["properties"]["name"]}}
    assert (told(table)["crs"]["sure"] < 0.9) is is_doubtful


def test_coordinates_that_are_no_degrees_are_a_question(tmp_path: Path) -> None:
    shape = {"type": "Polygon", "coordinates": [[[40512345.1, 3456789.2], [40512346.1, 3456789.2]]]}
    far = [{**FEATURES[0], "geometry": shape}, FEATURES[1]]
    found = told(describe(json_file(tmp_path, {"type": "FeatureCollection", "features": far})))["no-degrees"]
    assert found["sure"] < 0.9
    near = told(describe(json_file(tmp_path, {"type": "FeatureCollection", "features": FEATURES})))
    assert not {"crs", "no-degrees"} & near.keys()


def page(folder: Path, body: str) -> Path:
    path = folder / "page.html"
    path.write_text(f'<html><head><meta charset="utf-8"></head><body>{body}</body></html>')
    return path


def html_table(*rows: str) -> str:
    return "<table>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>"


HEADER = "<th>代码</th><th>名称</th>"
INNER = html_table("<td>a</td><td>b</td>", "<td>1</td><td>2</td>")


def test_row_spans_in_the_body_are_reported_and_can_be_filled(realdata: Path, tmp_path: Path) -> None:
    path = find_reported(realdata, "e1-html-rowspan-body.html")
    found = told(describe(path))["merged-body"]
    assert (found["details"]["place"], found["details"]["cells"]) == ("A2:A3", 1)
    (table,) = find_tables(path, path.name, tmp_path)
    opened = open_table(table, tmp_path, choices=Choices(fill_merged=True))
    assert [row.split(",")[0] for row in opened.path.read_text().splitlines()] == ["省", "浙江", "浙江", "江苏", "安徽"]
    assert "merged-body" not in {decision.rule for decision in opened.understanding.decisions}


def test_a_table_in_a_cell_is_reported_and_its_text_kept(realdata: Path, tmp_path: Path) -> None:
    path = find_reported(realdata, "e2-html-nested-cell.html")
    assert told(describe(path))["nested-tables"]["details"] == {"count": 1, "row": 2}
    assert convert(path, tmp_path) == [["代码", "名称"], ["001", "甲 内层"], ["002", "乙"], ["003", "丙"]]


def test_a_table_of_data_stays_one_where_a_cell_has_a_table(tmp_path: Path) -> None:
    rows = [f"<td>00{number}</td><td>名{number}{INNER if number == 2 else ''}</td>" for number in range(1, 5)]
    tables = describe_file(page(tmp_path, html_table(HEADER, *rows)))["tables"]
    assert [table["rows"] for table in tables] == [4, 1]
    assert told(tables[0])["nested-tables"]["details"] == {"count": 1, "row": 3}


def test_a_table_that_lays_out_the_page_is_none(tmp_path: Path) -> None:
    data = html_table(HEADER, "<td>001</td><td>甲</td>", "<td>002</td><td>乙</td>")
    layout = html_table("<td>菜单</td><td>标题</td>", f"<td></td><td>{data}</td>", "<td></td><td>页脚</td>")
    (table,) = describe_file(page(tmp_path, layout))["tables"]
    assert (table["rows"], "nested-tables" in told(table)) == (2, False)
