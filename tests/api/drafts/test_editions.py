"""What a file's rows are to the published table, as REST says it and lets it be said."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Caller, pointers, problem
from tests.instances import CSV

MORE = "code,name,level,measured\nA003,南湖,3,2026-02-02\nA001,东湖,9,2026-01-31\n"


@pytest.fixture
def writer(editor: Caller) -> Caller:
    """An editor whose dataset has a table `levels`."""
    editor.publish(CSV + "".join(f"B{number:03},北湖,{number},2026-01-31\n" for number in range(4)))
    return editor


def sent(draft: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(item for item in draft["resources"] if not item["carried"])
    return found


def test_rows_are_added_where_the_sender_asks_for_it(writer: Caller) -> None:
    options = [{"file": "levels-2026-02.csv", "mode": "auto"}]
    draft = writer.check(("levels-2026-02.csv", MORE), resources=options)
    table = sent(draft)
    assert (table["name"], table["mode"], table["rows"]) == ("levels", "append", 7)
    assert table["part"] == {"rows": 2, "added": 1, "corrected": 1, "repeated": 0}
    assert table["modeReason"].startswith("4 of 4 columns match; the file is named like the table; 1 of 2 keys are new")
    assert table["modeAsks"] is False
    correction = CSV.splitlines()[0] + "\nA001,东湖,9,2026-01-31\n"
    draft = writer.check(("levels-2026-02.csv", correction), resources=options)
    assert (sent(draft)["mode"], sent(draft)["modeAsks"]) == ("append", True)
    refused = writer.post(f"/drafts/{draft['id']}/submit")
    assert problem(refused, 422)["errors"][0]["pointer"] == "/resources/levels/mode"
    place = f"/drafts/{draft['id']}/resources/levels"
    assert sent(writer.patch(place, json={"mode": "append"}).json)["modeAsks"] is False
    assert writer.post(f"/drafts/{draft['id']}/submit").status_code == 202
    assert writer.work(draft["id"])["version"] == "1.0.1"


@pytest.mark.slow
def test_without_a_mode_a_name_decides_and_the_draft_can_be_told_otherwise(writer: Caller) -> None:
    draft = writer.check(("levels-more.csv", MORE))
    assert [(item["name"], item["mode"]) for item in draft["resources"]] == [
        ("levels-more", "new"),
        ("levels", None),
    ]
    place = f"/drafts/{draft['id']}/resources/levels-more"
    assert writer.patch(place, json={"mode": "append", "target": "levels"}).status_code == 202
    assert (sent(writer.work(draft["id"]))["name"], sent(writer.work(draft["id"]))["rows"]) == ("levels", 7)
    draft = writer.check(("levels.csv", MORE))
    assert (sent(draft)["mode"], sent(draft)["rows"], sent(draft)["part"]) == ("replace", 2, None)
    draft = writer.check(("february.csv", MORE), mode="append")
    assert (sent(draft)["name"], sent(draft)["rows"]) == ("levels", 7)


@pytest.mark.parametrize(
    ("option", "place"),
    [
        ({"mode": "merge"}, "/resources/0/mode"),
        ({"mode": "append", "name": "gauges"}, "/resources/0/name"),
        ({"mode": "new", "name": "levels"}, "/resources/0/name"),
    ],
)
def test_a_mode_that_cannot_be_is_refused(writer: Caller, option: dict[str, str], place: str) -> None:
    answer = writer.upload(("a.csv", MORE), resources=[{"file": "a.csv", **option}])
    assert (answer.status_code, pointers(answer)) == (422, {place})


def test_a_table_that_is_not_there_is_no_target(writer: Caller) -> None:
    draft = writer.check(("levels.csv", MORE))
    place = f"/drafts/{draft['id']}/resources/levels"
    for body, pointer in (({"target": "gauges"}, "/target"), ({"mode": "auto"}, "/mode")):
        answer = writer.patch(place, json=body)
        assert (answer.status_code, pointers(answer)) == (422, {pointer})


def test_files_of_a_series_are_offered_as_one_table_and_joined_or_kept_apart(editor: Caller) -> None:
    files = [(f"levels-2026-0{number}.csv", f"town,level\nA,{number}\n") for number in (1, 2)]
    draft = editor.check(*files)
    offer = draft["series"][0]
    assert (offer["cut"], offer["values"], offer["column"], offer["asks"], offer["differences"]) == (
        "month",
        ["2026-01", "2026-02"],
        "month",
        False,
        [],
    )
    place = f"/drafts/{draft['id']}/resources/{offer['tables'][0]}"
    refused = editor.patch(place, json={"series": {"tables": ["nothing"]}})
    assert pointers(refused) == {"/series/tables"}
    assert editor.patch(place, json={"series": {"tables": offer["tables"]}}).status_code == 202
    table = editor.work(draft["id"])["resources"][0]
    assert (table["rows"], table["series"]["added"], [part["rows"] for part in table["series"]["parts"]]) == (
        2,
        True,
        [1, 1],
    )
    place = f"/drafts/{draft['id']}/resources/{table['name']}"
    assert len(editor.patch(place, json={"series": None}).json["resources"]) == 2
    assert editor.work(draft["id"])["series"][0]["apart"]
