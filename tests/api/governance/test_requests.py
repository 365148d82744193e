"""Requests over REST: sent by anybody, shown on the board, handled by those who work for the publisher."""

from __future__ import annotations

from tests.api.conftest import Caller

PERSON = {"name": "某甲某乙", "identity": "护照X0000001", "telephone": "010-00000000"}
REQUEST = {
    "kind": "application",
    "publisher": "water-bureau",
    "subject": "水位",
    "text": "二〇二五年的水位",
    "public": True,
}


def test_a_request_is_sent_without_an_account_and_handled_with_one(
    stranger: Caller, editor: Caller, gardener: Caller
) -> None:
    missing = stranger.post("/requests", json=REQUEST)
    assert missing.status_code == 422
    assert [item["pointer"] for item in missing.json["errors"]] == ["/name", "/identity", "/telephone"]
    sent = stranger.post("/requests", json={**REQUEST, **PERSON})
    assert sent.status_code == 201
    number, path = sent.json["number"], f"/requests/{sent.json['number']}"
    assert sent.headers["Location"] == f"/api/v1{path}"
    assert len(sent.json["code"]) == 19
    assert stranger.get(path).status_code == gardener.get(path).status_code == 404
    assert editor.get(path).json["asker"]["name"] == PERSON["name"]

    assert stranger.post(f"{path}/register", json={}).status_code == 401
    assert gardener.post(f"{path}/register", json={}).status_code == 403
    assert editor.post(f"{path}/withdraw", json={}).status_code == 404
    assert editor.post(f"{path}/mend", json={"version": "1.0.0"}).status_code == 409
    assert editor.post(f"{path}/register", json={"summary": "申请公开水位"}).json["state"] == "registered"
    faults = editor.post(f"{path}/reply", json={})
    assert [item["pointer"] for item in faults.json["errors"]] == ["/outcome", "/text"]
    done = editor.post(f"{path}/reply", json={"outcome": "not-existing", "text": "经检索，信息不存在。"})
    assert done.json["basis"].endswith("第三十六条第（四）项")

    public = stranger.get(path)
    assert public.json["outcome"] == "not-existing"
    assert public.json["asker"] is None
    assert public.json["subject"] == ""
    assert [item["number"] for item in stranger.get("/requests?state=closed&q=水位").json["items"]] == [number]
    assert stranger.get("/requests?state=open").json["items"] == []
    for answer in (public, stranger.get("/requests")):
        assert not any(text in answer.text for text in (*PERSON.values(), REQUEST["text"]))
    assert stranger.get("/requests?colour=red").status_code == 422
    assert stranger.get("/requests/none").status_code == 404
