"""Whatever is wrong with a request, the answer says so in the reader's language, with no sentence in another one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.api.conftest import Caller
from tests.instances import CSV, SCHEMA

CHINESE = {"Accept-Language": "zh-CN"}
PLACES = {"dataset": "reservoirs", "version": "1.0.0", "resource": "levels", "publisher": "water-bureau"}

BROKEN = (
    *('{"a": ', "{'a': 1}", '{"a" 1}', '{"a": 1, }', "[1 2]", '{"a": "\n"}', '"\\x"', '"\\u12"', "{} {}", '"a'),
    *('{"a": 1, "a": 2}', '{"a": NaN}', '{"a": 1e999}', "[" * 100 + "]" * 100),
)
"""JSON that isn't."""

WRONG_FIELDS = (
    *({"constraints": {"pattern": pattern}} for pattern in ("(", "(?=a)", "[z-a]", 3)),
    *({"type": kind} for kind in ("text", 3, None)),
    {"type": "object", "constraints": {"jsonSchema": {"type": "strin"}}},
    {"type": "integer", "constraints": {"minimum": "x", "enum": []}},
    {"type": "date", "format": "%Q", "opendata": {"zone": "nowhere"}},
    {"name": 3, "constraints": [], "unknown": 1, "missingValues": 3},
)
"""Fields that no schema may have."""

SENTENCE = re.compile(r"[A-Za-z][A-Za-z']+ +[a-z][a-z']+")
"""Two English words in a row: names and codes stand alone, or in quotation marks."""


def list_foreign(answer: TestResponse) -> list[str]:
    """The texts of a problem document that aren't in Chinese."""
    document = answer.get_json()
    texts = [document["title"], document["detail"], *(item["detail"] for item in document.get("errors", ()))]
    return [text for text in texts if not re.search("[\u4e00-\u9fff]", text) or SENTENCE.search(_strip_quoted(text))]


def _strip_quoted(text: str) -> str:
    return re.sub("“[^”]*”|`[^`]*`", "“”", text)


def fill_path(path: str, values: dict[str, str], other: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], other), path)


def list_bodies(schema: dict[str, Any], names: list[str]) -> Iterator[tuple[bytes, str]]:
    """Bodies that are wrong, each with its media type."""
    for text in BROKEN:
        yield text.encode(), "application/json"
    for value in ([], 3, None, {}, {"unknown": 1}):
        yield json.dumps(value).encode(), "application/json"
    for value in (3, "x" * 100_000, None, [], {}, ["a", 3], {"a": {"b": 1}}, True, -1, "\0", "2026-99-99"):
        yield json.dumps(dict.fromkeys(names, value)).encode(), "application/json"
    yield b"{}", "text/plain"
    yield b"\xff\xfe", "application/json"
    yield b"", "application/json"


def list_queries(parameters: list[dict[str, Any]]) -> Iterator[str]:
    yield "unknown=1"
    for item in parameters:
        if item["in"] == "query":
            yield from (f"{item['name']}={value}" for value in ("", "-1", "x" * 2000, "%00", "%FF"))


@pytest.mark.slow
def test_no_problem_has_a_sentence_in_another_language(
    app: Flask, editor: Caller, maintainer: Caller, stranger: Caller
) -> None:
    app.config["EVENT_LONGEST_SECONDS"] = 0.0  # nobody works here, so nothing to follow would ever end
    editor.publish()
    draft = editor.check(("levels.csv", CSV), schema=SCHEMA)["id"]
    maintainer.post("/schemas", json={"name": "levels", "version": "1.0.0", "descriptor": SCHEMA})
    real = {**PLACES, "draft": draft, "schema": "levels", "token": "9999", "grant": "none", "upload": "none"}
    document = stranger.get("/openapi.json").json
    foreign: dict[str, str] = {}
    seen: set[int] = set()

    def send(caller: Caller, method: str, path: str, **options: Any) -> None:
        answer = caller.send(method.upper(), path, **{**options, "headers": {**CHINESE, **options.get("headers", {})}})
        if answer.status_code >= 400:
            seen.add(answer.status_code)
            for text in list_foreign(answer):
                foreign.setdefault(text, f"{method} {path} {answer.status_code}")

    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method == "parameters":
                continue
            there = fill_path(path, real, "none")
            for other in ("none", "Not-An-Id", "..", "x" * 300):
                send(maintainer, method, fill_path(path, {}, other))
            for caller in (stranger, editor, Caller(stranger.client, stranger.services, "odt_wrong")):
                if "delete" not in method:
                    send(caller, method, there)
            send(maintainer, "PROPFIND", there)
            for query in list_queries([_resolve(document, part) for part in operation.get("parameters", ())]):
                send(maintainer, method if method == "get" else "get", f"{there}?{query}")
            content = operation.get("requestBody", {}).get("content", {})
            for raw in content.values():
                names = list(_resolve(document, raw["schema"]).get("properties", {}))
                for body, kind in list_bodies(raw["schema"], names):
                    send(maintainer, method, there, data=body, content_type=kind)
            for name in ("If-Match", "Idempotency-Key", "Upload-Offset", "Upload-Length", "Tus-Resumable"):
                send(editor, method, there, headers={name: "nonsense value"})
    for rules in WRONG_FIELDS:
        body = {"name": "wrong", "version": "1.0.0", "descriptor": {"fields": [{"name": "a", **rules}]}}
        send(maintainer, "post", "/schemas", json=body)
    assert {400, 401, 403, 404, 405, 409, 412, 415, 422} <= seen
    assert foreign == {}


def _resolve(document: dict[str, Any], item: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in item:
        kind, name = item["$ref"].split("/")[-2:]
        item = document["components"][kind][name]
    return item
