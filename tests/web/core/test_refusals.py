"""What programs and people get beyond the limit of a minute, and what of refused requests the audit log gets."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from werkzeug.test import TestResponse

from opendata.services.core.actors import SYSTEM
from tests.web.conftest import Portal, make_portal, send

LIMIT = 3


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A portal that takes few requests in a minute."""
    with make_portal(tmp_path_factory.mktemp("strict"), requests_per_minute=LIMIT) as built:
        yield built


def find_slowed(answers: Iterator[TestResponse]) -> TestResponse:
    """The first answer 429; a minute may end in between."""
    return next(answer for answer in answers if answer.status_code == 429)


def test_a_program_that_sends_too_much_is_told_when_to_go_on(strict: Portal) -> None:
    text, _ = strict.services.accounts.create_token("boss")
    headers = {"Authorization": f"Bearer {text}", "Accept-Language": "zh"}

    def ask() -> TestResponse:
        return strict.app.test_client().post("/api/v1/tokens", json={"name": "another"}, headers=headers)

    first = ask()
    assert first.status_code == 201
    assert first.headers["RateLimit-Policy"] == f'"changes";q={LIMIT};w=60'
    assert first.headers["RateLimit"].startswith(f'"changes";r={LIMIT - 1};t=')
    answer = find_slowed(ask() for _ in range(2 * LIMIT + 1))
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json["type"] == "/problems/rate-limit"
    assert f"{LIMIT} 次" in answer.json["detail"]
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert answer.headers["RateLimit"] == f'"changes";r=0;t={answer.headers["Retry-After"]}'
    read = strict.app.test_client().get("/api/v1/tokens", headers=headers)
    assert (read.status_code, "RateLimit" in read.headers) == (200, False)


def test_a_reader_of_pages_gets_a_page_about_it(strict: Portal) -> None:
    client = strict.client("en")
    data = {"name": "x", "password": "y"}
    answer = find_slowed(client.post("/sign-in", data=data) for _ in range(2 * LIMIT + 2))
    assert answer.mimetype == "text/html"
    assert "Too many requests" in answer.text
    assert int(answer.headers["Retry-After"]) > 0
    assert client.get("/sign-in").status_code == 200


def test_refused_actions_wrong_tokens_and_foreign_forms_are_events_without_a_secret(desk: Portal) -> None:
    text, _ = desk.services.accounts.create_token("clerk")
    for token in (text, text, "odt_wrong", "odt_wrong"):
        headers = {"Authorization": f"Bearer {token}"}
        answer = desk.app.test_client().post("/api/v1/publishers", json={"id": "a-b", "title": "x"}, headers=headers)
        assert answer.status_code == (403 if token == text else 401)
    assert desk.client().post("/recover/odr_secret", data={"password": "x"}).status_code == 400
    events = [json.loads(line) for line in desk.services.events.export_lines(SYSTEM)]
    found = [
        (item["action"], item["actor"], item["subject"]["id"])
        for item in events
        if item["subject"]["kind"] == "request"
    ]
    assert found == [
        ("refused", "clerk", "POST /api/v1/publishers"),
        ("token-refused", "", "POST /api/v1/publishers"),
        ("foreign-request", "", "POST /recover/<text>"),
    ]


def test_a_form_that_is_sent_from_here_leaves_no_event(desk: Portal) -> None:
    assert send(desk.client(), "/sign-in", {"name": "clerk", "password": "wrong"}).status_code == 401
    events = [json.loads(line) for line in desk.services.events.export_lines(SYSTEM)]
    assert "request" not in [item["subject"]["kind"] for item in events]
