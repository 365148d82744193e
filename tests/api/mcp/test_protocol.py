"""The corners of the protocol at `/mcp`: versions, headers, batches, sizes, and whatever bytes come in."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from opendata.api.mcp.mcp import MOST_BYTES
from opendata.wiring import Services
from tests.instances import lend_app

NEWEST, HANDSHAKE = "2026-07-28", "2025-11-25"
META = {
    "io.modelcontextprotocol/protocolVersion": NEWEST,
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
}


def _post(client: FlaskClient, document: Any, **headers: str) -> TestResponse:
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    sent = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
    return client.post(
        "/mcp", data=data, headers=sent | {name.replace("_", "-"): text for name, text in headers.items()}
    )


def _call(method: str, id: Any = 1, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": params}


def _modern(client: FlaskClient, method: str, name: str = "", *, meta: Any = META, **params: Any) -> TestResponse:
    headers = {"MCP-Protocol-Version": NEWEST, "Mcp-Method": method} | ({"Mcp-Name": name} if name else {})
    asked = {**params, "_meta": meta} | ({"name": name} if name else {})
    return _post(client, _call(method, **asked), **headers)


def test_a_handshake_agrees_on_a_version_that_both_speak(client: FlaskClient) -> None:
    for wanted, agreed in (("2025-06-18", "2025-06-18"), ("2024-11-05", "2024-11-05"), ("2031-01-01", HANDSHAKE)):
        result = _post(client, _call("initialize", protocolVersion=wanted)).json["result"]
        assert result["protocolVersion"] == agreed
        assert result["capabilities"] == {"tools": {}}
        assert result["serverInfo"]["name"] == "opendata"
    assert _post(client, _call("initialize")).json["error"]["code"] == -32602
    told = _post(client, {"jsonrpc": "2.0", "method": "notifications/initialized"}, MCP_Protocol_Version=HANDSHAKE)
    assert (told.status_code, told.data) == (202, b"")
    assert _post(client, _call("ping", "a"), MCP_Protocol_Version=HANDSHAKE).json == {
        "jsonrpc": "2.0",
        "id": "a",
        "result": {},
    }


def test_without_a_handshake_each_request_says_its_version_twice(client: FlaskClient) -> None:
    found = _modern(client, "server/discover")
    assert found.headers["Cache-Control"] == "no-store"
    assert found.json["result"]["supportedVersions"][0] == NEWEST
    assert found.json["result"]["resultType"] == "complete"
    assert found.json["result"]["_meta"]["io.modelcontextprotocol/serverInfo"]["name"] == "opendata"
    listed = _modern(client, "tools/list").json["result"]
    assert [item["name"] for item in listed["tools"]] == ["search", "describe", "query", "cite"]
    assert listed["cacheScope"] == "public"
    encoded = f"=?base64?{base64.b64encode(b'search').decode()}?="
    asked = {**_call("tools/call", name="search", arguments={}, _meta=META)}
    headers = {"MCP_Protocol_Version": NEWEST, "Mcp_Method": "tools/call"}
    assert _post(client, asked, **headers, Mcp_Name=encoded).json["result"]["isError"] is False
    for wrong in ({}, {"Mcp_Name": "query"}, {"Mcp_Name": "=?base64?$$?="}):
        answer = _post(client, asked, **headers, **wrong)
        assert (answer.status_code, answer.json["error"]["code"]) == (400, -32020)
    for headers in (
        {"Mcp_Method": "tools/list"},
        {"MCP_Protocol_Version": NEWEST},
        {"MCP_Protocol_Version": HANDSHAKE},
    ):
        answer = _post(client, _call("tools/list", _meta=META), **headers)
        assert (answer.status_code, answer.json["error"]["code"]) == (400, -32020)
    for meta in ({}, {**META, "io.modelcontextprotocol/clientCapabilities": 1}, {"x": 1}):
        assert _modern(client, "tools/list", meta=meta).json["error"]["code"] == -32602
    unknown = _modern(client, "resources/list")
    assert (unknown.status_code, unknown.json["error"]["code"]) == (404, -32601)
    assert _modern(client, "ping").status_code == 404


def test_a_version_that_nobody_knows_is_answered_with_those_there_are(client: FlaskClient) -> None:
    meta = {**META, "io.modelcontextprotocol/protocolVersion": "1900-01-01"}
    old = _post(client, _call("tools/list", _meta=meta), MCP_Protocol_Version="1900-01-01", Mcp_Method="tools/list")
    bare = _post(client, _call("tools/list"), MCP_Protocol_Version="1900-01-01")
    for answer in (old, bare):
        assert answer.status_code == 400
        assert answer.json["error"]["code"] == -32022
        assert answer.json["error"]["data"]["requested"] == "1900-01-01"
        assert {NEWEST, HANDSHAKE} <= set(answer.json["error"]["data"]["supported"])


def test_several_messages_come_at_once_only_in_the_version_that_has_that(client: FlaskClient) -> None:
    batch = [_call("ping", 1), {"jsonrpc": "2.0", "method": "notifications/initialized"}, _call("nothing", 2), 5]
    for headers in ({}, {"MCP_Protocol_Version": "2025-03-26"}):
        found = _post(client, batch, **headers).json
        assert [item.get("id") for item in found] == [1, 2, None]
        assert [item.get("error", {}).get("code") for item in found] == [None, -32601, -32600]
    assert _post(client, [_call("initialize", protocolVersion="2025-03-26")]).json[0]["error"]["code"] == -32600
    for refused, headers in (([], {}), ([_call("ping")] * 21, {}), (batch, {"MCP_Protocol_Version": HANDSHAKE})):
        answer = _post(client, refused, **headers)
        assert (answer.status_code, answer.json["error"]["code"]) == (400, -32600)
    assert _post(client, [{"jsonrpc": "2.0", "method": "x"}]).status_code == 202


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, -32700),
        (b"\xff", 400, -32700),
        (b'{"a":1,"a":2}', 400, -32700),
        (b"[" * 10_000, 400, -32700),
        (b"5", 400, -32600),
        (b'{"jsonrpc":"1.0","id":1,"method":"ping"}', 400, -32600),
        (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', 400, -32600),
        (b'{"jsonrpc":"2.0","id":true,"method":"ping"}', 400, -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":5}', 400, -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', 400, -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":[]}}', 400, -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"x"}}', 200, -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":[]}}', 200, -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"cite","arguments":[]}}', 200, -32602),
        (b'"' + b"x" * MOST_BYTES + b'"', 413, -32600),
    ],
)
def test_a_message_that_is_wrong_is_answered_by_the_rules(
    client: FlaskClient, body: bytes, status: int, code: int
) -> None:
    answer = _post(client, body)
    assert (answer.status_code, answer.json["error"]["code"]) == (status, code)
    assert "id" in answer.json


def test_only_messages_are_taken_and_only_by_post(client: FlaskClient) -> None:
    for method in ("get", "delete", "put"):
        answer = getattr(client, method)("/mcp", headers={"Accept": "text/event-stream"})
        assert answer.status_code == 405
        assert "POST" in answer.headers["Allow"]
    assert _post(client, _call("ping"), Content_Type="text/plain").status_code == 415
    assert _post(client, _call("ping"), Accept="text/html").status_code == 406
    assert _post(client, {"jsonrpc": "2.0", "id": 1, "result": {}}).status_code == 202
    assert _post(client, {"jsonrpc": "2.0", "id": 1, "result": {}}, MCP_Protocol_Version=NEWEST).status_code == 400


def test_pages_of_other_sites_are_refused_even_where_their_name_leads_here(
    client: FlaskClient, published: Services
) -> None:
    for origin in ("http://evil.example", "null", "http://[", "http://localhost.evil.example", "file://"):
        answer = _post(client, _call("ping"), Origin=origin, Host="evil.example")
        assert (answer.status_code, answer.json["error"]["code"]) == (403, -32600)
    for origin in ("http://localhost:3000", "http://127.0.0.1", "http://[::1]:8000"):
        assert _post(client, _call("ping"), Origin=origin).status_code == 200


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_comes_in_is_answered_and_never_a_fault_of_ours(client: FlaskClient, data: st.DataObject) -> None:
    value = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
        max_leaves=8,
    )
    names = (
        "query",
        "sql",
        "dataset",
        "version",
        "table",
        "select",
        "where",
        "group_by",
        "having",
        "order_by",
        "limit",
    )
    known = st.sampled_from(["reservoirs", "levels", "latest", "1.0.0", "code", "count(*)", "level > 1", "wells"])
    asked = st.fixed_dictionaries({}, optional=dict.fromkeys((*names, "cursor", "link"), known | value))
    message = st.fixed_dictionaries(
        {"jsonrpc": st.just("2.0"), "id": st.integers(0, 9) | value},
        optional={
            "method": st.sampled_from(["tools/call", "tools/list", "initialize", "server/discover"]) | st.text(),
            "params": st.fixed_dictionaries(
                {"name": st.sampled_from(["search", "describe", "query", "cite"]) | value, "arguments": asked | value},
                optional={"_meta": value},
            )
            | value,
        },
    )
    document = data.draw(message | value | st.lists(message, max_size=2))
    answer = _post(client, json.dumps(document).encode())
    assert answer.status_code in (200, 202, 400, 403, 413), answer.text
    assert answer.status_code == 202 or answer.json is not None


def test_the_public_address_of_the_portal_is_an_origin_that_may_send(published: Services) -> None:
    from dataclasses import replace

    named = replace(published, settings=replace(published.settings, base_url="https://data.example.org"))
    with lend_app(named) as app:
        client = app.test_client()
        own = _post(client, _call("ping"), Host="data.example.org", Origin="https://data.example.org")
        other = _post(client, _call("ping"), Host="data.example.org", Origin="https://other.example.org")
    assert (own.status_code, other.status_code) == (200, 403)
