"""What a change of a Table Schema breaks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from opendata.domain.schema import TableSchema
from opendata.metadata.schema_changes import compare_schemas

CODE: dict[str, Any] = {"name": "code", "type": "string"}
SIZE: dict[str, Any] = {"name": "size", "type": "number"}


def compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (reason.bump, reason.text["en"].removeprefix("t: "))
        for reason in compare_schemas("t", TableSchema(old), TableSchema(new))
    ]


def fields(*items: Mapping[str, Any], **rest: Any) -> dict[str, Any]:
    return {"fields": list(items), **rest}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (fields(CODE, SIZE), fields(CODE), [("major", "column size removed")]),
        (fields(CODE), fields(CODE, SIZE), [("major", "column size added")]),
        (
            fields(CODE, fieldsMatch="superset"),
            fields(CODE, SIZE, fieldsMatch="superset"),
            [("major", "column size added")],
        ),
        (
            fields(CODE, fieldsMatch="subset"),
            fields(CODE, SIZE, fieldsMatch="subset"),
            [("minor", "column size added")],
        ),
        (
            fields(CODE, fieldsMatch="partial"),
            fields(CODE, SIZE, fieldsMatch="partial"),
            [("minor", "column size added")],
        ),
        (fields(CODE, SIZE), fields({**CODE, "name": "id"}, SIZE), [("major", "column code renamed to id")]),
        (fields(CODE, SIZE), fields(SIZE, CODE), [("major", "columns are in a different order")]),
        (fields(CODE), fields({**CODE, "type": "integer"}), [("major", "column code is now integer, was string")]),
        (
            fields(SIZE),
            fields({**SIZE, "opendata": {"scale": 2}}),
            [("major", "column size is now number (scale 2), was number")],
        ),
        (
            fields({**SIZE, "opendata": {"unit": "万元"}}),
            fields({**SIZE, "opendata": {"unit": "元"}}),
            [("major", "t size: the unit is now 元, was 万元")],
        ),
        (
            fields({**SIZE, "opendata": {"unit": "t"}}),
            fields(SIZE),
            [("minor", "t size: no unit is stated any more, it was tonnes")],
        ),
        (fields(SIZE), fields({**SIZE, "opendata": {"unit": "t"}}), [("patch", "descriptions of columns changed")]),
        (fields(CODE), fields(CODE, primaryKey=["code"]), [("major", "primary key changed")]),
        (fields(CODE, uniqueKeys=[["code"]]), fields(CODE), [("major", "unique keys changed")]),
        (
            fields(CODE, foreignKeys=[{"fields": ["code"], "reference": {"resource": "a", "fields": ["id"]}}]),
            fields(CODE, foreignKeys=[{"fields": ["code"], "reference": {"resource": "b", "fields": ["id"]}}]),
            [("major", "foreign keys changed")],
        ),
        (fields(CODE), fields({**CODE, "title": "代码"}), [("patch", "descriptions of columns changed")]),
        (fields(CODE), fields(CODE, fieldsMatch="equal"), [("minor", "fieldsMatch is now equal, was exact")]),
        (
            fields(CODE, fieldsMatch="subset"),
            fields(CODE, fieldsMatch="superset"),
            [("major", "fieldsMatch is now superset, was subset")],
        ),
        (fields(CODE), fields(CODE), []),
    ],
)
def test_what_readers_no_longer_find_is_major(
    old: dict[str, Any], new: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert compare(old, new) == expected


@pytest.mark.parametrize(
    ("kind", "weak", "strong"),
    [
        ("string", {}, {"required": True}),
        ("string", {}, {"unique": True}),
        ("string", {"minLength": 9}, {"minLength": 10}),
        ("string", {"maxLength": 10}, {"maxLength": 9}),
        ("string", {}, {"pattern": "a+"}),
        ("string", {"enum": ["a", "b"]}, {"enum": ["a"]}),
        ("number", {"minimum": -10}, {"minimum": -9.5}),
        ("integer", {"maximum": 10}, {"maximum": 9}),
        ("date", {"minimum": "1999-12-31"}, {"minimum": "2000-01-01"}),
        ("number", {"exclusiveMaximum": 100}, {"exclusiveMaximum": 20}),
        ("year", {"minimum": "0999"}, {"minimum": "1000"}),
        ("object", {}, {"jsonSchema": {"type": "object"}}),
    ],
)
def test_a_stricter_constraint_is_major_and_a_weaker_one_minor(
    kind: str, weak: dict[str, Any], strong: dict[str, Any]
) -> None:
    one, other = ({"name": "c", "type": kind, **({"constraints": rules} if rules else {})} for rules in (weak, strong))
    (name,) = strong
    assert compare(fields(one), fields(other)) == [("major", f"{name} of column c is stricter")]
    assert compare(fields(other), fields(one)) == [("minor", f"{name} of column c is less strict")]


@pytest.mark.parametrize("rules", [{"pattern": "a|b"}, {"enum": ["b", "c"]}, {"jsonSchema": {"minimum": 1}}])
def test_what_may_be_stricter_counts_as_stricter(rules: dict[str, Any]) -> None:
    before = {"pattern": "a", "enum": ["a", "b"], "jsonSchema": {}}
    (name,) = rules
    one, other = ({**CODE, "constraints": {name: value[name]}} for value in (before, rules))
    assert compare(fields(one), fields(other)) == [("major", f"{name} of column code is stricter")]


def test_missing_values_count_by_column() -> None:
    old = fields(CODE, {**SIZE, "missingValues": [""]}, missingValues=["", "-"])
    new = fields(CODE, {**SIZE, "missingValues": ["", "n/a"]}, missingValues=[""])
    assert compare(old, new) == [
        ("major", "missingValues of column code is stricter"),
        ("minor", "missingValues of column size is less strict"),
    ]


def test_the_format_of_text_is_a_constraint_and_that_of_other_types_a_type() -> None:
    assert compare(fields(CODE), fields({**CODE, "format": "email"})) == [
        ("major", "format of column code is stricter")
    ]
    place = {"name": "p", "type": "geopoint"}
    assert compare(fields(place), fields({**place, "format": "array"})) == [
        ("major", "column p is now geopoint (array), was geopoint")
    ]


def test_checks_and_strengths_are_told() -> None:
    check = {"name": "order", "type": "date-order", "fields": ["a", "b"]}
    plain, checked = fields(CODE), fields(CODE, opendata={"checks": [check]})
    assert compare(plain, checked) == [("major", "check order is new or stricter")]
    assert compare(checked, plain) == [("minor", "check order was removed or is less strict")]
    assert compare(checked, fields(CODE, opendata={"checks": [{**check, "title": "Order"}]})) == [
        ("patch", "descriptions of columns changed")
    ]
    strict = {**CODE, "constraints": {"pattern": "a"}}
    lenient = {**strict, "opendata": {"strengths": {"pattern": "warning"}}}
    assert compare(fields(strict), fields(lenient)) == [("minor", "pattern of column code is less strict")]
    assert compare(fields(lenient), fields(strict)) == [("major", "pattern of column code is stricter")]
