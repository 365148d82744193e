"""The pages at `/api/docs`: all of the OpenAPI document in the reader's language, with examples that work."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import RequestRedirect

from opendata.wording.voice import voice_of
from tests.web.conftest import Portal

LANGUAGES = ("zh", "en")


@pytest.fixture
def document(portal: Portal) -> dict[str, Any]:
    found: dict[str, Any] = portal.client().get("/api/v1/openapi.json").json
    return found


def list_operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    ]


def read_pages(client: FlaskClient) -> dict[str, str]:
    """The page of each group."""
    overview = client.get("/api/docs").text
    return {name: client.get(f"/api/docs/{name}").text for name in re.findall(r'<h3><a href="docs/(\w+)">', overview)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_operation_is_listed_and_described(portal: Portal, document: dict[str, Any], language: str) -> None:
    client = portal.client(language)
    overview, pages = client.get("/api/docs").text, read_pages(client)
    assert set(pages) == {item["name"] for item in document["tags"]}
    for method, path, operation in list_operations(document):
        tag, name = operation["tags"][0], operation["operationId"]
        assert f'href="docs/{tag}#{name}"' in overview
        assert f'<section class="table-section" id="{name}"' in pages[tag]
        assert f'<span class="method">{method.upper()}</span> {path}</code>' in pages[tag]
    for page in (overview, *pages.values()):
        for anchor in re.findall(r'href="#([\w-]+)"', page):
            assert f'id="{anchor}"' in page, anchor


def test_every_text_of_the_document_is_in_chinese(document: dict[str, Any]) -> None:
    translate = voice_of("zh").translate
    texts = {text for part in (document["paths"], document["components"], document["tags"]) for text in _texts(part)}
    assert len(texts) > 200
    codes = r"[A-Z][\w-]+( [A-Z][\w-]+)*"  # the phrases of HTTP's statuses, which the pages replace
    assert [text for text in texts if translate(text) == text and not re.fullmatch(codes + "|OK", text)] == []


def _texts(part: Any) -> list[str]:
    if isinstance(part, list):
        return [text for item in part for text in _texts(item)]
    if not isinstance(part, dict):
        return []
    own = [part[key] for key in ("summary", "description") if isinstance(part.get(key), str)]
    if own and "zh" in part.get("x-i18n", {}):
        own = []
    return own + [text for item in part.values() for text in _texts(item)]


def test_examples_reach_the_operation_they_stand_for(portal: Portal, document: dict[str, Any]) -> None:
    wanted = {operation["operationId"]: method.upper() for method, _, operation in list_operations(document)}
    seen = set()
    for page in read_pages(portal.client("en")).values():
        for name, code in re.findall(r'aria-label="curl: (\w+)"><code>(.*?)</code>', page, re.DOTALL):
            words = shlex.split(_unescape(code).replace("\\\n", ""))
            method = words[words.index("-X") + 1] if "-X" in words else "GET"
            assert (method, find_endpoint(portal.app, words, method)) == (wanted[name], name)
            if "-d" in words:
                json.loads(words[words.index("-d") + 1])
            seen.add(name)
        for name, code in re.findall(r'aria-label="Python: (\w+)"><code>(.*?)</code>', page, re.DOTALL):
            compile(_unescape(code), name, "exec")
            assert f"requests.{wanted[name].lower()}(" in code
    assert seen == set(wanted)


def find_endpoint(app: Flask, words: list[str], method: str) -> str:
    path = next(word for word in words if word.startswith("http")).removeprefix("http://localhost").partition("?")[0]
    try:
        return str(app.url_map.bind("localhost").match(path, method)[0]).rpartition(".")[2]
    except RequestRedirect:
        return ""


def _unescape(code: str) -> str:
    for mark, text in (("&#34;", '"'), ("&#39;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        code = code.replace(mark, text)
    return code


def test_what_needs_no_rights_can_be_tried(portal: Portal) -> None:
    client = portal.client()
    links = [
        link for page in read_pages(client).values() for link in re.findall(r'href="\.\./\.\.(/api/v1/\w+)"', page)
    ]
    assert {"/api/v1/datasets", "/api/v1/publishers", "/api/v1/schemas"} <= set(links)
    for link in links:
        assert client.get(link).status_code == 200, link


def test_the_pages_load_from_this_server_alone(portal: Portal) -> None:
    answer = portal.client().get("/api/docs/drafts")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert not re.findall(r'(?:src|href)="(?:\w+:)?//(?!localhost)', answer.text)


def test_the_address_in_examples_is_the_portals(portal: Portal) -> None:
    client = portal.client()
    for host in ("data.example.org", "other.example.org"):
        page = client.get("/api/docs/datasets", base_url=f"https://{host}").text
        assert f"curl &#39;https://{host}/api/v1/datasets?limit=10&#39;" in page
        assert "portal.invalid" not in page


def test_a_group_that_does_not_exist_is_not_found(portal: Portal) -> None:
    assert portal.client().get("/api/docs/nothing").status_code == 404
