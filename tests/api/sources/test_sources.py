"""A program says over REST where a table is fetched from, and sees what became of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from opendata.services.access.tokens import TokenOptions
from tests.api.conftest import Caller, pointers, problem
from tests.instances import CSV
from tests.source_servers import serve_site

SOURCE = "/datasets/reservoirs/source"


@pytest.fixture
def limits() -> dict[str, Any]:
    return {"source_hosts": ("127.0.0.1",)}


def test_a_source_is_set_run_read_and_deleted(editor: Caller, gardener: Caller, stranger: Caller) -> None:
    problem(editor.get(SOURCE), 404)
    with serve_site() as site:
        url = site.put("/levels.csv", CSV)
        body = {
            "url": url,
            "resource": "levels",
            "cycle": "weekly",
            "day": 2,
            "at": "05:30",
            "contact": "a@example.org",
        }
        found = editor.put(SOURCE, json=body)
        assert found.status_code == 200, found.text
        assert {name: found.json[name] for name in body} == body
        assert (found.json["kind"], found.json["hasSecret"], found.json["author"]) == ("http", False, "editor")
        assert editor.post(f"{SOURCE}/run").json["waiting"] is True
        editor.services.fetching.run_due()
    run = editor.get(SOURCE).json["runs"][0]
    assert (run["outcome"], run["reason"], run["bytes"]) == ("draft", None, len(CSV.encode()))
    assert editor.work(run["draft"])["status"] == "valid"
    editor.post(f"{SOURCE}/run")
    editor.services.fetching.run_due()
    failed = editor.get(SOURCE, headers={"Accept-Language": "zh"}).json["runs"][0]
    assert (failed["outcome"], "没有响应" in failed["reason"]) == ("failed", True)
    for method in ("GET", "PUT", "DELETE"):
        assert gardener.send(method, SOURCE, **({"json": body} if method == "PUT" else {})).status_code == 403
        assert stranger.send(method, SOURCE, **({"json": body} if method == "PUT" else {})).status_code == 401
    assert editor.delete(SOURCE).status_code == 204
    problem(editor.delete(SOURCE), 404)


def test_a_secret_is_taken_and_never_given(editor: Caller, maintainer: Caller) -> None:
    body = {"url": "https://clerk@example.org/levels.csv", "resource": "levels", "secret": "ganz geheim"}
    found = editor.put(SOURCE, json=body)
    assert (found.json["hasSecret"], "geheim" in found.text) == (True, False)
    assert "geheim" not in editor.get(SOURCE).text
    assert "geheim" not in maintainer.get("/audit").text
    assert pointers(editor.put(SOURCE, json={"url": "https://example.net/a.csv", "resource": "levels"})) == {"/secret"}
    assert editor.put(SOURCE, json={**body, "secret": ""}).json["hasSecret"] is False


def test_what_is_wrong_has_its_pointer(editor: Caller) -> None:
    wrong = {"url": "file:///etc/passwd", "resource": "levels", "cycle": "yearly", "day": 1}
    assert pointers(editor.put(SOURCE, json=wrong)) == {"/url", "/cycle"}
    assert pointers(editor.put(SOURCE, json={"url": 1, "day": 0})) == {"/url", "/resource", "/day"}
    editor.put(SOURCE, json={"url": "https://example.org/a.csv", "resource": "levels"})
    problem(editor.post(f"{SOURCE}/run", json={"acceptKey": "ssh-ed25519 AAAA"}), 409)


def test_a_token_that_may_not_publish_sets_no_source_that_does(
    editor: Caller, make_caller: Callable[..., Caller]
) -> None:
    options = TokenOptions(verbs=["upload"])
    token = editor.services.accounts.create_token("editor", options=options)[0]
    body = {"url": "https://example.org/a.csv", "resource": "levels"}
    uploader = Caller(editor.client, editor.services, token)
    assert uploader.put(SOURCE, json=body).status_code == 200
    refused = uploader.put(SOURCE, json={**body, "submit": True})
    assert (refused.status_code, refused.json["scope"]) == (403, "publish")
