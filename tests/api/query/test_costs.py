"""What each way of asking tables costs: the class in which its requests are counted."""

from __future__ import annotations

import pytest

from tests.api.conftest import Caller
from tests.api.query.conftest import ROWS

TABLE = '"cities"."places"'
PAGE = "/datasets/cities/1.0.0/places"


@pytest.mark.parametrize(
    ("path", "cost"),
    [
        (f"/api/v1{ROWS}?limit=2", "rows"),
        (f"/api/v1{ROWS}.csv?limit=2", "rows"),
        (f"/api/v1{ROWS}.csv", "heavy"),
        (f"/api/v1{ROWS}?where=nothing", "rows"),
        (f"/api/v1/sql?q=SELECT code FROM {TABLE}", "rows"),
        (f"/api/v1/sql?q=SELECT a.code FROM {TABLE} a JOIN {TABLE} b ON a.code = b.code", "heavy"),
        (f"/api/v1/sql?q=SELECT code FROM {TABLE} WHERE code IN (SELECT code FROM {TABLE})", "heavy"),
        (f"/api/v1/sql?q=WITH a AS (SELECT code FROM {TABLE}) SELECT * FROM a", "rows"),
        (f"/api/v1/sql.csv?q=SELECT code FROM {TABLE}&limit=3", "rows"),
        (f"/api/v1/sql.csv?q=SELECT code FROM {TABLE}", "heavy"),
        (f"/sql?q=SELECT code FROM {TABLE}", "rows"),
        (f"/sql?q=SELECT a.code FROM {TABLE} a, {TABLE} b", "heavy"),
        ("/sql", ""),
        (PAGE, "rows"),
        (f"{PAGE}/chart", "rows"),
        (f"{PAGE}/chart.svg?type=bar", "rows"),
        ("/datasets", "light"),
        ("/api/v1/search", "light"),
        (f"{PAGE}.csv", ""),
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
        ("query", {"sql": f"SELECT a.code FROM {TABLE} a, {TABLE} b"}, "heavy"),
    ],
)
def test_a_tool_of_an_assistant_counts_in_the_class_of_its_work(
    reader: Caller, tool: str, arguments: dict[str, str], cost: str
) -> None:
    params = {"name": tool, "arguments": arguments}
    answer = reader.client.post("/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})
    assert not answer.json["result"]["isError"]
    assert answer.headers["RateLimit-Policy"].startswith(f'"{cost}"')
