"""The steps of a table are taken and shown by REST; what isn't a step is refused with its place."""

from __future__ import annotations

from opendata.recipes.verbs import VERBS
from opendata.wiring import Services
from tests.api.conftest import Caller, problem

STEPS = [
    {"verb": "leave-out", "field": "code", "what": "totals"},
    {"verb": "missing", "field": "level", "texts": ["…"]},
]
TABLE = "code,name,level,measured\nA001,东湖,…,2026-01-31\nA002,西湖,2,2026-01-31\n合计,,2,2026-01-31\n"


def test_the_steps_of_a_table_are_changed_and_shown(editor: Caller, services: Services) -> None:
    draft = editor.check(("levels.csv", TABLE), name="levels")["id"]
    place = f"/drafts/{draft}/resources/levels"
    assert editor.patch(place, json={"recipe": {"steps": STEPS}}).status_code == 202
    services.work.run_to_end(draft)
    after = editor.get(f"/drafts/{draft}").json
    assert (after["status"], after["resources"][0]["rows"]) == ("valid", 2)
    assert after["resources"][0]["recipe"] == after["resources"][0]["offered"] == {"steps": STEPS}
    (task,) = after["report"]["tasks"]
    assert task["opendata"]["applied"] == [{**step, "count": 1} for step in STEPS]
    assert task["opendata"]["columns"] == ["code", "name", "level", "measured"]
    repairs = [{"fieldName": "level", "kind": "sign"}]
    assert editor.patch(place, json={"repairs": repairs}).json["resources"][0]["recipe"] == {
        "steps": [*STEPS, {"verb": "repair", "field": "level", "kind": "sign"}]
    }
    assert editor.patch(place, json={"recipe": None}).json["resources"][0]["recipe"] is None


def test_what_is_no_step_is_refused_with_its_place(editor: Caller) -> None:
    draft = editor.check(("levels.csv", TABLE), name="levels")["id"]
    wrong = {"recipe": {"steps": [STEPS[0], {"verb": "edit", "field": "level", "old": "1"}]}}
    faults = problem(editor.patch(f"/drafts/{draft}/resources/levels", json=wrong), 422)["errors"]
    assert [item["pointer"] for item in faults] == ["/steps/1/new", "/steps/1"]
    for recipe in ([], "x", {"steps": "x"}, {"repairs": [1]}):
        assert editor.patch(f"/drafts/{draft}/resources/levels", json={"recipe": recipe}).status_code == 422


def test_the_document_of_the_interface_names_each_verb(editor: Caller) -> None:
    document = editor.get("/openapi.json").json
    said = document["components"]["schemas"]["ResourceChanges"]["properties"]["recipe"]["description"]
    assert all(f"`{verb}`" in said for verb in VERBS)
