"""The properties of the profile by REST: answered as they were sent, changed part by part, removed by null."""

from __future__ import annotations

from tests.api.conftest import Caller
from tests.metadata.test_profile import FURTHER


def test_properties_are_answered_as_sent_changed_by_part_and_removed(editor: Caller) -> None:
    made = editor.post("/datasets", json={"id": "profiled", "title": "水库", **FURTHER})
    assert made.status_code == 201
    assert {name: made.get_json()[name] for name in FURTHER} == FURTHER
    changes = {"spatial": {"name": None}, "contactPoint": {"telephone": "12345"}, "themes": None, "basis": ""}
    found = editor.patch("/datasets/profiled", json=changes, content_type="application/merge-patch+json").get_json()
    assert found["spatial"] == {"code": "410100"}
    assert found["contactPoint"] == {**FURTHER["contactPoint"], "telephone": "12345"}  # type: ignore[dict-item]
    assert not {"themes", "basis"} & {*found}
