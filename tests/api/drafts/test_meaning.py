"""What a file says about itself, over REST: read, corrected, refused with its place, and published."""

from __future__ import annotations

from tests.api.conftest import Caller, problem

REPORT = (
    "规模以上工业总产值（2026年9月）,,,\n填报单位：县工信局,,,单位：吨\n乡镇,企业,产量,增长\n"
    "白马乡,甲厂,1,2\n青龙镇,乙厂,2,3\n石桥镇,丙厂,2,3\n"
)


def test_a_program_reads_corrects_and_publishes_what_a_file_says(editor: Caller, stranger: Caller) -> None:
    draft = editor.check(("工业总产值2026年9月.csv", REPORT))
    place = f"/drafts/{draft['id']}"
    table = draft["resources"][0]
    assert (draft["period"], draft["proposedPeriod"], table["name"]) == ("2026-09", "2026-09", "gong-ye-zong-chan-zhi")
    meaning = table["meaning"]
    assert (meaning["title"], meaning["unit"], meaning["compiledBy"]) == ("规模以上工业总产值", "t", "县工信局")
    assert meaning["found"]["unit"] == {
        "value": "吨",
        "where": "above",
        "line": "填报单位：县工信局 单位：吨",
        "sure": 1.0,
    }

    changes = {"meaning": {"source": "县统计局", "footnotes": ["快报数"], "compiledBy": None}}
    changed = editor.patch(f"{place}/resources/{table['name']}", json=changes)
    assert changed.status_code == 202
    assert changed.json["status"] == "valid"
    wrong = editor.patch(f"{place}/resources/{table['name']}", json={"meaning": {"period": "autumn"}})
    found = problem(wrong, 422, "invalid-metadata")
    assert found["errors"][0]["pointer"] == "/meaning/period"
    assert editor.patch(place, json={"period": "2026年8月"}).json["period"] == "2026-08"
    problem(editor.patch(place, json={"period": "autumn"}), 422, "invalid-metadata")
    assert editor.patch(place, json={"period": None}).json["period"] == "2026-09"

    editor.post(f"{place}/submit", json={})
    editor.work(draft["id"])
    version = stranger.get("/datasets/reservoirs/versions/latest").json
    resource = version["resources"][0]
    assert (version["period"], resource["period"], resource["unit"]) == ("2026-09", "2026-09", "t")
    assert (resource["sources"], resource["compiledBy"]) == ([{"title": "县统计局"}], "")
    assert resource["footnotes"] == [{"text": "快报数"}]


def test_what_a_sender_says_with_the_file_goes_before_what_the_file_says(editor: Caller) -> None:
    option = {"file": "产量2026年9月.csv", "meaning": {"period": "2026年8月", "unit": None}}
    draft = editor.check((option["file"], REPORT), resources=[option])
    meaning = draft["resources"][0]["meaning"]
    assert (draft["period"], meaning["unit"], meaning["title"]) == ("2026-08", "", "规模以上工业总产值")
    wrong = editor.upload(("a.csv", REPORT), resources=[{"file": "a.csv", "meaning": {"period": "autumn"}}])
    assert problem(wrong, 422, "invalid-metadata")["errors"][0]["pointer"].endswith("/meaning/period")
