"""Rows as CKAN's DataStore gives them: searches, SQL, dumps in four forms."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from lxml import etree

from tests.api.ckan.test_calls import API, call, refuse


@pytest.fixture(scope="module")
def table(client: FlaskClient) -> str:
    """The id of the resource with the open table."""
    found: str = call(client, "package_show", id="reservoirs")["resources"][0]["id"]
    return found


def search(client: FlaskClient, table: str, **parameters: Any) -> Any:
    return call(client, "datastore_search", resource_id=table, **parameters)


def test_rows_are_searched(client: FlaskClient, table: str) -> None:
    found = search(client, table)
    assert found["records"] == [
        {"_id": 1, "code": "A001", "name": "东湖", "level": 12.5, "measured": "2026-01-31"},
        {"_id": 2, "code": "A002", "name": "西湖", "level": None, "measured": "2026-02-01"},
        {"_id": 3, "code": "A003", "name": "南湖", "level": 3.25, "measured": "2026-02-02"},
    ]
    assert (found["total"], found["total_was_estimated"], found["limit"]) == (3, False, 100)
    assert [(item["id"], item["type"]) for item in found["fields"]] == [
        ("_id", "int"),
        ("code", "text"),
        ("name", "text"),
        ("level", "numeric"),
        ("measured", "date"),
    ]
    assert found["fields"][1]["info"] == {"label": "编号"}
    assert found["_links"]["next"].endswith("offset=100")
    empty = search(client, table, limit=0)
    assert (empty["records"], empty["fields"], empty["total"]) == ([], found["fields"], 3)
    assert search(client, table, limit=10**6)["limit"] == 32_000
    page = search(client, table, limit=1, offset=1, sort="level desc, code", fields=["_id", "level"])
    assert (page["records"], page["total"]) == ([{"_id": 3, "level": 3.25}], 3)
    assert "total" not in search(client, table, include_total=False)


@pytest.mark.parametrize(
    ("parameters", "ids"),
    [
        ({"filters": {"code": "A001"}}, [1]),
        ({"filters": '{"code": ["A001", "A003"]}'}, [1, 3]),
        ({"filters": {"level": 12.5}}, [1]),
        ({"filters": {"level": "12.50", "name": "东湖"}}, [1]),
        ({"filters": {"level": None}}, [2]),
        ({"filters": {"level": [None, 3.25]}}, [2, 3]),
        ({"filters": {"_id": [1, "2"]}}, [1, 2]),
        ({"filters": {"code": []}}, []),
        ({"filters": {"measured": "2026-02-01"}}, [2]),
        ({"filters": {"name": "'; DROP TABLE t0; --"}}, []),
        ({"q": "湖"}, [1, 2, 3]),
        ({"q": "东 a001"}, [1]),
        ({"q": {"name": "南"}}, [3]),
        ({"q": '{"code": "a00"}'}, [1, 2, 3]),
        ({"q": "%"}, []),
        ({"sort": '"level" desc nulls first'}, [2, 1, 3]),
        ({"sort": ["code desc"]}, [3, 2, 1]),
    ],
)
def test_rows_are_filtered_and_sorted(
    client: FlaskClient, table: str, parameters: dict[str, Any], ids: list[int]
) -> None:
    found = search(client, table, **parameters)
    assert [item["_id"] for item in found["records"]] == ids
    assert found["total"] == len(ids)


def test_rows_come_in_four_forms_and_once(client: FlaskClient, table: str) -> None:
    asked = {"fields": "code,level", "sort": "code"}
    assert search(client, table, records_format="lists", **asked)["records"] == [
        ["A001", 12.5],
        ["A002", None],
        ["A003", 3.25],
    ]
    assert search(client, table, records_format="csv", **asked)["records"] == "A001,12.5\r\nA002,\r\nA003,3.25\r\n"
    assert search(client, table, records_format="tsv", **asked)["records"] == "A001\t12.5\nA002\t\nA003\t3.25\n"
    once = search(client, table, fields="measured", distinct=True, sort="measured desc")
    assert (len(once["records"]), once["total"]) == (3, 3)


@pytest.mark.parametrize(
    "parameters",
    [
        {"filters": {"colour": "red"}},
        {"filters": {"level": "high"}},
        {"filters": {"level": {"gte": 1}}},
        {"filters": "[]"},
        {"filters": "{"},
        {"fields": "colour"},
        {"sort": "colour"},
        {"sort": "code; DROP TABLE t0"},
        {"limit": -1},
        {"offset": "many"},
        {"records_format": "xml"},
        {"q": {"colour": "red"}},
    ],
)
def test_what_is_wrong_is_named(client: FlaskClient, table: str, parameters: dict[str, Any]) -> None:
    answer = client.post(f"{API}/datastore_search", json={"resource_id": table, **parameters})
    error = refuse(answer, 409, "Validation Error")
    assert {*error} - {"__type"} == {*parameters}


def test_tables_are_described(client: FlaskClient, table: str) -> None:
    found = call(client, "datastore_info", id=table)
    assert (found["meta"]["count"], found["meta"]["table_type"]) == (3, "BASE TABLE")
    assert found["fields"][0] == {
        "info": {"label": "编号"},
        "id": "code",
        "type": "text",
        "schema": {"native_type": "text", "notnull": True, "index_name": "", "is_index": False, "uniquekey": False},
    }
    assert "schema" not in call(client, "datastore_info", resource_id=table, include_fields_schema=False)["fields"][0]
    assert [item["name"] for item in search(client, "_table_metadata")["records"]] == [table]


def test_sql_is_asked_over_resources(client: FlaskClient, table: str) -> None:
    sql = f'SELECT a.name, count(*) AS n, max("{table}".level) AS top FROM "{table}" JOIN "{table}" AS a USING (code)'
    found = call(client, "datastore_search_sql", sql=f"{sql} GROUP BY a.name ORDER BY top DESC NULLS LAST LIMIT 1")
    assert found["records"] == [{"name": "东湖", "n": 1, "top": 12.5}]
    assert [(item["id"], item["type"]) for item in found["fields"]] == [
        ("name", "text"),
        ("n", "int"),
        ("top", "numeric"),
    ]
    other = 'SELECT 1 FROM "11111111-2222-5333-8444-555555555555"'
    refuse(client.get(f"{API}/datastore_search_sql", query_string={"sql": other}), 403, "Authorization Error")
    file = "SELECT * FROM read_csv('/etc/passwd')"
    for wrong in ("DROP TABLE x", "SELECT pg_sleep(1)", file, "SELECT 'a", "", f'SELECT "{table}'):
        refuse(client.get(f"{API}/datastore_search_sql", query_string={"sql": wrong}), 409, "Validation Error")


def test_tables_are_dumped(client: FlaskClient, table: str) -> None:
    path = f"/datastore/dump/{table}"
    answer = client.get(path)
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert rows[:2] == [["_id", "code", "name", "level", "measured"], ["1", "A001", "东湖", "12.5", "2026-01-31"]]
    assert len(rows) == 4
    assert client.get(f"{path}?bom=true&limit=0").data.startswith("\ufeff_id,".encode())
    assert client.get(f"{path}?format=tsv&limit=1&offset=2&fields=name").text == "name\n南湖\n"
    found = json.loads(client.get(f"{path}?format=json&sort=level").text)
    assert found["records"][0] == [3, "A003", "南湖", 3.25, "2026-02-02"]
    assert [item["id"] for item in found["fields"]] == rows[0]
    tree = etree.fromstring(client.get(f"{path}?format=xml&filters=%7B%22code%22:%22A002%22%7D").data)
    (row,) = tree
    assert row.get("_id") == "2"
    assert row.findtext("name") == "西湖"
    assert row.find("level").get("{http://www.w3.org/2001/XMLSchema-instance}nil") == "true"
    for query, status in (("format=pdf", 400), ("colour=red", 400), ("fields=colour", 400), ("limit=-1", 400)):
        assert client.get(f"{path}?{query}").status_code == status
    assert client.get("/datastore/dump/nothing").status_code == 404
    assert client.get("/datastore/dump/11111111-2222-5333-8444-555555555555").status_code == 404


def test_very_long_parameters_are_refused_before_they_take_time(client: FlaskClient, table: str) -> None:
    long = {"resource_id": table, "sort": "_id" + " " * 100_000 + "x"}
    refuse(client.post(f"{API}/datastore_search", json=long), 409, "Validation Error")
    many = {"query": ["name:a"] * 1000}
    refuse(client.post(f"{API}/resource_search", json=many), 409, "Validation Error")
