"""Publishers over REST: changed with a revision, merged, split, closed, and datasets moved."""

from __future__ import annotations

from tests.api.conftest import Caller, pointers, problem

REASON = {"reason": "2026 年机构改革"}


def test_a_publisher_is_changed_merged_split_and_closed(maintainer: Caller, editor: Caller, stranger: Caller) -> None:
    bad = maintainer.post(
        "/publishers", json={"title": "局", "kind": "ministry", "code": "1", "officer": {"shows": "x"}}
    )
    problem(bad, 422, "invalid-metadata")
    assert pointers(bad) == {"/kind", "/code", "/officer/shows"}
    problem(maintainer.post("/publishers", json={"title": "局", "budget": 1}), 422)
    for name in ("rivers", "lakes"):
        assert maintainer.post("/publishers", json={"id": name, "title": f"{name}局"}).status_code == 201
    found = stranger.get("/publishers/rivers")
    tag = found.headers["ETag"]
    assert (found.json["parent"], found.json["ended"], found.json["history"]) == (None, None, [])
    change = {
        "parent": "lakes",
        "contactPoint": {"telephone": "0531-0000000"},
        "officer": {"name": "某乙", "post": "科员"},
    }
    assert maintainer.patch("/publishers/rivers", json=change, headers={"If-Match": tag}).status_code == 200
    problem(maintainer.patch("/publishers/rivers", json={"kind": "zone"}, headers={"If-Match": tag}), 412)
    problem(maintainer.patch("/publishers/lakes", json={"parent": "rivers"}), 422)
    assert stranger.get("/publishers/rivers").json["officer"] == {"post": "科员"}
    assert maintainer.get("/publishers/rivers").json["officer"]["name"] == "某乙"
    listed = stranger.get("/publishers?parent=lakes&kind=department&q=rivers").json["items"]
    assert [item["id"] for item in listed] == ["rivers"]
    problem(stranger.get("/publishers?kind=ministry"), 422)
    assert editor.patch("/publishers/water-bureau", json={"contactPoint": {"hours": "8:30"}}).status_code == 200
    problem(editor.patch("/publishers/water-bureau", json={"title": "x"}), 403)
    for path in (
        "publishers/rivers/merge",
        "publishers/rivers/split",
        "publishers/rivers/close",
        "datasets/reservoirs/move",
    ):
        body = {**REASON, "publishers": ["lakes"]} if path.endswith("merge") else {**REASON, "rest": "lakes"}
        body = {**REASON, "publisher": "lakes"} if path.endswith("move") else body
        body = REASON if path.endswith("close") else body
        problem(editor.post(f"/{path}", json=body), 403)
    moved = maintainer.post("/datasets/reservoirs/move", json={**REASON, "publisher": "rivers"})
    assert (moved.json["publisher"]["id"], moved.json["moves"][0]["source"]) == ("rivers", "water-bureau")
    problem(maintainer.post("/datasets/reservoirs/move", json={**REASON, "publisher": "nowhere"}), 422)
    parts = {**REASON, "rest": "water-bureau", "datasets": {"reservoirs": "lakes"}}
    split = maintainer.post("/publishers/rivers/split", json=parts)
    assert split.json["history"][-1]["others"] == ["lakes", "water-bureau"]
    assert maintainer.get("/datasets/reservoirs").json["publisher"]["id"] == "lakes"
    problem(maintainer.post("/publishers/lakes/close", json=REASON), 409)
    merged = maintainer.post("/publishers/water-bureau/merge", json={**REASON, "publishers": ["lakes"]})
    assert merged.json["history"][-1]["kind"] == "absorbed"
    problem(maintainer.post("/publishers/lakes/reopen", json=REASON), 409)
    problem(maintainer.post("/publishers/none/close", json=REASON), 404)
