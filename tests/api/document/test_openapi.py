"""The OpenAPI document is valid, and tells the truth of every view."""

from __future__ import annotations

import re
from typing import Any

import jsonschema
import pytest
from flask import Flask

from opendata.api.core.blueprints import PREFIX
from tests.api.conftest import Caller


@pytest.fixture
def document(stranger: Caller) -> dict[str, Any]:
    answer = stranger.get("/openapi.json")
    assert answer.content_type == "application/json"
    found: dict[str, Any] = answer.json
    return found


def _list_operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    ]


def test_the_document_is_of_openapi_3_1_and_every_reference_in_it_leads_somewhere(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    assert document["info"]["title"]
    for place in _list_references(document):
        found: Any = document
        for part in place.removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/")]
    for name, schema in document["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert not name.endswith("Shape")


def test_the_document_holds_exactly_the_views_there_are(app: Flask, document: dict[str, Any]) -> None:
    served = {
        (method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(PREFIX) and not rule.rule.endswith("openapi.json")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert {(method, path) for method, path, _ in _list_operations(document)} == served


def test_every_operation_says_how_it_fails_and_who_may(document: dict[str, Any]) -> None:
    for method, path, operation in _list_operations(document):
        name = f"{method} {path}"
        assert operation["summary"].endswith("."), name
        assert re.fullmatch(r"[a-z_]+", operation["operationId"]), name
        assert {"401", "default"} <= set(operation["responses"]), name
        for status, response in operation["responses"].items():
            if status == "default" or int(status) >= 400:
                content = _resolve(document, response)["content"]
                assert list(content) == ["application/problem+json"], name
                assert content["application/problem+json"]["schema"] == {"$ref": "#/components/schemas/Problem"}
        anonymous = {} in operation["security"]
        reads = method == "get" or path.startswith("/api/v1/sql")
        assert not (anonymous and not reads) or (method, path) == ("post", "/api/v1/requests"), name
        if not reads:
            assert [item["token"] for item in operation["security"] if "token" in item] in (
                [["upload"]],
                [["publish"]],
                [["admin"]],
            )
            assert {"session": [], "csrf": []} in operation["security"]
        if "{" in path:
            assert "404" in operation["responses"], name
        if "requestBody" in operation:
            assert {"400", "413", "415", "422"} <= set(operation["responses"]), name
    assert len({operation["operationId"] for _, _, operation in _list_operations(document)}) == len(
        _list_operations(document)
    )


def test_headers_are_declared_where_they_count(document: dict[str, Any]) -> None:
    taken = {
        operation["operationId"]: {
            _resolve(document, item)["name"]
            for item in operation.get("parameters", ())
            if _resolve(document, item)["in"] == "header"
        }
        for _, _, operation in _list_operations(document)
    }
    for name in ("create_dataset", "create_draft", "create_publisher", "create_schema"):
        assert taken[name] == {"Idempotency-Key"}
    for name in ("get_dataset", "get_draft"):
        assert taken[name] == {"If-None-Match"}
    assert taken["append_to_upload"] == {"Tus-Resumable", "Upload-Offset", "Upload-Checksum"}
    for name in ("update_dataset", "submit_draft", "approve_draft", "return_draft", "publish_draft", "discard_draft"):
        assert taken[name] == {"If-Match"}
    created = document["paths"]["/api/v1/datasets/{dataset}/drafts"]["post"]
    assert set(created["responses"]["202"]["headers"]) == {"Location", "ETag", "Retry-After", "Idempotency-Replayed"}
    assert list(created["requestBody"]["content"]) == ["multipart/form-data", "application/json"]


def test_the_groups_that_operations_name_are_described(document: dict[str, Any]) -> None:
    described = {item["name"] for item in document["tags"] if item["description"]}
    assert {tag for _, _, operation in _list_operations(document) for tag in operation["tags"]} == described


def _resolve(document: dict[str, Any], item: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in item:
        kind, name = item["$ref"].split("/")[-2:]
        item = document["components"][kind][name]
    return item


def _list_references(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [place for item in part.values() for place in _list_references(item)]
    return [place for item in part for place in _list_references(item)] if isinstance(part, list) else []
