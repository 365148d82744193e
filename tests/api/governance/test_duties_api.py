"""Clocks over REST: the calendar, rules, obligations with their steps, and what was done on time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from tests.api.conftest import Caller


def test_clocks_over_rest(editor: Caller, maintainer: Caller, stranger: Caller) -> None:
    year = stranger.get("/calendar/2026").json
    assert (year["isEntered"], "2026-02-14" in year["on"], "2026-10-01" in year["off"]) == (False, True, True)
    for wrong in ("1999", "x", "²", "20270"):
        assert stranger.get(f"/calendar/{wrong}").status_code == 404
    off = ["2030-01-01", "2030-02-04/2030-02-08", "2030-10-01/2030-10-07"]
    assert stranger.put("/calendar/2030", json={"off": off, "on": []}).status_code == 401
    assert editor.put("/calendar/2030", json={"off": off, "on": []}).status_code == 403
    refused = maintainer.put("/calendar/2030", json={"off": [*off, "2030-01-05"], "on": []})
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/off")
    assert maintainer.put("/calendar/2030", json={"off": off, "on": ["2030-02-09"]}).status_code == 200
    assert stranger.get("/calendar/2030").json["on"] == ["2030-02-09"]

    rules = {item["id"]: item for item in stranger.get("/rules?limit=1000").json["items"]}
    assert rules["n28"]["limit"] == {"number": 20, "unit": "working-day"}
    assert (rules["n7"]["period"], rules["n1"]["period"], rules["n27"]["limit"]) == ("month", None, None)
    own = {"id": "own", "title": {"zh": "报送"}, "clause": {"zh": "本市规定"}, "trigger": "period", "period": "month"}
    assert maintainer.post("/rules", json=own).status_code == 422
    added = maintainer.post("/rules", json={**own, "limit": {"number": 131, "unit": "fixed-date"}})
    assert (added.status_code, added.json["version"], added.json["isOwn"]) == (201, 1, True)
    assert editor.put("/rules/own/use", json={"isOff": False, "publishers": ["*"]}).status_code == 403
    assert maintainer.put("/rules/own/use", json={"isOff": False, "publishers": ["*"]}).json["publishers"] == ["*"]
    assert [item["rule"] for item in editor.get("/obligations").json["items"]] == ["own"]

    assert stranger.get("/obligations").status_code == 401
    due = (datetime.now(UTC).date() + timedelta(days=40)).isoformat()
    said = {"publisher": "water-bureau", "task": "报送预案", "due": due}
    answer = editor.post("/obligations", json=said)
    assert (answer.status_code, answer.json["state"], answer.json["due"]) == (201, "running", due)
    one = answer.headers["Location"]
    assert maintainer.post(f"{one}/rectify", json={"reason": "尽快", "day": due}).status_code == 409
    assert editor.post(f"{one}/pause", json={"reason": "等待"}).status_code == 409
    longer = editor.post(f"{one}/extend", json={"reason": "等待", "number": 5}).json
    assert longer["due"] == (date.fromisoformat(due) + timedelta(days=5)).isoformat()
    assert editor.post(f"{one}/assign", json={"office": "办公室"}).json["office"] == "办公室"
    assert editor.post(f"{one}/finish", json={}).json["errors"][0]["pointer"] == "/text"
    done = editor.post(f"{one}/finish", json={"url": "https://example.gov.cn/1"}).json
    assert (done["state"], done["evidence"]) == ("done", {"url": "https://example.gov.cn/1"})
    assert [step["action"] for step in editor.get(f"{one}/steps").json["items"]] == [
        "add-duty",
        "extend-duty",
        "assign-duty",
        "finish-duty",
    ]
    assert editor.get("/obligations?state=done&within=60&since=2020-01-01").json["items"][0]["id"] == done["id"]
    for query in ("state=x", "whose=x", "within=-1", "since=x", "nothing=1", "cursor=x"):
        assert editor.get(f"/obligations?{query}").status_code in (400, 422), query
    for wrong in ("/obligations/x", "/obligations/99999", "/obligations/99999999999999999999"):
        assert editor.get(wrong).status_code == 404
    assert stranger.get(f"/on-time?until={due[:7]}").json["items"][0]["inTime"] == 1
    assert stranger.get(f"/on-time?since={due[:7]}&until=2020-01").status_code in (400, 422)
