"""Steps kept with drafts, datasets and manifests: replayed on the next file, asked about, published without secrets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from opendata.domain.schema import TableSchema
from opendata.errors import InvalidMetadataError
from opendata.services.core.actors import Actor
from opendata.services.drafts.submission import Submission
from opendata.wiring import Services
from tests.instances import locate, publish, upload

YEARS = {"verb": "unpivot", "columns": "years", "name": "year", "value": "value"}
TABLE = "地区,2018年,2019年,备注\n郑州,12,…,x\n开封,1O,14,y\n合计,22,14,\n"
SCHEMA: dict[str, Any] = {
    "fields": [{"name": "地区"}, {"name": "year", "type": "year"}, {"name": "value", "type": "integer"}]
}
STEPS: list[dict[str, Any]] = [
    {"verb": "leave-out", "field": "地区", "what": "totals"},
    {"verb": "drop", "field": "备注"},
    YEARS,
    {"verb": "missing", "field": "value", "texts": ["…"]},
    {"verb": "edit", "field": "value", "old": "1O", "new": "10", "row": 3, "key": {"year": "2018"}},
]
MENDED = "地区,year,value\n郑州,2018,12\n郑州,2019,\n开封,2018,10\n开封,2019,14\n"


def change(services: Services, actor: Actor, draft: str, steps: object) -> Any:
    """Give a draft's table steps; the draft, checked again."""
    services.drafts.change_resource(actor, draft, "levels", {"recipe": {"steps": steps}})
    services.work.run_to_end(draft)
    return services.drafts.get(actor, draft)


def list_asked(draft: Any) -> list[str]:
    """What is asked of the steps of a draft's table."""
    return [item["text"] for item in draft.resources[0].reading["decisions"] if item["rule"] == "step"]


def submit(services: Services, actor: Actor, draft: str, reason: str = "") -> None:
    services.drafts.submit(actor, draft, Submission(breaking="the reason of a test", reason=reason))
    services.work.run_to_end(draft)


def test_a_file_with_errors_becomes_right_by_steps_alone(services: Services, editor: Actor) -> None:
    draft = upload(services, editor, TABLE, schema=SCHEMA)
    assert draft.status == "invalid"
    mended = change(services, editor, draft.id, STEPS)
    assert mended.status == "valid"
    assert list_asked(mended) == []
    (task,) = mended.report["tasks"]
    assert [item["count"] for item in task["opendata"]["applied"]] == [1, 1, 2, 1, 1]
    submit(services, editor, draft.id)
    found = services.versions.get_manifest("reservoirs", "1.0.0").tables[0]
    assert locate(services.versions.find_file("reservoirs", "1.0.0", "levels", "csv")).read_text("utf-8") == MENDED
    assert found.recipe == {"steps": STEPS}

    # the same file again: the same bytes, so no new version
    again = upload(services, editor, TABLE, schema=None)
    assert [step["verb"] for step in again.resources[0].recipe["steps"]] == [step["verb"] for step in STEPS]
    assert len(list_asked(again)) == 1  # the edit was made for another file
    change(services, editor, again.id, STEPS)
    submit(services, editor, again.id)
    assert [item.version for item in services.versions.list("reservoirs")] == ["1.0.0"]

    # a longer file with a total between its rows, and a year more
    longer = "地区,2018年,2019年,2020年,备注\n郑州,12,…,3,x\n小计,12,,3,\n开封,10,14,4,y\n洛阳,1,2,3,\n合计,22,14,7,\n"
    following = upload(services, editor, longer, schema=None)
    assert following.resources[0].rows == 12
    asked = list_asked(following)
    assert len(asked) == 2
    assert "Rows 3 are named like totals but are between other rows" in asked[0]
    assert "“1O” in the column “value” isn't there any more" in asked[1]
    assert following.warnings == 2
    with pytest.raises(InvalidMetadataError):
        services.drafts.submit(editor, following.id, Submission(breaking="the reason of a test"))


def test_repairs_replace_repairs_and_leave_other_steps(services: Services, editor: Actor) -> None:
    draft = upload(services, editor, TABLE, schema=SCHEMA)
    services.drafts.change_resource(editor, draft.id, "levels", {"recipe": {"steps": STEPS}})
    kinds = [{"fieldName": "value", "kind": "magnitude"}]
    found = services.drafts.change_resource(editor, draft.id, "levels", {"repairs": kinds})
    assert found.resources[0].recipe == {"steps": [*STEPS, {"verb": "repair", "field": "value", "kind": "magnitude"}]}
    undone = services.drafts.change_resource(editor, draft.id, "levels", {"recipe": None})
    assert undone.resources[0].recipe is None
    with pytest.raises(InvalidMetadataError) as refused:
        services.drafts.change_resource(editor, draft.id, "levels", {"recipe": {"steps": [{"verb": "x"}]}})
    assert [item.pointer for item in refused.value.faults] == ["/steps/0/verb"]


PHONES = "code,name,phone\nA1,东湖,13800138000\nA2,西湖,-\nA3,南湖,无\n"
SECRET = [
    {"verb": "edit", "field": "phone", "old": "13800138000", "new": "", "row": 2},
    {"verb": "replace", "field": "name", "old": "东湖", "new": "东湖水库"},
    {"verb": "drop", "field": "phone"},
]


def read_published(services: Services) -> tuple[str, list[dict[str, Any]]]:
    """All of the manifest as text, and the steps of its table."""
    found = services.versions.get_manifest("reservoirs", "1.0.0")
    assert found.tables[0].recipe is not None
    return json.dumps(found.to_json(), ensure_ascii=False), found.tables[0].recipe["steps"]


def test_a_manifest_has_no_text_of_a_column_that_is_not_published(services: Services, editor: Actor) -> None:
    draft = upload(services, editor, PHONES, schema=None)
    change(services, editor, draft.id, SECRET)
    submit(services, editor, draft.id)
    text, steps = read_published(services)
    assert "13800138000" not in text
    assert steps == [{"verb": "edit", "field": "phone", "row": 2}, *SECRET[1:]]
    services.originals.erase(editor, draft.id)
    erased = services.drafts.get(editor, draft.id).resources[0]
    assert (erased.recipe, erased.offered) == (None, {"steps": SECRET[2:]})


@pytest.mark.slow
def test_a_manifest_has_no_text_that_looks_like_personal_data(services: Services, editor: Actor) -> None:
    steps = [{"verb": "replace", "field": "name", "old": "13800138000", "new": "东湖"}]
    draft = upload(services, editor, "code,name\nA1,13800138000\nA2,西湖\n", schema=None)
    change(services, editor, draft.id, steps)
    submit(services, editor, draft.id)
    assert "13800138000" not in read_published(services)[0]


def test_a_manifest_of_data_that_is_not_open_has_no_text_of_cells(services: Services, editor: Actor) -> None:
    disclosure = {"attribute": "conditional", "reason": "r", "legalBasis": "l", "conditions": "c"}
    services.datasets.update(editor, "reservoirs", {"disclosure": disclosure})
    draft = upload(services, editor, "code,name\nA1,东湖\nA2,西湖\n", schema=None)
    change(services, editor, draft.id, SECRET[1:2])
    submit(services, editor, draft.id)
    text, steps = read_published(services)
    assert "东湖" not in text
    assert steps == [{"verb": "replace", "field": "name"}]


def test_a_table_of_the_statistics_bureau_with_years_across(services: Services, editor: Actor, realdata: Path) -> None:
    content = (realdata / "chinese/nbs-gbk/分省年度数据.csv").read_bytes()
    schema = {"fields": [{"name": "region"}, {"name": "year", "type": "year"}, {"name": "gdp", "type": "number"}]}
    draft = upload(services, editor, content, schema=schema)
    assert draft.status == "invalid"
    steps = [{**YEARS, "value": "gdp"}, {"verb": "rename", "field": "地区", "to": "region"}]
    mended = change(services, editor, draft.id, steps)
    (table,) = mended.resources
    assert (mended.status, table.rows, list_asked(mended)) == ("valid", 31 * 19, [])
    submit(services, editor, draft.id)
    lines = locate(services.versions.find_file("reservoirs", "1.0.0", "levels", "csv")).read_text("utf-8").splitlines()
    assert lines[:3] == ["region,year,gdp", "北京市,2024,49670.2", "北京市,2023,47353.7"]
    # next year's file has a year more
    rows = [line.split(",", 1) for line in content.decode("gb18030").splitlines()]
    wider = [
        ",".join([row[0], "2025年" if row[0] == "地区" else "1.5", *row[1:]]) if row[1:] else row[0] for row in rows
    ]
    following = upload(services, editor, "\n".join(wider).encode("gb18030"), schema=None)
    assert (following.status, following.resources[0].rows, list_asked(following)) == ("valid", 31 * 20, [])


@pytest.mark.slow
def test_the_total_above_a_table_of_budgets_is_left_out(services: Services, editor: Actor, realdata: Path) -> None:
    content = (realdata / "chinese/budget/7-6-分地区一般公共预算支出-2021.xlsx").read_bytes()
    draft = upload(services, editor, content, schema=None)
    assert draft.resources[0].rows == 32
    mended = change(services, editor, draft.id, [{"verb": "leave-out", "field": "地 区", "what": "totals"}])
    assert (mended.status, mended.resources[0].rows, list_asked(mended)) == ("valid", 31, [])


def test_a_number_column_kept_as_text_needs_a_reason_or_a_choice(services: Services, editor: Actor) -> None:
    table = "name,n\n" + "".join(f"x{number},{'…' if number == 5 else number}\n" for number in range(12))
    draft = upload(services, editor, table, schema=None)
    assert (draft.status, draft.warnings) == ("valid", 1)
    (remark,) = draft.report["tasks"][0]["opendata"]["remarks"] if draft.report else ()
    assert (remark["type"], remark["fieldName"]) == ("kept-as-text", "n")
    said = {name: value for name, value in remark["opendata"]["params"].items() if value}
    assert said == {
        "type": "integer",
        "fits": 11,
        "of": 12,
        "values": ["…"],
        "rows": [7],
        "are_marks": True,
        "marks": ["…"],
    }
    with pytest.raises(InvalidMetadataError) as refused:
        services.drafts.submit(editor, draft.id)
    assert [item.pointer for item in refused.value.faults] == ["/reason"]
    proposed = draft.resources[0].proposed_schema
    assert isinstance(proposed, TableSchema)
    text = services.drafts.change_resource(editor, draft.id, "levels", {"schema": proposed.descriptor})
    services.work.run_to_end(text.id)
    assert services.drafts.get(editor, text.id).warnings == 0  # somebody said that it is text
    assert publish(services, editor, table, schema=proposed.descriptor).status == "published"


def test_a_broken_foreign_key_names_no_row_where_steps_have_moved_them(services: Services, editor: Actor) -> None:
    codes = "code\n郑州\n"
    key = {"fields": ["地区"], "reference": {"resource": "", "fields": ["地区"]}}
    draft = upload(services, editor, codes.replace("code", "地区"), name="places", schema=None)
    submit(services, editor, draft.id)
    schema = {**SCHEMA, "foreignKeys": [{**key, "reference": {"resource": "places", "fields": ["地区"]}}]}
    sent = upload(services, editor, TABLE, schema=schema)
    broken = change(services, editor, sent.id, STEPS)
    assert broken.status == "invalid"
    errors = [error for task in broken.report["tasks"] for error in task["errors"]]
    assert {(error["type"], error.get("rowNumber"), error["cells"][0]) for error in errors} == {
        ("foreign-key", None, "开封")
    }


def test_types_that_were_chosen_stay_when_a_step_changes_the_columns(services: Services, editor: Actor) -> None:
    table = "地区,2018年,2019年,备注\n" + "".join(f"区{place},{place}{place},1{place},x\n" for place in range(1, 7))
    draft = upload(services, editor, table, schema=None)
    proposed = draft.resources[0].proposed_schema
    assert proposed is not None
    steps = [{"verb": "drop", "field": "备注"}, YEARS]
    changes = {"schema": proposed.descriptor, "recipe": {"steps": steps}}
    services.drafts.change_resource(editor, draft.id, "levels", changes)
    services.work.run_to_end(draft.id)
    found = services.drafts.get(editor, draft.id)
    assert (found.status, found.warnings) == ("valid", 0)
    assert found.resources[0].schema is not None
    assert [(item["name"], item["type"]) for item in found.resources[0].schema["fields"]] == [
        ("地区", "string"),
        ("year", "year"),
        ("value", "integer"),
    ]
    # a text among the values: the new column isn't passed silently as text
    odd = [*steps, {"verb": "replace", "field": "value", "old": "11", "new": "11人"}]
    asked = change(services, editor, draft.id, odd)
    assert asked.status == "invalid"
    # nothing of it is published
    mended = change(services, editor, draft.id, [*steps, {"verb": "missing", "field": "value", "texts": ["11"]}])
    assert mended.status == "valid"
    submit(services, editor, draft.id)
    text, _ = read_published(services)
    assert '"proposed"' not in text
    assert '"gone"' not in text


@pytest.mark.slow
def test_odd_cells_of_a_column_that_a_step_made_are_asked_about(services: Services, editor: Actor) -> None:
    table = "地区,2018年,2019年\n" + "".join(f"区{place},{place},1{place}\n" for place in range(1, 7)) + "区7,…,8人\n"
    schema = {"fields": [{"name": name, "constraints": {"required": True}} for name in ("地区", "2018年", "2019年")]}
    draft = upload(services, editor, table, schema=schema)
    found = change(services, editor, draft.id, [YEARS])
    assert (found.status, found.warnings) == ("valid", 1)
    (remark,) = found.report["tasks"][0]["opendata"]["remarks"]
    assert (remark["fieldName"], remark["opendata"]["params"]["values"]) == ("value", ["8人", "…"])
    undone = change(services, editor, draft.id, [])
    assert (undone.status, [item["name"] for item in undone.resources[0].schema["fields"]]) == (
        "valid",
        ["地区", "2018年", "2019年"],
    )


@pytest.mark.slow
def test_a_required_column_that_a_step_empties_is_loosened_only_where_it_was_proposed(
    services: Services, editor: Actor
) -> None:
    table = "name,n\n" + "".join(f"x{number},{number}\n" for number in range(1, 6))
    draft = upload(services, editor, table, schema=None)
    proposed = draft.resources[0].proposed_schema
    assert proposed is not None
    steps = {"steps": [{"verb": "missing", "field": "n", "texts": ["3"]}]}
    services.drafts.change_resource(editor, draft.id, "levels", {"schema": proposed.descriptor, "recipe": steps})
    services.work.run_to_end(draft.id)
    found = services.drafts.get(editor, draft.id)
    assert found.status == "valid"
    assert found.resources[0].schema["fields"][1].get("constraints") is None
    fields = [{"name": "name"}, {"name": "n", "type": "integer", "constraints": {"required": True}}]
    services.drafts.change_resource(editor, draft.id, "levels", {"schema": {"fields": fields}})
    services.work.run_to_end(draft.id)
    assert services.drafts.get(editor, draft.id).status == "invalid"
