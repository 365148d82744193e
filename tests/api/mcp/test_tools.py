"""What the tools say: found, described, asked and cited, and nothing of what isn't public."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jsonschema
import pytest
from flask.testing import FlaskClient

from opendata.api.mcp import asking
from opendata.api.mcp.tools import TOOLS
from opendata.wiring import Services
from tests.clients.conftest import start_server
from tests.servers import CHECKOUT


@pytest.fixture
def ask(client: FlaskClient) -> Any:
    def call(name: str, **arguments: Any) -> dict[str, Any]:
        params = {"name": name, "arguments": arguments}
        answer = client.post("/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})
        result: dict[str, Any] = answer.json["result"]
        if not result["isError"]:
            assert json.loads(result["content"][0]["text"]) == result["structuredContent"]
        return result

    return call


def _read_again(client: FlaskClient, answer: dict[str, Any]) -> None:
    """The link of an answer gives the same rows over REST."""
    rest = client.get(answer["link"].removeprefix("http://localhost")).json
    assert (rest["items"], rest["hash"]) == (answer["rows"], answer["hash"])
    assert rest["query"]["link"].partition("?")[0] == answer["link"].partition("?")[0]


def _text(result: dict[str, Any]) -> str:
    assert result["isError"]
    assert "structuredContent" not in result
    return str(result["content"][0]["text"])


def test_every_tool_says_what_it_takes() -> None:
    for tool in TOOLS.values():
        jsonschema.Draft202012Validator.check_schema(tool.schema)
        assert all(item["description"] for item in tool.properties.values())
        assert tool.to_json()["annotations"]["readOnlyHint"]


def test_datasets_are_found_with_their_tables(ask: Any) -> None:
    found = ask("search", query="水位")["structuredContent"]
    assert [(item["id"], item["latest"]) for item in found["items"]] == [("reservoirs", "1.1.0")]
    assert found["items"][0]["tables"] == [{"name": "levels", "title": {"zh": "水位表"}, "rows": 3}]
    assert found["items"][0]["publisher"]["title"] == {"zh": "水务局", "en": "Water bureau"}
    assert {item["id"] for item in ask("search")["structuredContent"]["items"]} == {"reservoirs", "wells"}
    assert ask("search", query="水文站")["structuredContent"]["items"] == []
    narrowed = ask("search", period=["1066"])["structuredContent"]
    assert (narrowed["total"], narrowed["next"]) == (0, None)


def test_a_table_is_described_with_its_columns_units_digests_and_first_rows(ask: Any, published: Services) -> None:
    found = ask("describe", dataset="reservoirs", version="1.0.0")["structuredContent"]
    table = found["tables"][0]
    level = next(item for item in table["columns"] if item["name"] == "level")
    assert level["title"] == {"zh": "水位", "en": "Level"}
    assert level["unit"] == {"code": "m", "name": "metres"}
    assert table["columns"][0]["rules"] == {"required": True, "pattern": "[A-Z][0-9]{3}"}
    assert [item["value"] for item in table["columns"][1]["codes"]] == ["东湖", "西湖", "南湖"]
    assert table["firstRows"][0] == {"code": "A001", "name": "东湖", "level": 12.5, "measured": "2026-01-31"}
    manifest = published.versions.get_manifest("reservoirs", "1.0.0")
    assert table["files"]["parquet"]["hash"] == manifest.tables[0].parquet.hash
    assert found["version"]["hash"] == f"sha256:{published.versions.get('reservoirs', '1.0.0').manifest_sha256}"
    assert {item["name"]: item["state"] for item in table["capabilities"]}["csv"] == "ready"


def test_rows_and_sums_come_with_what_they_are_of_and_a_link_that_is_pinned(
    ask: Any, client: FlaskClient, published: Services
) -> None:
    found = ask("query", dataset="reservoirs", table="levels", where="level > 3", order_by="level", limit=1)
    answer = found["structuredContent"]
    assert answer["rows"] == [{"code": "A003", "name": "南湖", "level": 3.25, "measured": "2026-02-02"}]
    assert (answer["total"], answer["truncated"]) == (2, True)
    assert answer["columns"][2]["unit"] == {"code": "m", "name": "metres"}
    source = published.versions.get_table("reservoirs", "1.1.0", "levels")
    assert answer["sources"][0]["hash"] == source.parquet.hash
    parts = urlsplit(answer["link"])
    assert parts.path == "/api/v1/datasets/reservoirs/1.1.0/levels/rows"
    assert parse_qs(parts.query) == {"where": ["level > 3"], "order_by": ["level"], "limit": ["1"], "edition": ["1"]}
    _read_again(client, answer)
    asked = {"dataset": "reservoirs", "table": "levels", "where": "level > 3", "order_by": "level", "limit": 1}
    after = ask("query", **asked, cursor=answer["next"])["structuredContent"]
    assert [row["code"] for row in after["rows"]] == ["A001"]
    assert (after["truncated"], after["next"]) == (False, None)


def test_sql_over_several_versions_is_pinned_to_each(ask: Any, client: FlaskClient) -> None:
    text = (
        'SELECT n.code FROM "reservoirs"."levels" AS n LEFT JOIN "reservoirs@1.0.0"."levels" AS o ON n.code = o.code'
        " WHERE o.code IS NULL"
    )
    answer = ask("query", sql=text)["structuredContent"]
    assert answer["rows"] == [{"code": "A003"}]
    assert [item["version"] for item in answer["sources"]] == ["1.1.0", "1.0.0"]
    _read_again(client, answer)
    pinned = parse_qs(urlsplit(answer["link"]).query)["q"][0]
    assert '"reservoirs@1.1.0"."levels"' in pinned
    again = ask("query", sql=pinned, limit=1)["structuredContent"]
    assert (again["hash"], again["link"]) == (answer["hash"], answer["link"])
    assert ask("query", sql='SELECT * FROM "reservoirs"."levels"', limit=2)["structuredContent"]["truncated"]


def test_an_answer_that_is_too_large_is_cut_and_goes_on_at_the_next_row(
    ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "MOST_BYTES", 150)
    first = ask("query", dataset="reservoirs", table="levels")["structuredContent"]
    assert [row["code"] for row in first["rows"]] == ["A001", "A002"]
    assert first["truncated"]
    rest = ask("query", dataset="reservoirs", table="levels", cursor=first["next"])["structuredContent"]
    assert [row["code"] for row in rest["rows"]] == ["A003"]
    monkeypatch.setattr(asking, "MOST_BYTES", 10)
    assert "Select fewer columns" in _text(ask("query", dataset="reservoirs", table="levels"))


def test_a_version_and_an_answer_are_cited_by_address_and_digest(ask: Any, published: Services) -> None:
    cited = ask("cite", dataset="reservoirs")["structuredContent"]
    digest = published.versions.get("reservoirs", "1.1.0").manifest_sha256
    for language in ("zh", "en"):
        assert cited["text"][language].endswith(f"sha256:{digest})")
    assert cited["bibtex"].startswith("@dataset{reservoirs-1.1.0,")
    for arguments in (
        {"dataset": "reservoirs", "table": "levels", "select": "max(level) AS most", "limit": 7},
        {"sql": 'SELECT name, count(*) AS n FROM "reservoirs"."levels" GROUP BY name ORDER BY name'},
    ):
        answer = ask("query", **arguments)["structuredContent"]
        of_answer = ask("cite", link=answer["link"])["structuredContent"]
        assert (of_answer["hash"], of_answer["link"]) == (answer["hash"], answer["link"])
        assert all(answer["hash"] in text and digest in text for text in of_answer["text"].values())
    for link in (
        "http://[",
        "/api/v1/sql?x=1",
        "/elsewhere",
        "/api/v1/datasets/a/b/c/rows?limit=-1",
        "a?" + "b=1&" * 99,
    ):
        assert "“link” must be" in _text(ask("cite", link=link))


def test_what_is_not_public_and_what_does_not_exist_is_told_in_the_same_words(ask: Any) -> None:
    places = [("wells", "depths"), ("stations", "depths"), ("no-such-set", "depths"), ("reservoirs", "nothing")]
    for tool, make in (
        ("query", lambda place: {"dataset": place[0], "table": place[1]}),
        ("query", lambda place: {"sql": f'SELECT * FROM "{place[0]}"."{place[1]}"'}),
        ("cite", lambda place: {"link": f"/api/v1/datasets/{place[0]}/1.0.0/{place[1]}/rows"}),
    ):
        said = {_text(ask(tool, **make(place))).replace(place[0], "…").replace(place[1], "…") for place in places}
        assert len(said) == 1, said
    for tool in ("describe", "cite"):
        said = {_text(ask(tool, dataset=name)).replace(name, "…") for name in ("stations", "no-such-set")}
        assert len(said) == 1, said
    told = ask("describe", dataset="wells")["structuredContent"]["tables"][0]
    assert told["isPublic"] is False
    assert not {"firstRows", "files", "nameInSql"} & set(told)
    assert [item["name"] for item in told["columns"]] == ["code", "name", "level", "measured"]
    assert "A001" not in json.dumps(told)


def test_wrong_arguments_are_told_with_what_to_write_instead(ask: Any) -> None:
    for tool, arguments, expected in (
        ("query", {}, "Give either “sql”"),
        ("query", {"sql": "SELECT 1", "where": "x"}, "“where” can't be used"),
        ("query", {"dataset": "reservoirs", "table": "levels", "where": "levl > 1"}, "level"),
        ("query", {"dataset": "reservoirs", "table": "levels", "limit": 5000}, "“limit” isn't right"),
        ("query", {"sql": "DROP TABLE x"}, "SELECT"),
        ("search", {"color": "red"}, "color"),
        ("search", {"cursor": "x"}, "cursor"),
        ("describe", {}, "dataset"),
        ("describe", {"dataset": "reservoirs", "table": "x"}, "no resource “x”"),
        ("describe", {"dataset": "reservoirs", "version": "9.9.9"}, "9.9.9"),
        ("cite", {}, "Give “dataset”"),
    ):
        assert expected in _text(ask(tool, **arguments)), (tool, arguments)


@pytest.fixture(scope="module")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python of its own that has the official SDK, whose client knows nothing of us."""
    folder = tmp_path_factory.mktemp("sdk")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, capture_output=True)
    command = [str(folder / "bin" / "python"), "-m", "pip", "install", "-q", "mcp>=2.3,<3"]
    installed = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if installed.returncode:
        pytest.skip(f"the SDK can't be had here: {installed.stderr.strip().splitlines()[-1:]}")
    return folder / "bin" / "python"


@pytest.fixture(scope="module")
def address(published: Services, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    process, address = start_server(published.settings.home, tmp_path_factory.mktemp("served") / "log")
    with process:
        yield address
        process.terminate()
        process.wait(timeout=60)


_CLIENT = """
import asyncio, json, sys
from mcp import Client

async def main():
    found = {}
    for mode in ("auto", "legacy", "2026-07-28"):
        async with Client(sys.argv[1] + "/mcp", mode=mode) as client:
            tools = await client.list_tools()
            said = [tool.name for tool in tools.tools]
            for name, arguments in json.loads(sys.argv[2]):
                result = await client.call_tool(name, arguments)
                said.append([result.is_error, result.structured_content or result.content[0].text])
            found[mode] = said
    print(json.dumps(found))

asyncio.run(main())
"""


@pytest.mark.slow
def test_the_client_of_the_official_sdk_finds_asks_and_cites(sdk: Path, address: str) -> None:
    calls = [
        ["search", {"query": "水位"}],
        ["describe", {"dataset": "reservoirs"}],
        ["query", {"dataset": "reservoirs", "table": "levels", "select": "count(*) AS n"}],
        ["query", {"dataset": "wells", "table": "depths"}],
        ["cite", {"dataset": "reservoirs"}],
    ]
    command = [str(sdk), "-c", _CLIENT, address, json.dumps(calls)]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=CHECKOUT.parent, env=environment)
    assert ran.returncode == 0, ran.stderr
    for mode, said in json.loads(ran.stdout).items():
        names, answers = said[:4], said[4:]
        assert names == ["search", "describe", "query", "cite"], mode
        assert [item[0] for item in answers] == [False, False, False, True, False], mode
        assert answers[0][1]["items"][0]["id"] == "reservoirs"
        assert answers[2][1]["rows"] == [{"n": 3}]
        assert answers[4][1]["text"]["en"].endswith(")")
