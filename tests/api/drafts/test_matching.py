"""The schemas that fit a table are listed with what to change it to; sent back as it is, the table is in order."""

from __future__ import annotations

import pytest

from opendata.wiring import Services
from tests.api.conftest import Caller, problem
from tests.instances import SCHEMA
from tests.services.drafts.test_matching import CHINESE, TITLED


@pytest.fixture
def place(editor: Caller, maintainer: Caller) -> str:
    """The address of a table with Chinese labels, where the library has a schema with English names."""
    answer = maintainer.post("/schemas", json={"name": "reservoirs", "version": "1.0.0", "descriptor": TITLED})
    assert answer.status_code == 201
    draft = editor.check(("levels.csv", CHINESE), name="levels")
    return f"/drafts/{draft['id']}/resources/levels"


def test_a_schema_that_fits_is_listed_and_taken(editor: Caller, services: Services, place: str) -> None:
    answer = editor.get(f"{place}/schemas")
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.json["next"] is None
    (found,) = answer.json["items"]
    assert (found["ref"], found["table"], found["title"], found["fields"]) == ("reservoirs@1.0.0", "", "水库", 4)
    assert found["i18n"] == {"en": {"title": "Reservoirs"}}
    assert [(item["label"], item["field"], item["how"]) for item in found["matched"]] == [
        ("编号", "code", "title"),
        ("水库名称", "name", "title"),
        ("水位(米)", "level", "folded"),
        ("测量日期", "measured", "title"),
    ]
    assert found["renamed"] == found["matched"]
    assert (found["missing"], found["extra"], found["reordered"], found["inForce"]) == ([], [], True, False)
    changes = {"schema": found["schema"], "choices": {"columns": found["columns"]}}
    assert editor.patch(place, json=changes).status_code == 202
    draft = place.split("/")[2]
    services.work.run_to_end(draft)
    after = editor.get(f"/drafts/{draft}").json
    assert (after["status"], after["resources"][0]["schemaName"]) == ("valid", "reservoirs@1.0.0")
    (again,) = editor.get(f"{place}/schemas").json["items"]
    assert again["inForce"] is True


def test_the_columns_of_a_wrong_header_are_told(editor: Caller, services: Services) -> None:
    draft = editor.check(
        ("levels.csv", "Code,NAME,measured,level,x\nA001,n,2026-01-31,1,\n"), name="levels", schema=SCHEMA
    )
    assert draft["status"] == "invalid"
    (found,) = editor.get(f"/drafts/{draft['id']}/resources/levels/schemas").json["items"]
    assert found["inForce"] is True
    assert found["columns"] == {"Code": "code", "NAME": "name", "level": "level", "measured": "measured"}
    assert [item["label"] for item in found["renamed"]] == ["Code", "NAME"]
    assert (found["extra"], found["reordered"]) == (["x"], True)


def test_only_those_who_may_see_the_draft_are_told(
    stranger: Caller, gardener: Caller, maintainer: Caller, editor: Caller, place: str
) -> None:
    problem(stranger.get(f"{place}/schemas"), 401)
    problem(gardener.get(f"{place}/schemas"), 403)
    problem(editor.get(place.replace("levels", "other") + "/schemas"), 404)
    assert maintainer.get(f"{place}/schemas").status_code == 200
