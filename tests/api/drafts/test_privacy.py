"""The privacy gate over REST."""

from __future__ import annotations

from tests.api.conftest import Caller, problem
from tests.services.work.test_privacy_gate import DECISIONS, ROLL


def test_undecided_columns_are_named_decided_and_published(editor: Caller) -> None:
    draft = editor.check(("roll.csv", ROLL))
    assert {item["field"] for item in draft["undecided"]} == {"姓名", "id", "phone"}
    path = f"/drafts/{draft['id']}"
    faults = problem(editor.post(f"{path}/submit"), 422, "invalid-metadata")["errors"]
    assert {item["pointer"] for item in faults} == {"/resources/roll/decisions"}
    wrong = {"columns": [{"field": "id", "treatment": "burn"}]}
    faults = problem(editor.patch(f"{path}/resources/roll", json={"decisions": wrong}), 422)["errors"]
    assert [item["pointer"] for item in faults] == ["/columns/0/treatment"]
    assert editor.patch(f"{path}/resources/roll", json={"decisions": DECISIONS}).status_code == 202
    draft = editor.work(draft["id"])
    assert (draft["undecided"], draft["resources"][0]["decisions"]) == ([], DECISIONS)
    assert editor.post(f"{path}/submit").status_code == 202
    assert editor.work(draft["id"])["status"] == "published"
    rows = editor.client.get("/datasets/reservoirs/1.0.0/roll.jsonl").text
    assert "1381234560" not in rows  # digits of a pseudonym may be any three
    manifest = editor.client.get("/datasets/reservoirs/1.0.0/datapackage.json").json
    record = manifest["resources"][0]["opendata"]["privacy"]["columns"]
    assert [item["treatment"] for item in record] == ["mask", "pseudonymise", "drop"]
    erased = editor.delete(f"{path}/originals")
    assert (erased.status_code, erased.json["files"] > 0) == (200, True)
    assert editor.client.get("/datasets/reservoirs/1.0.0/roll.jsonl").text == rows


def test_decisions_can_be_sent_with_the_file(editor: Caller) -> None:
    resources = [{"file": "roll.csv", "name": "roll", "decisions": DECISIONS}]
    draft = editor.check(("roll.csv", ROLL), resources=resources)
    assert draft["undecided"] == []
