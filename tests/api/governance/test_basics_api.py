"""The basic catalogue over REST: the draft, versions, entries, coverage, links."""

from __future__ import annotations

ENTRY = {
    "domain": "医疗卫生",
    "matter": "医院",
    "content": "名称",
    "timeLimit": "信息形成或者变更之日起20个工作日内",
    "methods": ["proactive"],
}
DRAFT = "/basic-catalogue/draft"


def test_a_catalogue_is_made_and_read(editor, maintainer, stranger, gardener) -> None:
    assert stranger.get("/basic-catalogue").json == {"items": [], "next": None}
    assert stranger.get(DRAFT).status_code == 401
    made = editor.post(DRAFT, json=ENTRY)
    assert (made.status_code, made.json["missing"], made.json["change"]) == (201, [], "added")
    assert made.json["timeLimit"] == {
        "kind": "within",
        "trigger": "formed",
        "number": 20,
        "unit": "working-day",
        "doubt": None,
    }
    one = made.headers["Location"]
    assert (made.json["entry"]["domain"], made.json["entry"]["publisher"]) == ("health", "water-bureau")
    for body, pointer in (({"methods": ["x"]}, "/methods/0"), ({"x": 1}, "/x"), ({"matter": ""}, "/matter")):
        wrong = editor.patch(one, json=body)
        assert (wrong.status_code, wrong.json["errors"][0]["pointer"]) == (422, pointer)
    assert gardener.patch(one, json={"item": "a"}).status_code == 403
    assert editor.patch(one, json={"item": "概况"}).json["revision"] == 2
    assert editor.post("/basic-catalogue/versions", json={"note": "a"}).status_code == 403
    assert maintainer.post("/basic-catalogue/versions", json={"note": "首版"}).json["added"] == 1
    again = maintainer.post("/basic-catalogue/versions", json={"note": "a"})
    assert (again.status_code, again.json["type"]) == (409, "/problems/conflict")
    found = stranger.get("/basic-catalogue?domain=health&q=概况").json["items"]
    assert [(item["id"], item["state"], item["since"]) for item in found] == [("b00001", "gap", 1)]
    assert stranger.get("/basic-catalogue?state=x").status_code == 422
    assert stranger.get("/basic-catalogue?stat=gap").status_code == 422
    assert stranger.get("/basic-catalogue?version=7").status_code == 404
    assert stranger.get("/basic-catalogue?version=x").status_code == 400
    assert stranger.get("/basic-catalogue?cursor=x").status_code == 400
    assert stranger.get("/basic-catalogue/versions").json["items"][0]["note"] == "首版"
    changes = stranger.get("/basic-catalogue/versions/1/changes").json
    assert [(item["kind"], item["old"]) for item in changes["changes"]] == [("added", None)]
    link = "/basic-catalogue/entries/b00001/datasets/reservoirs"
    assert gardener.put(link).status_code == 403
    assert editor.put(link).status_code == 204
    assert stranger.get("/basic-catalogue/entries/b00001").json["state"] in ("planned", "published")
    coverage = stranger.get("/basic-catalogue/coverage").json
    assert (len(coverage["items"]), coverage["total"]["entries"], coverage["total"]["gap"]) == (26, 1, 0)
    assert editor.delete(link).status_code == 204
    assert editor.delete(one).status_code == 204
    assert editor.get(one).json["change"] == "removed"
    assert editor.get(f"{DRAFT}?state=removed&limit=1").json["next"] is None
