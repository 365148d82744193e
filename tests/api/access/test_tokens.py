"""Tokens over REST: made, listed, ended; and what is refused for want of a scope."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from opendata.api.core.authentication import NEEDED
from opendata.services.access.tokens import TokenOptions
from opendata.wiring import Services
from tests.instances import make_actor


@pytest.fixture
def bearer(services: Services, app: Flask) -> Callable[..., Any]:
    """Gives a function that sends a request with a new token of the maintainer `boss` with these scopes."""
    make_actor(services, "boss", role="maintainer")

    def ask(method: str, path: str, scopes: list[str], **options: object) -> object:
        text, _ = services.accounts.create_token("boss", options=TokenOptions(verbs=scopes))
        headers = {"Authorization": f"Bearer {text}"}
        return app.test_client().open(path, method=method, headers=headers, **options)

    return ask


def test_tokens_are_made_listed_and_ended(bearer, app: Flask) -> None:
    made = bearer("POST", "/api/v1/tokens", ["admin", "upload"], json={"name": "nightly", "scopes": ["upload"]})
    assert made.status_code == 201
    found = made.get_json()
    assert found["token"].startswith("odt_")
    assert (found["scopes"], found["name"], found["revoked"]) == (["read", "upload"], "nightly", False)
    assert found["expires"] is not None
    listed = bearer("GET", "/api/v1/tokens", ["admin"]).get_json()["items"]
    assert found["id"] in [item["id"] for item in listed]
    assert "token" not in listed[0]
    headers = {"Authorization": f"Bearer {found['token']}"}
    assert app.test_client().get("/api/v1/drafts", headers=headers).status_code == 200
    assert bearer("DELETE", f"/api/v1/tokens/{found['id']}", ["admin"]).status_code == 204
    assert app.test_client().get("/api/v1/drafts", headers=headers).status_code == 401
    assert bearer("DELETE", "/api/v1/tokens/999", ["admin"]).status_code == 404
    wrong = bearer("POST", "/api/v1/tokens", ["admin"], json={"scopes": ["write"]})
    assert wrong.status_code == 422


@pytest.mark.parametrize(
    ("method", "path", "scopes", "missing"),
    [
        ("GET", "/api/v1/audit", ["read", "upload", "publish"], "admin"),
        ("POST", "/api/v1/tokens", ["upload"], "admin"),
        ("POST", "/api/v1/publishers", ["publish"], "admin"),
        ("POST", "/api/v1/datasets", ["read", "publish"], "upload"),
        ("POST", "/api/v1/uploads", ["read"], "upload"),
        ("POST", "/api/v1/drafts/x1/submit", ["upload"], "publish"),
        ("POST", "/api/v1/drafts/x1/approve", ["upload"], "publish"),
    ],
)
def test_a_refusal_names_the_missing_scope(bearer, method: str, path: str, scopes: list[str], missing: str) -> None:
    answer = bearer(method, path, scopes, **({"json": {}} if method == "POST" else {}))
    assert answer.status_code == 403
    problem = answer.get_json()
    assert problem["type"] == "/problems/insufficient-scope"
    assert problem["scope"] == missing
    assert answer.headers["WWW-Authenticate"] == (
        f'Bearer realm="opendata", error="insufficient_scope", scope="{missing}"'
    )


def test_a_token_that_only_reads_changes_nothing_anywhere(bearer, app: Flask) -> None:
    tried = 0
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}):
            is_asking = rule.endpoint.startswith(("api_sql.", "ckan_actions."))  # which changes nothing
            if rule.rule.startswith("/api/") and not is_asking:
                path = re.sub(r"<int:[^>]+>", "1", re.sub(r"<[^>]*version>", "1.0.0", rule.rule))
                path = re.sub(r"<[^>]+>", "x1", path)
                answer = bearer(method, path, ["read"], json={})
                assert answer.status_code == 403, (method, path)
                assert answer.get_json()["scope"] in ("upload", "publish", "admin")
                tried += 1
    assert tried > 25


def test_every_operation_says_what_a_token_needs(app: Flask) -> None:
    views = {rule.endpoint for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/v1/")}
    assert views - set(NEEDED) == {"api-docs.openapi_json", "table_document.send_table_document"}
