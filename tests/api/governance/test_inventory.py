"""The inventory over REST: registered, replaced, planned, imported; what is wrong is named."""

from __future__ import annotations

import io

from tests.api.conftest import Caller

CLOSED = {"attribute": "closed", "reason": "涉及商业秘密", "legalBasis": "《条例》第十五条"}


def test_items_are_registered_replaced_planned_and_imported(editor: Caller, gardener: Caller, stranger: Caller) -> None:
    item = {"id": "wells", "title": "水井", "dataItems": [{"name": "井号", "type": "C", "key": True}]}
    made = editor.post("/inventory", json={**item, "opens": "2099-09-30"})
    assert made.status_code == 201, made.text
    assert made.headers["Location"].endswith("/api/v1/inventory/wells")
    found = made.json
    assert (found["state"], found["opens"], found["isPublic"]) == ("planned", "2099-09-30", False)
    assert found["items"] == item["dataItems"]
    assert stranger.get("/inventory/wells").status_code == gardener.get("/inventory/wells").status_code == 404
    assert [each["id"] for each in editor.get("/inventory?state=planned").json["items"]] == ["wells"]
    assert stranger.get("/inventory").json == {"items": [], "next": None}
    assert gardener.put("/inventory/wells", json={"title": "x"}).status_code == 403
    for body, pointer in (
        ({"title": "水井", "opens": "soon"}, "/opens"),
        ({"title": "水井", "opens": "2098-01-01"}, "/opensReason"),
        ({"title": "水井", "dataItems": [{"name": "x", "kind": 1}]}, "/dataItems/0/kind"),
        ({"title": "水井", "sharing": {"type": "2"}}, "/sharing/condition"),
    ):
        wrong = editor.put("/inventory/wells", json=body)
        assert wrong.status_code == 422, body
        assert [each["pointer"] for each in wrong.json["errors"]] == [pointer]
    tag = {"If-Match": made.headers["ETag"]}
    replaced = editor.put("/inventory/wells", json={"title": "水井", "disclosure": CLOSED}, headers=tag)
    assert replaced.json["metadata"] == {"title": "水井", "disclosure": CLOSED}
    assert replaced.json["state"] == "closed"
    assert editor.put("/inventory/wells", json={"title": "水井"}, headers=tag).status_code == 412
    dropped = editor.put("/inventory/wells/plan", json={"opens": None, "reason": "改为不予开放"})
    assert (dropped.json["outcome"], [day["opens"] for day in dropped.json["days"]]) == (
        "dropped",
        [None, "2099-09-30"],
    )
    table = editor.get("/inventory.csv").data
    assert editor.get("/inventory.xlsx").data.startswith(b"PK")
    for data, status, rows in (
        (table, 200, {"new": 0, "changed": 0, "unchanged": 2, "wrong": 0}),
        (b"Title,Disclosure\nRain,Open\nSnow,perhaps\n", 409, None),
    ):
        sent = editor.post("/inventory/import", data={"file": (io.BytesIO(data), "a.csv")})
        assert (sent.status_code, sent.json.get("rows")) == (status, rows)
    wrong_table = {"file": (io.BytesIO(b"Title,Disclosure\nRain,Open\nSnow,perhaps\n"), "a.csv")}
    dry = editor.post("/inventory/import", data={**wrong_table, "dryRun": "true"}).json
    assert [(each["row"], each["column"], each["heading"]) for each in dry["faults"]] == [(3, "B", "Disclosure")]
    assert dry["taken"] == {"new": 0, "changed": 0, "failed": 0}
    for data in ({}, {"file": (io.BytesIO(b"x"), "a.csv"), "dry": "true"}):
        assert editor.post("/inventory/import", data=data, content_type="multipart/form-data").status_code == 422
    assert stranger.post("/inventory", json={"title": "x"}).status_code == 401
    assert stranger.get("/inventory?colour=red").status_code == 422
    assert stranger.get("/opening-plan?outcome=late").json == {"items": [], "next": None}
