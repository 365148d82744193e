"""What becomes of warnings and of wrong cells that can be repaired: reasons, recipes, and what is offered next time."""

from __future__ import annotations

from typing import Any

import pytest

from opendata.errors import InvalidMetadataError
from opendata.services.core.actors import Actor
from opendata.services.drafts.submission import Submission
from opendata.wiring import Services
from tests.instances import locate, upload

SCHEMA: dict[str, Any] = {
    "fields": [
        {"name": "code", "type": "string", "constraints": {"required": True, "pattern": "[A-Z][0-9]{3}"}},
        {"name": "level", "type": "integer"},
        {"name": "measured", "type": "date"},
    ],
    "primaryKey": ["code"],
}
RIGHT = "code,level,measured\nA001,12,2026-01-31\n"
MESSY = "code,level,measured\nA001,１２,2026/1/31\nA002, 7 ,2026-02-01\n"
REPAIRS = [
    {"fieldName": "level", "kind": "full-width"},
    {"fieldName": "level", "kind": "trim-blanks"},
    {"fieldName": "measured", "kind": "date-form"},
]


def weigh(strength: str) -> dict[str, Any]:
    """The schema with a pattern of that strength."""
    first, *others = SCHEMA["fields"]
    return {**SCHEMA, "fields": [{**first, "opendata": {"strengths": {"pattern": strength}}}, *others]}


def test_a_warning_needs_a_reason(services: Services, editor: Actor) -> None:
    draft = upload(services, editor, RIGHT.replace("A001", "x"), schema=weigh("warning"))
    assert draft.status == "valid"
    with pytest.raises(InvalidMetadataError) as refused:
        services.drafts.submit(editor, draft.id)
    assert [item.pointer for item in refused.value.faults] == ["/reason"]
    services.drafts.submit(editor, draft.id, Submission(reason="an old code, still in use"))
    services.work.run_to_end(draft.id)
    found = services.drafts.get(editor, draft.id)
    assert (found.status, found.reason) == ("published", "an old code, still in use")


def test_a_note_needs_none(services: Services, editor: Actor) -> None:
    draft = upload(services, editor, RIGHT.replace("A001", "x"), schema=weigh("note"))
    assert draft.report is not None
    (task,) = draft.report["tasks"]
    assert task["valid"]
    assert [item["strength"] for item in task["opendata"]["counts"]] == ["note"]
    assert [item["rowNumber"] for item in task["opendata"]["remarks"]] == [2]
    services.drafts.submit(editor, draft.id)


def test_an_error_blocks(services: Services, editor: Actor) -> None:
    assert upload(services, editor, RIGHT.replace("A001", "x"), schema=weigh("error")).status == "invalid"


def test_a_check_of_rows_that_the_schema_declares_is_held(services: Services, editor: Actor) -> None:
    checks = [{"name": "after-2020", "type": "condition", "then": {"field": "level", "<=": 10}, "strength": "error"}]
    draft = upload(services, editor, RIGHT, schema={**SCHEMA, "opendata": {"checks": checks}})
    assert draft.status == "invalid"
    assert draft.report is not None
    (error,) = draft.report["tasks"][0]["errors"]
    assert (error["type"], error["rowNumber"], error["fieldName"], error["cell"]) == ("custom-check", 2, "level", "12")


def test_what_is_plain_to_see_is_repaired_where_it_is_agreed_to(services: Services, editor: Actor) -> None:
    draft = upload(services, editor, MESSY, schema=SCHEMA)
    assert draft.status == "invalid"
    assert draft.report is not None
    proposed = draft.report["tasks"][0]["opendata"]["repairs"]
    assert {(item["fieldName"], item["kind"]) for item in proposed} >= {
        (item["fieldName"], item["kind"]) for item in REPAIRS
    }
    services.drafts.change_resource(editor, draft.id, "levels", {"repairs": REPAIRS})
    services.work.run_to_end(draft.id)
    repaired = services.drafts.get(editor, draft.id)
    assert repaired.status == "valid"
    assert repaired.report is not None
    made = repaired.report["tasks"][0]["opendata"]["repaired"]
    assert {(item["fieldName"], item["kind"], item["count"]) for item in made} == {
        ("level", "full-width", 1),
        ("level", "trim-blanks", 1),
        ("measured", "date-form", 1),
    }
    services.drafts.submit(editor, draft.id)
    services.work.run_to_end(draft.id)
    file = services.versions.find_file("reservoirs", "1.0.0", "levels", "csv")
    assert locate(file).read_text() == "code,level,measured\nA001,12,2026-01-31\nA002,7,2026-02-01\n"
    assert locate(file).read_bytes() != MESSY.encode()


def test_the_repairs_accepted_are_made_again_in_the_next_file_and_can_be_taken_back(
    services: Services, editor: Actor
) -> None:
    first = upload(services, editor, MESSY, schema=SCHEMA)
    services.drafts.change_resource(editor, first.id, "levels", {"repairs": REPAIRS})
    services.drafts.discard(editor, first.id)
    second = upload(services, editor, MESSY, schema=SCHEMA)
    assert second.status == "valid"
    (table,) = second.resources
    steps = [{"verb": "repair", "field": item["fieldName"], "kind": item["kind"]} for item in REPAIRS]
    assert table.recipe == table.offered == {"steps": steps}
    services.drafts.change_resource(editor, second.id, "levels", {"repairs": []})
    services.work.run_to_end(second.id)
    undone = services.drafts.get(editor, second.id)
    assert (undone.status, undone.resources[0].recipe) == ("invalid", None)


@pytest.mark.parametrize("wrong", [[{"fieldName": "level", "kind": "magic"}], [5], "full-width"])
def test_repairs_that_do_not_exist_are_refused(services: Services, editor: Actor, wrong: object) -> None:
    draft = upload(services, editor, MESSY, schema=SCHEMA)
    with pytest.raises(InvalidMetadataError):
        services.drafts.change_resource(editor, draft.id, "levels", {"repairs": wrong})


def test_every_finding_is_stored_beside_the_draft(services: Services, editor: Actor) -> None:
    lines = "".join(f"A{number:03},x,2026-01-31\n" for number in range(150)) + "A001,5,2026-01-31\n"
    draft = upload(services, editor, "code,level,measured\n" + lines, schema=SCHEMA)
    page = services.findings.list(editor, draft.id, "levels", cursor=None, limit=200)
    assert len(page.items) == 151
    assert {item["type"] for item in page.items} == {"type-error", "primary-key"}
    assert [item["row"] for item in page.items] == [*range(2, 152), 152]
