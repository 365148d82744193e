"""The audit log as a page, over REST and as files."""

from __future__ import annotations

import json

from tests.web.conftest import Portal


def test_a_maintainer_reads_filters_and_exports_the_log(portal: Portal) -> None:
    client = portal.signed_in("boss", "en")
    page = client.get("/workspace/audit?action=publish")
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "private, no-store"
    assert "Published" in page.text
    assert "reservoirs" in page.text
    assert "water-bureau" not in page.text
    assert client.get("/workspace/audit?actor=-").status_code == 200
    lines = client.get("/workspace/audit/events.jsonl?action=publish").text.splitlines()
    assert {json.loads(line)["action"] for line in lines} == {"publish"}
    table = client.get("/workspace/audit/events.csv?action=publish")
    assert table.text.count("\n") == len(lines) + 1
    assert table.headers["Content-Disposition"] == "attachment; filename=audit.csv"
    wrong = client.get("/workspace/audit?since=yesterday")
    assert wrong.status_code == 400
    assert "isn&#39;t a date or time" in wrong.text


def test_nobody_else_reads_the_log(portal: Portal) -> None:
    assert portal.client().get("/workspace/audit").status_code == 303
    clerk = portal.signed_in("clerk")
    for path in ("/workspace/audit", "/workspace/audit/events.csv", "/workspace/audit/events.jsonl", "/api/v1/audit"):
        assert clerk.get(path).status_code == 403, path
    assert portal.client().get("/api/v1/audit").status_code == 401


def test_rest_gives_the_log_page_by_page(portal: Portal) -> None:
    text, _ = portal.services.accounts.create_token("boss")
    client = portal.app.test_client()
    headers = {"Authorization": f"Bearer {text}"}
    first = client.get("/api/v1/audit?limit=1&action=create", headers=headers)
    assert first.headers["Cache-Control"] == "private, no-store"
    found = first.get_json()
    assert set(found["items"][0]) == {
        *("number", "at", "actor", "action", "subject", "address", "details", "previous", "digest")
    }
    assert found["items"][0]["subject"] == {"kind": "token", "id": "boss"}
    second = client.get(f"/api/v1/audit?limit=1&action=create&cursor={found['next']}", headers=headers).get_json()
    assert second["items"][0]["number"] < found["items"][0]["number"]
    for query in ("since=x", "cursor=x", "limit=0", "colour=red"):
        assert client.get(f"/api/v1/audit?{query}", headers=headers).status_code in (400, 422), query


def test_the_client_behind_a_trusted_proxy_is_written_down(desk: Portal) -> None:
    client = desk.signed_in("boss")
    spoofed = {"X-Forwarded-For": "198.51.100.9"}
    client.post("/sign-in", data={})
    client.get("/workspace/audit", headers=spoofed)
    assert "198.51.100" not in client.get("/workspace/audit").text
