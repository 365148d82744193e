"""What is said of a table's formats and calls is what their addresses answer."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from opendata.services.delivery import forms
from opendata.wiring import Services
from tests.api.conftest import Caller
from tests.instances import CSV, SCHEMA

_FORMATS = ("csv", "csvExcel", "parquet", "xlsx", "json", "jsonl", "arrow", "geojson")


def _list(client: Any, place: str, **headers: str) -> dict[str, dict[str, Any]]:
    dataset, version, table = place.split("/")
    path = f"/api/v1/datasets/{dataset}/versions/{version}/resources/{table}/capabilities"
    answer = client.get(path, headers={"Accept-Language": "en", **headers})
    assert answer.status_code == 200, answer.text
    return {item["name"]: item for item in answer.json["items"]}


def _prove(client: FlaskClient, found: dict[str, dict[str, Any]], **headers: str) -> set[str]:
    """Ask each address, and see that it answers as is said of it; the names of those that were asked."""
    asked = set()
    for name, item in found.items():
        assert (item["reason"] is None) == (item["state"] != "impossible"), item
        if item["url"] is None:
            continue
        is_possible = item["state"] != "impossible"
        accept = item["mediaType"].partition(";")[0] if is_possible else "application/json"
        path = item["url"].removeprefix("http://localhost").partition("#")[0]
        answer = client.get(path, headers={"Accept-Language": "en", "Accept": accept, **headers})
        if is_possible:
            assert (answer.status_code, answer.mimetype) == (200, accept), item
        else:
            assert answer.status_code >= 400, item
            assert answer.json["detail"] == item["reason"]
        asked.add(name)
    return asked


def test_what_is_ready_is_there_and_what_is_made_is_ready_afterwards(client: FlaskClient) -> None:
    place = "reservoirs/1.1.0/levels"
    found = _list(client, place)
    assert [name for name, item in found.items() if item["kind"] == "format"] == [*_FORMATS]
    for name in (
        "csv",
        "parquet",
        "schema",
        "citation",
        "openapi",
        "rows",
        "sql",
        "iceberg",
        "table",
        "chart",
        "changes",
    ):
        assert found[name]["state"] == "ready", name
    assert "no points" in found["geojson"]["reason"]
    assert found["arrow"]["state"] == "onRequest"
    chart = found.pop("chart")  # drawing has slow tests
    assert chart["url"].endswith("/chart.svg")
    assert _prove(client, found) == set(found)
    after = _list(client, place)
    assert {item["state"] for name, item in after.items() if name != "geojson"} == {"ready"}
    assert found["arrow"]["title"] == "Arrow"


def test_the_first_version_has_nothing_to_compare_with(client: FlaskClient) -> None:
    found = _list(client, "reservoirs/1.0.0/levels")["changes"]
    assert (found["state"], found["url"]) == ("impossible", None)
    assert found["remedy"]


def test_rows_that_are_not_public_are_refused_with_the_same_reason(client: FlaskClient) -> None:
    found = _list(client, "wells/1.0.0/depths")
    possible = {name for name, item in found.items() if item["state"] != "impossible"}
    assert {"schema", "citation", "openapi"} <= possible <= {"schema", "citation", "openapi", "report", "profile"}
    assert "grant" in found["csv"]["remedy"]
    assert found["sql"]["reason"].startswith('There is no public table “"wells@1.0.0"."depths"”')
    assert (found["iceberg"]["state"], found["iceberg"]["url"]) == ("impossible", None)
    assert _prove(client, found) >= {*_FORMATS, "rows", "sql", "table", "chart", "schema"}


def test_a_table_that_is_too_wide_for_a_worksheet_says_what_to_take_instead(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "SHEET_COLUMNS", 3)
    found = _list(client, "reservoirs/1.0.0/levels")
    assert found["xlsx"]["state"] == "impossible"
    assert "CSV" in found["xlsx"]["remedy"]
    _prove(client, {"xlsx": found["xlsx"]})


def test_who_may_have_the_rows_has_the_files_but_no_sql(client: FlaskClient, published: Services) -> None:
    token, _ = published.accounts.create_token("clerk")
    found = _list(client, "wells/1.0.0/depths", Authorization=f"Bearer {token}")
    assert {found[name]["state"] for name in ("csv", "parquet", "report", "rows")} == {"ready"}
    assert found["sql"]["state"] == "impossible"
    assert "grant" in found["sql"]["remedy"]
    asked = {name: found[name] for name in ("csv", "json", "report", "rows", "sql")}
    assert _prove(client, asked, Authorization=f"Bearer {token}") == set(asked)


@pytest.mark.slow
def test_a_table_with_points_is_geojson_and_drawn(editor: Caller, stranger: Caller) -> None:
    points = "name,lon,lat\nA,113.2,23.1\nB,114.0,22.5\n"
    fields = [{"name": "name", "type": "string"}, {"name": "lon", "type": "number"}, {"name": "lat", "type": "number"}]
    editor.publish(points, schema={"fields": fields})
    found = _list(stranger.client, "reservoirs/latest/levels")
    assert found["geojson"]["state"] == "ready"
    assert _prove(stranger.client, found) >= {"geojson", "chart", "rows"}


@pytest.mark.slow
def test_changes_need_a_key_that_both_versions_share(editor: Caller, stranger: Caller) -> None:
    editor.publish()
    editor.publish(CSV + "A003,南湖,1,2026-02-03\n", schema={"fields": SCHEMA["fields"]})
    found = _list(stranger.client, "reservoirs/latest/levels")["changes"]
    assert "primary key" in found["reason"]
    assert "difference" in found["remedy"]
    assert _prove(stranger.client, {"changes": found}) == {"changes"}


def test_a_table_that_there_is_none_of_has_no_capabilities(client: FlaskClient) -> None:
    for place in ("reservoirs/versions/1.1.0/resources/nothing", "stations/versions/latest/resources/levels"):
        assert client.get(f"/api/v1/datasets/{place}/capabilities").status_code == 404
