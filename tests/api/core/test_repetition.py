"""Requests that come twice, changes that meet, collections read in pages."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from opendata.wiring import Services
from tests.api.conftest import Caller, problem
from tests.instances import CSV, SCHEMA

KEY = {"Idempotency-Key": "0f3c-1"}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/datasets", {"title": "雨量", "publisher": "water-bureau"}),
        ("/publishers", {"title": "交通局"}),
        ("/schemas", {"name": "levels", "version": "1.0.0", "descriptor": SCHEMA}),
    ],
)
def test_a_repeated_request_gets_the_first_answer(maintainer: Caller, path: str, body: Any) -> None:
    first = maintainer.post(path, json=body, headers=KEY)
    again = maintainer.post(path, json=body, headers=KEY)
    assert first.status_code == again.status_code == 201
    assert first.json == again.json
    assert first.headers["Location"] == again.headers["Location"]
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"


def test_a_key_belongs_to_one_request(editor: Caller) -> None:
    body = {"title": "雨量"}
    assert editor.post("/datasets", json=body, headers=KEY).status_code == 201
    problem(editor.post("/datasets", json={"title": "水质"}, headers=KEY), 422, "idempotency-key-reused")
    problem(editor.upload(("levels.csv", CSV), headers=KEY), 422, "idempotency-key-reused")


def test_a_key_belongs_to_one_caller(editor: Caller, make_caller: Callable[..., Caller]) -> None:
    first = editor.post("/datasets", json={"title": "雨量"}, headers=KEY)
    other = make_caller("colleague").post("/datasets", json={"title": "雨量"}, headers=KEY)
    assert first.json["id"] != other.json["id"]


@pytest.mark.parametrize("key", ["", " ", "a b", "ü", "x" * 256])
def test_a_key_of_another_form_is_refused(editor: Caller, key: str) -> None:
    answer = editor.post("/datasets", json={"title": "a"}, headers={"Idempotency-Key": key})
    assert "Idempotency-Key" in problem(answer, 400, "bad-request")["detail"]


def test_an_upload_sent_twice_makes_one_draft(editor: Caller) -> None:
    first = editor.upload(("levels.csv", CSV), schema=SCHEMA, headers=KEY)
    editor.work(first.json["id"])
    again = editor.upload(("levels.csv", CSV), schema=SCHEMA, headers=KEY)
    assert first.status_code == again.status_code == 202
    assert first.headers["Location"] == again.headers["Location"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json["status"] == "valid"
    other = editor.upload(("levels.csv", CSV.replace("12.50", "13.50")), schema=SCHEMA, headers=KEY)
    problem(other, 422, "idempotency-key-reused")
    assert len(editor.get("/drafts").json["items"]) == 1


def test_the_same_request_many_times_at_once_creates_one_thing(editor: Caller, app: Any, services: Services) -> None:
    def send(_: int) -> Any:
        return Caller(app.test_client(), services, editor.token).upload(("levels.csv", CSV), headers=KEY)

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(send, range(8)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1


def test_a_change_in_the_meantime_is_noticed(editor: Caller) -> None:
    read = editor.get("/datasets/reservoirs").headers["ETag"]
    changed = editor.patch("/datasets/reservoirs", json={"title": "大水库"}, headers={"If-Match": read})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != read
    for stale in (read, f"W/{read}", '"none of ours"', "nonsense"):
        answer = editor.patch("/datasets/reservoirs", json={"title": "x"}, headers={"If-Match": stale})
        problem(answer, 412, "precondition-failed")
    for fresh in (changed.headers["ETag"], "*", f"{read}, {changed.headers['ETag']}", f"W/{changed.headers['ETag']}"):
        answer = editor.patch("/datasets/reservoirs", json={"title": "大水库"}, headers={"If-Match": fresh})
        assert answer.status_code == 200
    assert editor.patch("/datasets/reservoirs", json={"title": "y"}).json["title"] == "y"


def test_every_step_of_a_draft_minds_the_revision(editor: Caller) -> None:
    path = f"/drafts/{editor.check(('levels.csv', CSV))['id']}"
    stale = {"If-Match": '"0"'}
    for step in ("submit", "approve", "publish", "discard", "retry"):
        problem(editor.post(f"{path}/{step}", headers=stale), 412)
    problem(editor.post(f"{path}/return", json={"comment": "x"}, headers=stale), 412)
    problem(editor.patch(f"{path}/resources/levels", json={}, headers=stale), 412)
    problem(editor.delete(f"{path}/resources/levels", headers=stale), 412)
    fresh = editor.get(path).headers["ETag"]
    assert editor.post(f"{path}/submit", headers={"If-Match": fresh}).status_code == 202


def test_what_is_known_already_is_not_sent_again(editor: Caller) -> None:
    draft = f"/drafts/{editor.check(('levels.csv', CSV))['id']}"
    for path in ("/datasets/reservoirs", draft):
        read = editor.get(path)
        known = editor.get(path, headers={"If-None-Match": read.headers["ETag"]})
        assert (known.status_code, known.data, known.headers["ETag"]) == (304, b"", read.headers["ETag"])
        assert editor.get(path, headers={"If-None-Match": '"0"'}).status_code == 200


def test_a_draft_under_way_is_always_sent(editor: Caller) -> None:
    draft = editor.upload(("levels.csv", CSV))
    again = editor.get(f"/drafts/{draft.json['id']}", headers={"If-None-Match": draft.headers["ETag"]})
    assert (again.status_code, again.headers["Retry-After"]) == (200, "1")


def test_a_patch_follows_json_merge_patch(editor: Caller) -> None:
    full = {
        "disclosure": {"attribute": "closed", "reason": "军事", "legalBasis": "条例"},
        "i18n": {"en": {"title": "Reservoirs", "description": "d"}, "fr": {"title": "Lacs"}},
        "keywords": ["水"],
    }
    assert editor.patch("/datasets/reservoirs", json=full).status_code == 200
    patch = {"disclosure": {"reason": "国防"}, "i18n": {"en": {"description": None}, "fr": None}, "keywords": None}
    found = editor.patch("/datasets/reservoirs", json=patch, content_type="application/merge-patch+json").json
    assert found["disclosure"] == {"attribute": "closed", "reason": "国防", "legalBasis": "条例"}
    assert found["i18n"] == {"en": {"title": "Reservoirs"}}
    assert found["keywords"] == []
    found = editor.patch("/datasets/reservoirs", json={"disclosure": "open"}).json
    assert found["disclosure"] == {"attribute": "open", "reason": "", "legalBasis": ""}
    problem(editor.patch("/datasets/reservoirs", json={"title": None}), 422)
    problem(editor.patch("/datasets/reservoirs", json={"publisher": "parks-bureau"}), 422)


@pytest.mark.slow
@pytest.mark.parametrize("limit", [1, 3, 7, 50])
def test_cursors_reach_every_item_exactly_once(editor: Caller, maintainer: Caller, limit: int) -> None:
    for number in range(7):
        maintainer.post("/datasets", json={"id": f"set-{number}", "title": "a", "publisher": "water-bureau"})
        maintainer.post("/publishers", json={"id": f"bureau-{number}", "title": "a"})
        maintainer.post("/schemas", json={"name": f"schema-{number}", "version": "1.0.0", "descriptor": SCHEMA})
        editor.upload(("levels.csv", CSV))
    for path, count in (
        ("/datasets", 8),
        ("/publishers", 9),
        ("/schemas", 7),
        ("/drafts", 7),
        ("/datasets/reservoirs/drafts", 7),
    ):
        items = list(_walk(editor, path, limit))
        names = [item.get("id") or item["name"] for item in items]
        assert len(names) == len(set(names)) == count, path
    in_one = editor.get("/drafts").json["items"]
    assert [item["id"] for item in in_one] == [item["id"] for item in _walk(editor, "/drafts", limit)]


def test_versions_are_read_in_pages_newest_first(editor: Caller) -> None:
    for level in (1, 2, 3):
        editor.publish(CSV.replace("12.50", f"{level}"))
    assert [item["version"] for item in _walk(editor, "/datasets/reservoirs/versions", 2)] == [
        "1.0.2",
        "1.0.1",
        "1.0.0",
    ]
    assert editor.get("/datasets/reservoirs/versions?cursor=eA").status_code == 400


def test_a_draft_that_comes_in_between_moves_no_page(editor: Caller) -> None:
    for _ in range(4):
        editor.upload(("levels.csv", CSV))
    first = editor.get("/drafts?limit=2").json
    editor.upload(("levels.csv", CSV))
    second = editor.get(f"/drafts?limit=2&cursor={first['next']}").json
    assert len({item["id"] for item in first["items"] + second["items"]}) == 4
    assert second["next"] is None


def _walk(caller: Caller, path: str, limit: int) -> Any:
    cursor = ""
    while cursor is not None:
        page = caller.get(f"{path}?limit={limit}{cursor and '&cursor=' + cursor}").json
        assert len(page["items"]) <= limit
        yield from page["items"]
        cursor = page["next"]
