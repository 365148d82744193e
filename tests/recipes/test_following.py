"""A schema follows the steps that change its columns, and goes back with them."""

from __future__ import annotations

from typing import Any

import pytest

from opendata.recipes.following import find_broken, follow_columns, loosen, tighten
from opendata.recipes.recipe import read_recipe
from opendata.tables.schema.origins import drop_marks, list_unsettled, mark_proposed

SCHEMA: dict[str, Any] = {
    "fields": [
        {"name": "地区", "type": "string", "title": "Area"},
        {"name": "2018年", "type": "integer"},
        {"name": "2019年", "type": "integer"},
    ],
    "primaryKey": ["地区"],
}
LABELS = ["地区", "2018年", "2019年"]
YEARS = {"verb": "unpivot", "columns": "years", "name": "year", "value": "value"}


def follow(schema: dict[str, Any], steps: list[Any], labels: list[str], columns: list[str]) -> dict[str, Any]:
    found = follow_columns(schema, read_recipe({"steps": steps}), labels, columns)
    assert found is not None
    return found


def test_columns_that_still_exist_keep_their_fields_and_those_of_a_step_are_proposed() -> None:
    found = follow(SCHEMA, [YEARS], LABELS, ["地区", "year", "value"])
    assert [(item["name"], item["type"], item.get("title")) for item in found["fields"]] == [
        ("地区", "string", "Area"),
        ("year", "string", None),
        ("value", "string", None),
    ]
    assert list_unsettled(found) == ["year", "value"]
    assert [item["name"] for item in found["opendata"]["steps"]["gone"]] == ["2018年", "2019年"]
    assert drop_marks(found) == {
        "fields": [SCHEMA["fields"][0], {"name": "year", "type": "string"}, {"name": "value", "type": "string"}],
        "primaryKey": ["地区"],
    }
    undone = follow(found, [], LABELS, LABELS)
    assert drop_marks(undone) == SCHEMA


@pytest.mark.parametrize(
    ("steps", "columns", "fields", "key"),
    [
        ([{"verb": "rename", "field": "地区", "to": "area"}], ["area", *LABELS[1:]], ["area", *LABELS[1:]], ["area"]),
        ([{"verb": "drop", "field": "地区"}], LABELS[1:], LABELS[1:], None),
        ([{"verb": "reorder", "fields": ["2019年"]}], ["2019年", *LABELS[:2]], ["2019年", *LABELS[:2]], ["地区"]),
    ],
)
def test_names_order_and_keys_follow(
    steps: list[Any], columns: list[str], fields: list[str], key: list[str] | None
) -> None:
    found = follow(SCHEMA, steps, LABELS, columns)
    assert [item["name"] for item in found["fields"]] == fields
    assert found.get("primaryKey") == key
    assert [item["fields"] for item in found["opendata"]["steps"]["keys"]] == ([] if key else [["地区"]])
    undone = follow_columns(found, read_recipe({"steps": []}), LABELS, LABELS)
    assert undone is not None
    assert [item["name"] for item in undone["fields"]] == LABELS
    assert undone.get("primaryKey") == ["地区"]


def test_a_column_with_the_name_of_one_that_was_dropped_keeps_its_own_field() -> None:
    def measure(name: str, unit: str) -> dict[str, Any]:
        return {"name": name, "type": "number", "opendata": {"unit": unit}}

    schema = {"fields": [measure("面积", "m2"), measure("产量", "t")]}
    steps = [{"verb": "drop", "field": "面积"}, {"verb": "rename", "field": "产量", "to": "面积"}]
    found = follow(schema, steps, ["面积", "产量"], ["面积"])
    assert drop_marks(found)["fields"] == [measure("面积", "t")]
    assert follow_columns(found, read_recipe({"steps": steps}), ["面积", "产量"], ["面积"]) is None
    undone = follow(found, [], ["面积", "产量"], ["面积", "产量"])
    assert drop_marks(undone) == schema
    dropped = follow(undone, steps[:1], ["面积", "产量"], ["产量"])
    assert drop_marks(dropped)["fields"] == [measure("产量", "t")]


def test_a_column_keeps_its_type_when_a_second_header_row_joins_its_name() -> None:
    schema = mark_proposed({"fields": [{"name": "地区", "type": "string"}, {"name": "人口", "type": "string"}]})
    step = {"verb": "join-headers", "labels": ["", "男", "女"]}
    found = follow(schema, [step], ["地区", "人口", ""], ["地区", "人口 男", "人口 女"])
    assert [item["name"] for item in found["fields"]] == ["地区", "人口 男", "人口 女"]
    assert list_unsettled(found) == ["人口 男", "人口 女"]
    declared = {"fields": [{"name": "地区"}, {"name": "人口", "type": "integer"}]}
    found = follow(declared, [step], ["地区", "人口", ""], ["地区", "人口 男", "人口 女"])
    assert drop_marks(found)["fields"][1] == {"name": "人口 男", "type": "integer"}


def test_what_the_steps_did_not_change_is_left_to_the_check() -> None:
    recipe = read_recipe({"steps": [YEARS]})
    assert follow_columns(SCHEMA, recipe, [*LABELS, "x"], [*LABELS, "x"]) is None
    assert follow_columns(SCHEMA, recipe, LABELS[:2], LABELS[:2]) is None


def test_a_proposed_rule_that_a_step_makes_false_is_dropped_and_comes_back() -> None:
    fields = [{"name": name, "type": "integer", "constraints": {"required": True}} for name in ("a", "b")]
    recipe = read_recipe({"steps": [{"verb": "missing", "field": "a", "texts": ["…"]}]})
    broken = [("a", "required"), ("b", "required")]
    declared = {"fields": fields}
    assert list(find_broken(declared, recipe, broken)) == [("a", "required", False)]
    proposed = mark_proposed(declared)
    assert list(find_broken(proposed, recipe, broken)) == [("a", "required", True)]
    loose = loosen(proposed, [("a", "required")])
    assert drop_marks(loose) == {"fields": [{"name": "a", "type": "integer"}, fields[1]]}
    assert tighten(loose) == proposed
