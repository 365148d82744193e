"""A review through REST: signatures, approval by digest, comments, lists; and plain approval as it always was."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.api.conftest import Caller, pointers, problem
from tests.instances import CSV, SCHEMA

CHECKS = ["secrecy", "privacy", "wording", "timing", "method"]


@pytest.fixture
def review() -> str:
    return "two-person"


@pytest.fixture
def colleague(make_caller: Callable[..., Caller]) -> Caller:
    return make_caller("colleague")


@pytest.fixture
def path(editor: Caller) -> str:
    """The address of a submitted draft."""
    draft = editor.check(("levels.csv", CSV), schema=SCHEMA)
    assert draft["digest"] is None
    assert editor.post(f"/drafts/{draft['id']}/submit").status_code == 202
    return f"/drafts/{draft['id']}"


def test_a_plain_approval_signs_every_check(editor: Caller, colleague: Caller, path: str) -> None:
    problem(editor.post(f"{path}/approve"), 403, "not-permitted")
    approved = colleague.post(f"{path}/approve")
    assert approved.status_code == 200
    assert (approved.json["status"], approved.json["approver"]) == ("approved", "colleague")
    assert [(item["check"], item["by"], item["inForce"]) for item in approved.json["checks"]] == [
        (check, "colleague", True) for check in CHECKS
    ]
    assert editor.post(f"{path}/publish").status_code == 202
    published = editor.work(path.rpartition("/")[2])
    assert (published["version"], published["digest"]) == ("1.0.0", approved.json["digest"])


def test_an_approval_names_what_it_approves(colleague: Caller, path: str) -> None:
    digest = colleague.get(path).json["digest"]
    refused = problem(colleague.post(f"{path}/approve", json={"digest": "sha256:" + "0" * 64}), 409, "conflict")
    assert digest in refused["detail"]
    assert colleague.post(f"{path}/approve", json={"digest": digest}).json["status"] == "approved"


def test_checks_are_signed_one_by_one(editor: Caller, colleague: Caller, maintainer: Caller, path: str) -> None:
    digest = colleague.get(path).json["digest"]
    problem(editor.post(f"{path}/checks", json={"checks": [{"check": "secrecy"}]}), 403)
    signed = colleague.post(f"{path}/checks", json={"digest": digest, "checks": [{"check": "secrecy"}]})
    assert (signed.status_code, signed.json["openChecks"]) == (200, CHECKS[1:])
    missing = problem(maintainer.post(f"{path}/approve", json={"checks": [{"check": "privacy"}]}), 409)
    assert "wording, timing, method" in missing["detail"]
    rest = [{"check": check, "result": "passed"} for check in CHECKS[1:]]
    approved = maintainer.post(f"{path}/approve", json={"digest": digest, "checks": rest})
    assert {item["check"]: item["by"] for item in approved.json["checks"]} == {
        "secrecy": "colleague",
        **dict.fromkeys(CHECKS[1:], "maintainer"),
    }


def test_a_refused_check_says_where_the_fault_is(editor: Caller, colleague: Caller, path: str) -> None:
    refusal = {"check": "privacy", "result": "refused", "place": {"table": "levels", "column": "name", "row": 2}}
    assert pointers(colleague.post(f"{path}/checks", json={"checks": [refusal]})) == {"/checks/0/remark"}
    returned = colleague.post(f"{path}/checks", json={"checks": [{**refusal, "remark": "真实姓名"}]})
    assert (returned.json["status"], returned.json["digest"]) == ("returned", None)
    assert "真实姓名" in returned.json["comment"]
    (comment,) = editor.get(path).json["comments"]
    assert (comment["kind"], comment["check"], comment["place"], comment["text"]) == (
        "refused",
        "privacy",
        refusal["place"],
        "真实姓名",
    )
    assert editor.post(f"{path}/submit").status_code == 202


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"checks": []}, "/checks"),
        ({"checks": [{"check": "taste"}]}, "/checks/0/check"),
        ({"checks": [{"check": "secrecy", "result": "maybe"}]}, "/checks/0/result"),
        ({"checks": [{"check": "secrecy", "place": {"row": 0}}]}, "/checks/0/place/row"),
        ({"checks": [{"check": "secrecy", "by": "boss"}]}, "/checks/0/by"),
        ({}, "/checks"),
    ],
)
def test_a_signature_that_cannot_be_understood_is_refused(
    colleague: Caller, path: str, body: dict[str, object], pointer: str
) -> None:
    assert pointers(colleague.post(f"{path}/checks", json=body)) == {pointer}


def test_both_sides_comment(editor: Caller, colleague: Caller, path: str) -> None:
    before = editor.get(path)
    said = editor.post(f"{path}/comments", json={"text": "请先看第二行"})
    assert said.status_code == 201
    assert said.headers["ETag"] != before.headers["ETag"]
    colleague.post(f"{path}/comments", json={"text": "好", "check": "timing", "place": {"field": "title"}})
    found = editor.get(path).json["comments"]
    assert [(item["by"], item["text"], item["check"]) for item in found] == [
        ("editor", "请先看第二行", None),
        ("colleague", "好", "timing"),
    ]
    assert pointers(editor.post(f"{path}/comments", json={"text": " "})) == {"/text"}


def test_a_release_is_timed_and_invisible_before(
    editor: Caller, colleague: Caller, stranger: Caller, path: str
) -> None:
    assert pointers(colleague.post(f"{path}/approve", json={"publishAt": "2020-01-01"})) == {"/publishAt"}
    approved = colleague.post(f"{path}/approve", json={"publishAt": "2999-01-01T00:00:00Z"}).json
    assert (approved["status"], approved["scheduled"], approved["atWork"]) == (
        "approved",
        "2999-01-01T00:00:00Z",
        False,
    )
    assert approved["publishAt"] == approved["scheduled"]
    problem(stranger.get("/datasets/reservoirs"), 404)
    for address in ("/datasets/reservoirs", "/datasets/reservoirs/1.0.0/", "/datasets/reservoirs/1.0.0/levels.csv"):
        assert stranger.client.get(address).status_code == 404


def test_the_submitter_may_choose_the_time(editor: Caller, colleague: Caller) -> None:
    draft = editor.check(("levels.csv", CSV), schema=SCHEMA)
    path = f"/drafts/{draft['id']}"
    assert pointers(editor.post(f"{path}/submit", json={"publishAt": "x"})) == {"/publishAt"}
    sent = editor.post(f"{path}/submit", json={"publishAt": "2999-01-01T08:00"}).json
    assert (sent["publishAt"], sent["scheduled"]) == ("2999-01-01T00:00:00Z", None)
    assert colleague.post(f"{path}/approve").json["scheduled"] == "2999-01-01T00:00:00Z"


def test_drafts_are_listed_by_status_and_routine_ones_approved_together(
    editor: Caller, colleague: Caller, path: str
) -> None:
    colleague.post(f"{path}/approve")
    editor.post(f"{path}/publish")
    editor.work(path.rpartition("/")[2])
    draft = editor.check(("levels.csv", CSV + "A003,南湖,3,2026-02-02\n"))["id"]
    digest = editor.post(f"/drafts/{draft}/submit").json["digest"]
    listed = colleague.get("/drafts?status=submitted").json["items"]
    assert [(item["id"], item["digest"]) for item in listed] == [(draft, digest)]
    assert pointers(colleague.get("/drafts?status=lost")) == {"/status"}
    wrong = colleague.post("/reviews", json={"drafts": [{"draft": draft, "digest": "sha256:0"}]}).json["items"]
    assert (wrong[0]["approved"], "has changed" in wrong[0]["error"]) == (False, True)
    found = colleague.post("/reviews", json={"drafts": [{"draft": draft, "digest": digest}]}).json["items"]
    assert found == [{"draft": draft, "approved": True, "error": None}]
    assert colleague.get(f"/drafts/{draft}").json["status"] == "approved"
