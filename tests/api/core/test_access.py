"""Who may do what, and how a caller is known: by token, or by the session of the pages."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask

from opendata.wiring import Services
from tests.api.conftest import Caller, problem
from tests.instances import CSV, SCHEMA, make_actor


@pytest.mark.parametrize(
    "header", ["Bearer odt_wrong", "Bearer", "Basic dXNlcjpwYXNz", "odt_x", "", "Bearer \xe4\xf6", "Bearer a b"]
)
def test_a_wrong_token_is_refused_on_public_addresses_too(stranger: Caller, header: str) -> None:
    for path in ("/datasets", "/publishers", "/drafts"):
        answer = stranger.get(path, headers={"Authorization": header})
        problem(answer, 401, "not-signed-in")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_revoked_token_ends_at_once(editor: Caller, services: Services) -> None:
    services.accounts.revoke_token(services.accounts.list_tokens()[0].id)
    problem(editor.get("/datasets"), 401, "not-signed-in")


def test_strangers_read_what_is_public_and_nothing_else(editor: Caller, stranger: Caller) -> None:
    draft = editor.upload(("levels.csv", CSV)).json["id"]
    assert stranger.get("/datasets").json["items"] == []
    problem(stranger.get("/datasets/reservoirs"), 404)
    problem(stranger.get("/drafts"), 401)
    problem(stranger.get(f"/drafts/{draft}"), 401)
    problem(stranger.get("/datasets/reservoirs/drafts"), 401)
    problem(stranger.post("/datasets", json={"title": "a"}), 401)
    problem(stranger.upload(("levels.csv", CSV)), 401)
    assert stranger.get("/publishers").headers["Cache-Control"] == "no-cache"
    assert editor.get("/publishers").headers["Cache-Control"] == "private, no-store"


def test_an_editor_acts_for_their_own_publisher_only(editor: Caller, gardener: Caller) -> None:
    draft = editor.check(("levels.csv", CSV), schema=SCHEMA)["id"]
    problem(gardener.get(f"/drafts/{draft}"), 403, "not-permitted")
    problem(gardener.post(f"/drafts/{draft}/submit"), 403)
    problem(gardener.delete(f"/drafts/{draft}/resources/levels"), 403)
    problem(gardener.upload(("levels.csv", CSV)), 403)
    problem(gardener.get("/datasets/reservoirs/drafts"), 403)
    problem(gardener.patch("/datasets/reservoirs", json={"title": "mine"}), 403)
    problem(gardener.post("/datasets", json={"title": "a", "publisher": "water-bureau"}), 403)
    problem(gardener.get("/datasets/reservoirs"), 404)
    assert gardener.get("/drafts").json["items"] == []
    assert [item["id"] for item in editor.get("/drafts").json["items"]] == [draft]


def test_publishers_and_schemas_are_made_by_maintainers(editor: Caller, maintainer: Caller, stranger: Caller) -> None:
    publisher = {
        "id": "roads-bureau",
        "title": "交通局",
        "description": "路",
        "i18n": {"en": {"title": "Roads bureau"}},
    }
    problem(editor.post("/publishers", json=publisher), 403)
    made = maintainer.post("/publishers", json=publisher)
    assert (made.status_code, made.headers["Location"]) == (201, "/api/v1/publishers/roads-bureau")
    found = stranger.get("/publishers/roads-bureau").json
    assert found == made.json
    assert {key: found[key] for key in publisher} == publisher
    schema = {"name": "levels", "version": "1.0.0", "descriptor": SCHEMA}
    problem(editor.post("/schemas", json=schema), 403)
    made = maintainer.post("/schemas", json=schema)
    assert (made.status_code, made.headers["Location"]) == (201, "/api/v1/schemas/levels/1.0.0")
    assert stranger.get("/schemas/levels").json == stranger.get("/schemas/levels/1.0.0").json == made.json
    assert "descriptor" not in stranger.get("/schemas").json["items"][0]


def test_a_session_of_the_pages_reads_and_with_the_pages_token_writes(app: Flask, services: Services) -> None:
    make_actor(services, "editor")
    client = app.test_client()
    form = client.get("/sign-in").text
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', form)
    assert token
    signed_in = client.post("/sign-in", data={"name": "editor", "password": "a long password", "csrf_token": token[1]})
    assert signed_in.status_code == 303
    caller = Caller(client, services)
    assert caller.get("/drafts").status_code == 200
    problem(caller.post("/datasets", json={"title": "a"}), 403, "not-permitted")
    problem(caller.post("/datasets", json={"title": "a"}, headers={"X-CSRFToken": "wrong"}), 403)
    page = client.get("/workspace/datasets/new").text
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)
    assert token
    assert caller.post("/datasets", json={"title": "ab"}, headers={"X-CSRFToken": token[1]}).status_code == 201


def test_every_operation_that_changes_something_needs_somebody(
    app: Flask, stranger: Caller, make_caller: Callable[..., Caller]
) -> None:
    for rule in app.url_map.iter_rules():
        is_asking = rule.endpoint.startswith(("api_sql.", "ckan_actions."))  # which changes nothing
        if not rule.rule.startswith("/api/") or is_asking:
            continue
        path = re.sub(r"<version:\w+>", "1.0.0", re.sub(r"<(?:identifier|item):\w+>", "anything", rule.rule))
        for method in rule.methods & {"POST", "PATCH", "PUT", "DELETE"}:
            if rule.endpoint == "api_requests.send_request":  # a reader asks a publisher without an account
                continue
            problem(stranger.send(method, path), 401, "not-signed-in")
