"""The negative list and the self-check by REST."""

from __future__ import annotations

from datetime import UTC, datetime

from opendata.domain.grounds.codes import GROUNDS
from tests.api.conftest import Caller, pointers, problem

ENTRY = {"title": "涉密水文数据", "ground": "state-secret", "legalBasis": "保守国家秘密法第十三条"}
CLOSED = {"attribute": "closed", "reason": "涉密", "legalBasis": "条例第十四条"}


def test_a_list_is_put_in_force_and_a_self_check_is_closed(
    maintainer: Caller, editor: Caller, gardener: Caller, stranger: Caller
) -> None:
    draft = "/negative-list/draft"
    assert stranger.get("/negative-list").json == {"version": None, "enforced": None, "note": "", "entries": []}
    problem(stranger.get(draft), 401)
    problem(editor.get(draft), 403)
    problem(maintainer.get(draft), 404)
    wrong = maintainer.put(draft, json={"entries": [{**ENTRY, "ground": "none", "from": "soon"}]})
    assert pointers(wrong) == {"/entries/0/ground", "/entries/0/from"}
    problem(maintainer.put(draft, json={"entries": [{**ENTRY, "grund": 1}]}), 422)
    made = maintainer.put(draft, json={"entries": [ENTRY]})
    assert made.json["entries"][0]["id"] == "N001"
    problem(maintainer.put(draft, json={"entries": [], "revision": made.json["revision"] - 1}), 412)
    assert maintainer.post(f"{draft}/enforce", json={"note": "首次发布"}).status_code == 200
    found = stranger.get("/negative-list").json
    assert (found["version"], found["note"]) == (1, "首次发布")
    assert (found["entries"][0]["article"], found["entries"][0]["force"]) == (GROUNDS["state-secret"].article, "must")
    assert [item["version"] for item in stranger.get("/negative-list/versions").json["items"]] == [1]
    for path in ("/negative-list/versions/2", "/negative-list/versions/x", f"/negative-list/versions/{'9' * 30}"):
        problem(stranger.get(path), 404)

    editor.patch("/datasets/reservoirs", json={"disclosure": CLOSED})
    sent = editor.post("/datasets/reservoirs/drafts", json={}).json["id"]
    editor.work(sent)
    refused = editor.post(f"/drafts/{sent}/submit", json={})
    assert pointers(refused) == {"/disclosure/ground"}
    assert "N001 涉密水文数据" in refused.json["errors"][0]["detail"]
    editor.patch("/datasets/reservoirs", json={"disclosure": {**CLOSED, "ground": "N001"}})
    assert editor.post(f"/drafts/{sent}/submit", json={}).status_code == 202
    editor.work(sent)
    assert stranger.get("/datasets/reservoirs").json["disclosure"]["ground"] == "N001"

    year = datetime.now(UTC).year
    check = f"/self-checks/{year}"
    problem(editor.post("/self-checks", json={"year": year}), 403)
    assert maintainer.post("/self-checks", json={"year": year}).json["due"] == f"{year + 1}-01-31"
    (item,) = editor.get(f"{check}/items", query_string={"ground": "N001", "state": "undecided"}).json["items"]
    assert (item["dataset"], item["pointed"], item["decision"]) == ("reservoirs", "N001", None)
    assert gardener.get(f"{check}/items").json["items"] == gardener.get(check).json["progress"] == []
    problem(maintainer.post(f"{check}/close"), 409)
    answer = {"items": [item["id"]], "decision": "keep", "ground": "N001", "reason": "仍涉密"}
    problem(gardener.post(f"{check}/decisions", json=answer), 403)
    assert pointers(editor.post(f"{check}/decisions", json={**answer, "decision": "open", "openBy": "x"})) == {
        "/openBy"
    }
    assert editor.post(f"{check}/decisions", json=answer).json == {"items": 1}
    confirmed = {"items": [item["id"]], "seen": [item["digest"]]}
    problem(maintainer.post(f"{check}/confirmations", json=confirmed), 409)  # nothing was proposed then
    problem(maintainer.post(f"{check}/decisions", json={**answer, **confirmed, "confirm": True}), 409)
    for wrong in ({"items": [item["id"]]}, {**confirmed, "seen": []}):
        assert pointers(maintainer.post(f"{check}/confirmations", json=wrong)) == {"/seen"}
    (item,) = maintainer.get(f"{check}/items").json["items"]
    confirmed["seen"] = [item["digest"]]
    assert maintainer.post(f"{check}/confirmations", json=confirmed).json == {"items": 1}

    maintainer.put(draft, json={"entries": [{**ENTRY, "id": "N002"}]})
    assert [item["dataset"] for item in maintainer.get(f"{draft}/lapses").json["items"]] == ["reservoirs"]
    assert pointers(maintainer.post(f"{draft}/enforce", json={"note": "替换"})) == {"/confirmed"}
    assert maintainer.post(f"{draft}/enforce", json={"note": "替换", "confirmed": True}).json["version"] == 2
    difference = stranger.get("/negative-list/differences", query_string={"old": 1, "new": 2}).json
    assert [len(difference[name]) for name in ("added", "removed", "changed")] == [1, 1, 0]
    assert [item["entry"]["id"] for item in editor.get("/grounds/missing").json["items"]] == ["N001"]
    problem(maintainer.post(f"{check}/close"), 409)
    maintainer.post(f"{check}/decisions", json={**answer, "ground": "N002", "confirm": True})
    assert maintainer.post(f"{check}/close").json["report"]["grounds"] == {"state-secret": 1}
    report = stranger.get(f"/self-checks/reports/{year}").json
    assert report["report"]["total"] == {"items": 1, "kept": 1, "opened": 0, "fulfilled": 0}
    assert [item["year"] for item in stranger.get("/self-checks/reports").json["items"]] == [year]
    maintainer.put(draft, json={"entries": []})
    assert maintainer.delete(draft).status_code == 204
