"""Tables that are wrong inside: the draft is `invalid` and its report says where, no request is refused for it."""

from __future__ import annotations

import pytest

from tests.api.conftest import Caller
from tests.instances import CSV, SCHEMA

WIDE = ",".join(f"c{number}" for number in range(2000))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n\n",
        "code,name,level,measured\nA001,a\0b,1,2026-01-01\n",
        'code,name,level,measured\nA001,"never closed,1,2026-01-01\n',
        "code,name,level,measured\nA001,x,minus one,2026-01-01\n",
        "code,name,level,measured\nA001,x,1,2026-02-30\n",
        "code,name,level,measured\na,x,1,2026-01-01\n",
        "code,name,level,measured\nA001,x,1,2026-01-01\nA001,y,1,2026-01-01\n",
        "code,name,level,measured\nA001,x,1\n",
        "code,name,level,measured\nA001,x,1,2026-01-01,5\n",
        "code,name\nA001,x\n",
        "kode,name,level,measured\nA001,x,1,2026-01-01\n",
        "code,name,level,measured\nA001,东湖水库所在地区,1,2026-01-01\n".encode() + b"A002,\xff,1,2026-01-01\n",
    ],
)
def test_a_table_that_breaks_its_schema_ends_as_an_invalid_draft_with_a_report(
    editor: Caller, text: str | bytes
) -> None:
    draft = editor.check(("levels.csv", text), schema=SCHEMA)
    assert draft["status"] == "invalid"
    assert draft["error"] is None
    report = draft["report"]
    assert report["valid"] is False
    assert report["stats"]["errors"] >= 1
    assert draft["resources"][0]["errors"] >= 1
    found = report["tasks"][0]["errors"][0]
    assert found["message"]
    assert found["type"]


def test_a_table_with_its_header_only_has_no_rows(editor: Caller) -> None:
    draft = editor.check(("levels.csv", CSV.splitlines()[0] + "\n"), schema=SCHEMA)
    assert (draft["status"], draft["resources"][0]["rows"]) == ("valid", 0)


@pytest.mark.slow
def test_a_table_of_2000_columns_is_a_table(editor: Caller) -> None:
    row = ",".join("1" for _ in range(2000))
    draft = editor.check(("wide.csv", f"{WIDE}\n{row}\n"))
    assert draft["status"] == "valid"
    assert len(draft["resources"][0]["proposedSchema"]["fields"]) == 2000


def test_nul_bytes_are_named_with_their_row(editor: Caller) -> None:
    draft = editor.check(("levels.csv", "code,name,level,measured\nA001,x,1,2026-01-01\nA002,a\0b,1,2026-01-01\n"))
    assert draft["status"] == "invalid"
    assert draft["report"]["tasks"][0]["errors"][0]["rowNumber"] == 3


def test_an_invalid_table_publishes_nothing(editor: Caller, stranger: Caller) -> None:
    draft = editor.check(("levels.csv", CSV + "x\n"), schema=SCHEMA)
    assert editor.post(f"/drafts/{draft['id']}/submit").status_code == 409
    assert stranger.get("/datasets").json == {"items": [], "next": None}
