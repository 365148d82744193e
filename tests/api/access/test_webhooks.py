"""Events and webhooks over REST."""

from __future__ import annotations

from tests.api.conftest import Caller, pointers


def test_events_are_read_on_without_an_account(stranger: Caller, editor: Caller) -> None:
    editor.publish()
    while editor.services.public_events.follow():
        pass
    first = stranger.get("/events?limit=1&type=version.published&type=schema.published")
    assert first.status_code == 200, first.text
    assert first.json["items"][0]["data"]["version"]["version"]
    assert stranger.get(f"/events?since={first.json['since']}&dataset=reservoirs").status_code == 200
    assert stranger.get("/events?since=nonsense").status_code == 400
    assert pointers(stranger.get("/events?type=dataset.gone")) == {"/types/0"}


def test_a_webhook_is_registered_changed_and_deleted(editor: Caller, stranger: Caller) -> None:
    said = {"url": "https://hooks.example.org/a", "types": ["version.published"], "note": "镜像"}
    assert stranger.post("/webhooks", json=said).status_code == 401
    made = editor.post("/webhooks", json=said)
    assert made.status_code == 201, made.text
    assert made.json["secret"].startswith("whsec_")
    path = f"/webhooks/{made.json['id']}"
    assert made.headers["Location"].endswith(path)
    found = editor.get(path).json
    assert (found["types"], found["active"], found["waiting"]) == (["version.published"], True, 1)
    assert "secret" not in found
    assert editor.get("/webhooks").json["items"] == [found]
    merge = {"Content-Type": "application/merge-patch+json"}
    changed = editor.patch(path, json={"types": [], "active": False}, headers=merge)
    assert (changed.json["types"], changed.json["active"], changed.json["waiting"]) == ([], False, 0)
    assert editor.post(f"{path}/test").status_code == 409
    assert editor.patch(path, json={"active": True}, headers=merge).json["waiting"] == 1
    assert editor.post(f"{path}/test").status_code == 204
    assert editor.post(f"{path}/secret").json["secret"] != made.json["secret"]
    assert editor.post(f"{path}/replay", json={"since": "nonsense"}).status_code == 400
    assert [item["type"] for item in editor.get(f"{path}/deliveries").json["items"]] == ["webhook.test"] * 2
    assert editor.delete(path).status_code == 204
    assert editor.get(path).status_code == 404
