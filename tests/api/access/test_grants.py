"""Grants over REST: given, listed and ended by the publisher; granted rows by token."""

from __future__ import annotations

from collections.abc import Callable

from tests.api.conftest import Caller, problem
from tests.instances import CSV

CONDITIONAL = {"attribute": "conditional", "reason": "涉及第三方权益", "legalBasis": "政府信息公开条例第十五条"}
FILE = "/datasets/reservoirs/1.0.0/levels.csv"
GRANT = {"holder": "甲大学", "purpose": "研究", "until": "2030-12-31"}


def publish(editor: Caller) -> None:
    assert editor.patch("/datasets/reservoirs", json={"disclosure": CONDITIONAL}).status_code == 200
    editor.publish()


def read(caller: Caller, path: str = FILE) -> int:
    headers = {"Authorization": f"Bearer {caller.token}"} if caller.token else {}
    return caller.client.get(path, headers=headers).status_code


def test_a_grant_is_given_used_listed_and_ended(
    editor: Caller, gardener: Caller, stranger: Caller, make_caller: Callable[..., Caller]
) -> None:
    publish(editor)
    anna = make_caller("anna", "reader")
    assert [read(caller) for caller in (editor, anna, gardener, stranger)] == [200, 404, 404, 404]
    answer = editor.post("/datasets/reservoirs/grants", json={**GRANT, "account": "anna"})
    assert answer.status_code == 201, answer.text
    given = answer.json
    assert (given["state"], given["until"], given["invitation"]) == ("active", "2030-12-31", None)
    assert [read(caller) for caller in (anna, gardener, stranger)] == [200, 404, 404]
    assert [item["id"] for item in editor.get("/datasets/reservoirs/grants").json["items"]] == [given["id"]]
    ended = editor.post(f"/datasets/reservoirs/grants/{given['id']}/end", json={"reason": "协议终止"})
    assert (ended.json["state"], ended.json["endedBy"]) == ("ended", "editor")
    assert read(anna) == 404
    problem(editor.post(f"/datasets/reservoirs/grants/{given['id']}/end", json={"reason": "又一次"}), 409)
    problem(editor.post("/datasets/reservoirs/grants/none/end", json={"reason": "x"}), 404)


def test_an_invitation_is_an_address_shown_once(editor: Caller) -> None:
    publish(editor)
    given = editor.post("/datasets/reservoirs/grants", json=GRANT).json
    assert given["state"] == "invited"
    assert "/invitations/odi_" in given["invitation"]
    (listed,) = editor.get("/datasets/reservoirs/grants").json["items"]
    assert "invitation" not in listed


def test_only_the_publisher_sees_and_gives_grants(editor: Caller, gardener: Caller, stranger: Caller) -> None:
    publish(editor)
    problem(stranger.get("/datasets/reservoirs/grants"), 401)
    problem(gardener.get("/datasets/reservoirs/grants"), 403)
    problem(gardener.post("/datasets/reservoirs/grants", json=GRANT), 403)
    faults = problem(editor.post("/datasets/reservoirs/grants", json={**GRANT, "until": "soon"}), 422)["errors"]
    assert [item["pointer"] for item in faults] == ["/until"]


def test_data_for_everybody_needs_no_grant(editor: Caller) -> None:
    editor.publish()
    problem(editor.post("/datasets/reservoirs/grants", json=GRANT), 409)


def test_a_reader_changes_nothing(editor: Caller, make_caller: Callable[..., Caller]) -> None:
    publish(editor)
    anna = make_caller("anna", "reader")
    problem(anna.patch("/datasets/reservoirs", json={"title": "新"}), 403)
    problem(anna.upload(("levels.csv", CSV)), 403)
    problem(anna.get("/drafts"), 403)
    problem(anna.post("/datasets", json={"title": "新"}), 403)


def test_the_scope_says_whom_the_data_is_for(editor: Caller, stranger: Caller) -> None:
    wrong = {"disclosure": {"attribute": "open", "scope": "area"}}
    faults = problem(editor.patch("/datasets/reservoirs", json=wrong), 422)["errors"]
    assert [item["pointer"] for item in faults] == ["/disclosure/audience"]
    wrong = {"disclosure": {**CONDITIONAL, "attribute": "closed", "scope": "group", "audience": "甲村"}}
    faults = problem(editor.patch("/datasets/reservoirs", json=wrong), 422)["errors"]
    assert [item["pointer"] for item in faults] == ["/disclosure/scope"]
    scoped = {"disclosure": {"attribute": "open", "scope": "area", "audience": "甲镇居民"}}
    assert editor.patch("/datasets/reservoirs", json=scoped).json["disclosure"]["audience"] == "甲镇居民"
    editor.publish()
    assert read(stranger) == 404
    assert editor.patch("/datasets/reservoirs", json={"disclosure": "open"}).json["disclosure"]["attribute"] == "open"
    assert read(stranger) == 200
