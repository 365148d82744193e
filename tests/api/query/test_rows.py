"""Rows of a table over REST: what is asked counts or is refused, and every answer says what it is of."""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any
from urllib.parse import urlsplit

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from opendata.wiring import Services
from tests.api.conftest import Caller, problem
from tests.api.query.conftest import RECORDS, ROWS, SCHEMA

NAMES = [field["name"] for field in SCHEMA["fields"]]
LATEST = ROWS.replace("1.0.0", "latest")


def _ask(reader: Caller, path: str = ROWS, **parameters: Any) -> dict[str, Any]:
    answer = reader.get(path, query_string=parameters)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = json.loads(answer.data)
    return found


def test_a_page_has_the_rows_as_they_are_kept_and_says_what_it_is_of(reader: Caller, portal: Services) -> None:
    found = _ask(reader, limit=2)
    assert list(found) == ["items", "total", "next", "previous", "source", "query", "hash"]
    assert found["total"] == len(RECORDS)
    assert found["items"][0] == {
        "城市": "杭州", "code": "0571", "gdp": 1870.5, "share": 0.1, "year": 2024, "day": "2024-01-31", "capital": True,
        "经度": 120.15, "纬度": 30.28, "a__b c": "12345678901234567",
    }  # fmt: skip
    assert found["items"][1]["a__b c"] == "2", "a column has one type"
    assert found["items"][1]["share"] == "NaN"
    table = portal.versions.get_table("cities", "1.0.0", "places")
    assert found["source"] == {
        "dataset": "cities", "version": "1.0.0", "resource": "places", "hash": table.parquet.hash
    }  # fmt: skip
    lines = reader.get(f"{ROWS}.jsonl", query_string={"limit": 2}).data
    assert found["hash"] == f"sha256:{hashlib.sha256(lines).hexdigest()}"


def test_simple_operators_and_sql_say_the_same_and_page_by_page_each_row_comes_once(reader: Caller) -> None:
    simple = _ask(reader, 城市__in="杭州,宁波", gdp__gte="1700", order_by="gdp", limit=1)
    written = _ask(reader, where="城市 IN ('杭州','宁波') AND gdp >= 1700", order_by="gdp", limit=10)
    assert simple["total"] == written["total"] == 2
    assert [item["gdp"] for item in written["items"]] == [1805.2, 1870.5]
    after = _ask(reader, 城市__in="杭州,宁波", gdp__gte="1700", order_by="gdp", limit=1, cursor=simple["next"])
    assert simple["items"] + after["items"] == written["items"]
    assert after["next"] is None
    before = _ask(reader, 城市__in="杭州,宁波", gdp__gte="1700", order_by="gdp", limit=1, cursor=after["previous"])
    assert (before["items"], before["previous"]) == (simple["items"], None)
    named = _ask(reader, **{"a__b c__lt": "3", "order_by": '"a__b c"', "select": 'code, "a__b c" AS n'})
    assert named["items"] == [{"code": "x", "n": "-7"}, {"code": "0574", "n": "2"}, {"code": "0571", "n": "2"}]
    grouped = _ask(
        reader, group_by="年份", select="year AS 年份, sum(gdp) AS 合计, count(*) AS n", having="count(*) > 1"
    )
    assert grouped["items"] == [{"年份": 2023, "合计": 4840.9, "n": 2}, {"年份": 2024, "合计": 3510.75, "n": 3}]
    assert _ask(reader, q="杭州")["total"] == 2


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("gdpp=1", "“gdp__exact”"),
        ("gdp=1", "“gdp__exact”"),
        ("wher=gdp>1", "“where”"),
        ("gdp__gtt=1", "“gdp__gte”"),
        ("gdp__exakt=1", "“gdp__exact”"),
        ("城__exact=1", "“城市”"),
        ("gdp__exact=abc", "needs a number"),
        ("day__gt=2024-13-01", "needs a date"),
        ("where=gdp>'x'", "can't be read as"),
        ("where=gdpp>1", "character 1"),
        ("where=gdp>>", "character"),
        ("where=code=571", "'571'"),
        ("select=read_csv('/etc/passwd')", "read_csv"),
        ("limit=10001", "from 1 to 10000"),
        ("limit=x", "from 1 to 10000"),
        ("limit=1&limit=2", "twice"),
        ("offset=-1", "from 0"),
        ("cursor=abc", "isn't one of ours"),
        ("edition=x", "edition"),
        ("where=gdp>1%00", "NUL"),
        ("having=count(*)>1", "group_by"),
    ],
)
def test_what_is_wrong_is_refused_with_what_to_write_instead(reader: Caller, query: str, words: str) -> None:
    assert words in problem(reader.get(f"{ROWS}?{query}"), 400, "bad-request")["detail"]


def test_a_cursor_belongs_to_its_query(reader: Caller) -> None:
    cursor = _ask(reader, limit=1, order_by="gdp")["next"]
    problem(reader.get(ROWS, query_string={"limit": 1, "cursor": cursor}), 400)
    problem(reader.get(f"{ROWS}.csv", query_string={"cursor": cursor, "order_by": "gdp"}), 400)


def test_all_rows_come_in_every_form(reader: Caller) -> None:
    whole = reader.get(f"{ROWS}.csv")
    assert whole.data == reader.client.get("/datasets/cities/1.0.0/places.csv").data
    assert whole.headers["Content-Type"] == "text/csv; charset=utf-8"
    parquet = pq.read_table(io.BytesIO(reader.get(f"{ROWS}.parquet?where=gdp>1700").data))
    assert parquet.column_names == NAMES
    assert parquet.column("code").to_pylist() == ["0571", "020", "0571"]
    assert json.loads(parquet.schema.metadata[b"sources"])[0]["version"] == "1.0.0"
    with pa.ipc.open_file(io.BytesIO(reader.get(f"{ROWS}.arrow?where=gdp>1700").data)) as arrow:
        assert arrow.read_all().equals(parquet.replace_schema_metadata())
    lines = [json.loads(line) for line in reader.get(f"{ROWS}.jsonl").data.splitlines()]
    assert lines == _ask(reader)["items"]
    sheet = openpyxl.load_workbook(io.BytesIO(reader.get(f"{ROWS}.xlsx?select=code,gdp&limit=2").data)).worksheets[0]
    assert [[cell.value for cell in row] for row in sheet.rows] == [
        ["code", "gdp"],
        ["0571", 1870.5],
        ["0574", 1640.25],
    ]
    places = json.loads(reader.get(f"{ROWS}.geojson").data)
    assert places["type"] == "FeatureCollection"
    assert places["features"][0]["geometry"] == {"type": "Point", "coordinates": [120.15, 30.28]}
    assert places["features"][2]["geometry"] is None
    assert [item["properties"] for item in places["features"]] == lines
    assert "GeoJSON" in problem(reader.get(f"{ROWS}.geojson?select=code"), 400)["detail"]
    assert "geojson" in problem(reader.get(f"{ROWS}.xls"), 404)["detail"]
    chosen = reader.get(ROWS, headers={"Accept": "text/csv"})
    assert chosen.data == whole.data
    assert "Accept" in chosen.headers["Vary"]


def test_an_answer_is_cited_and_asked_for_again_by_a_link(reader: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    first = reader.get(LATEST, query_string={"城市__exact": "杭州", "limit": 1})
    link = first.json["query"]["link"]
    assert link == f"http://localhost/api/v1{ROWS}?%E5%9F%8E%E5%B8%82__exact=%E6%9D%AD%E5%B7%9E&limit=1&edition=1"
    assert first.headers["Cache-Control"] == "no-cache"
    again = reader.get(urlsplit(link).path + "?" + urlsplit(link).query)
    assert again.json["items"] == first.json["items"]
    assert again.json["hash"] == first.json["hash"]
    assert again.json["query"]["link"] == link
    assert "editionDiffers" not in again.json["query"]
    assert again.headers["Cache-Control"].startswith("public, max-age=")
    assert again.headers["Access-Control-Allow-Origin"] == "*"
    other = reader.get(f"{ROWS}?edition=7")
    assert other.json["query"]["editionDiffers"]
    assert "edition 7" in other.headers["Warning"]
    monkeypatch.setattr("opendata.query.engine.Engine.run", None)
    known = reader.get(
        LATEST, query_string={"城市__exact": "杭州", "limit": 1}, headers={"If-None-Match": first.headers["ETag"]}
    )
    assert (known.status_code, known.data) == (304, b""), "nothing ran"


def test_a_file_is_made_once_and_sent_in_parts(reader: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"{ROWS}.csv?where=year=2024"
    whole = reader.get(address)
    digest = hashlib.sha256(whole.data)
    assert whole.headers["ETag"] == f'"{digest.hexdigest()}"'
    assert int(whole.headers["Content-Length"]) == len(whole.data)
    assert whole.headers["Repr-Digest"].startswith("sha-256=:")
    monkeypatch.setattr("opendata.query.engine.Engine.run", None)
    part = reader.get(address, headers={"Range": "bytes=3-9"})
    assert (part.status_code, part.data) == (206, whole.data[3:10])
    beyond = reader.get(address, headers={"Range": "bytes=99999-"})
    assert beyond.headers["Content-Range"] == f"bytes */{len(whole.data)}"
    problem(beyond, 416)


def test_rows_that_are_not_public_are_for_those_who_may_have_them(reader: Caller, owner: Caller) -> None:
    closed = ROWS.replace("cities", "closed-cities")
    for path in (closed, f"{closed}.csv"):
        problem(reader.get(path), 404, "not-public")
        answer = owner.get(path)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert {"Authorization", "Cookie"} <= set(answer.headers["Vary"].split(", "))
        assert "Access-Control-Allow-Origin" not in answer.headers
        problem(reader.get(path), 404, "not-public")
        told = owner.get(path, query_string={"select": "CAST(城市 AS INTEGER) AS n"})
        assert "杭州" in problem(told, 400)["detail"]
        assert "Access-Control-Allow-Origin" not in told.headers


def test_what_is_not_there_is_not_found(reader: Caller) -> None:
    for path in (ROWS.replace("cities", "nothing"), ROWS.replace("1.0.0", "9.0.0"), ROWS.replace("places", "other")):
        problem(reader.get(path), 404, "not-found")
        problem(reader.get(f"{path}?nonsense=1"), 404, "not-found")


COSTED = '"cities"."places"'
COSTED_PAGE = "/datasets/cities/1.0.0/places"


@pytest.mark.parametrize(
    ("path", "cost"),
    [
        (f"/api/v1{ROWS}?limit=2", "rows"),
        (f"/api/v1{ROWS}.csv?limit=2", "rows"),
        (f"/api/v1{ROWS}.csv", "heavy"),
        (f"/api/v1{ROWS}?where=nothing", "rows"),
        (f"/api/v1/sql?q=SELECT code FROM {COSTED}", "rows"),
        (f"/api/v1/sql?q=SELECT a.code FROM {COSTED} a JOIN {COSTED} b ON a.code = b.code", "heavy"),
        (f"/api/v1/sql?q=SELECT code FROM {COSTED} WHERE code IN (SELECT code FROM {COSTED})", "heavy"),
        (f"/api/v1/sql?q=WITH a AS (SELECT code FROM {COSTED}) SELECT * FROM a", "rows"),
        (f"/api/v1/sql.csv?q=SELECT code FROM {COSTED}&limit=3", "rows"),
        (f"/api/v1/sql.csv?q=SELECT code FROM {COSTED}", "heavy"),
        (f"/sql?q=SELECT code FROM {COSTED}", "rows"),
        (f"/sql?q=SELECT a.code FROM {COSTED} a, {COSTED} b", "heavy"),
        ("/sql", ""),
        (COSTED_PAGE, "rows"),
        (f"{COSTED_PAGE}/chart", "rows"),
        (f"{COSTED_PAGE}/chart.svg?type=bar", "rows"),
        ("/datasets", "light"),
        ("/api/v1/search", "light"),
        ("/api/v1/search/columns?q=x", "light"),
        ("/api/v1/search/values?value=x", "rows"),
        (f"/api/v1{ROWS.removesuffix('rows')}joins", "rows"),
        ("/search/tables?q=x", "rows"),
        (f"{COSTED_PAGE}.csv", ""),
        ("/datasets/cities", ""),
    ],
)
def test_a_request_counts_in_the_class_of_what_it_asks(reader: Caller, path: str, cost: str) -> None:
    answer = reader.client.get(path)
    assert answer.status_code in (200, 400)
    assert answer.headers.get("RateLimit-Policy", "").partition(";")[0].strip('"') == cost


@pytest.mark.parametrize(
    ("tool", "arguments", "cost"),
    [
        ("search", {}, "light"),
        ("query", {"dataset": "cities", "table": "places"}, "rows"),
        ("query", {"sql": f"SELECT a.code FROM {COSTED} a, {COSTED} b"}, "heavy"),
    ],
)
def test_a_tool_of_an_assistant_counts_in_the_class_of_its_work(
    reader: Caller, tool: str, arguments: dict[str, str], cost: str
) -> None:
    params = {"name": tool, "arguments": arguments}
    answer = reader.client.post("/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})
    assert not answer.json["result"]["isError"]
    assert answer.headers["RateLimit-Policy"].startswith(f'"{cost}"')
