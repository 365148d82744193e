"""Personal data in texts and attachments over REST."""

from __future__ import annotations

from tests.api.conftest import Caller, problem
from tests.instances import CSV, SCHEMA
from tests.intake.attachment_samples import MOBILE, make_docx
from tests.services.work.test_text_gate import PNG, SCAN

RESOURCES = [{"file": "levels.csv", "name": "levels", "schema": SCHEMA}]


def test_pictures_and_scans_are_submitted_without_a_body(editor: Caller) -> None:
    draft = editor.check(("levels.csv", CSV), ("a.png", PNG), ("b.pdf", SCAN), resources=RESOURCES)
    found = {item["filename"]: (item["isRead"], item["unread"], item["texts"]) for item in draft["resources"]}
    assert found == {"": (None, "", []), "a.png": (False, "format", []), "b.pdf": (False, "pictures", [])}
    assert draft["textFindings"] == []
    assert editor.post(f"/drafts/{draft['id']}/submit").status_code == 202
    assert editor.work(draft["id"])["status"] == "published"


def test_a_text_with_a_number_needs_a_reason(editor: Caller) -> None:
    draft = editor.check(("levels.csv", CSV), ("说明.docx", make_docx(f"电话{MOBILE}")), resources=RESOURCES)
    attachment = draft["resources"][1]
    assert (attachment["isRead"], attachment["texts"][0]["count"]) == (True, 1)
    assert [item["part"] for item in draft["textFindings"]] == ["contents"]
    path = f"/drafts/{draft['id']}/submit"
    faults = problem(editor.post(path), 422, "invalid-metadata")["errors"]
    assert [item["pointer"] for item in faults] == ["/reason"]
    assert "Mobile telephone numbers, 1" in faults[0]["detail"]
    assert MOBILE not in str(faults)
    assert editor.post(path, json={"reason": "the office's duty phone"}).status_code == 202
    assert editor.work(draft["id"])["status"] == "published"
