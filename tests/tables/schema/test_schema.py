"""A Table Schema is hostile input; what passes has Arrow types and a published form without lexical options."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import frictionless
import pyarrow as pa
import pytest

from opendata.domain.schema import Field, ForeignKey, missing_values
from opendata.errors import InvalidSchemaError
from opendata.tables.limits import MAX_FIELDS
from opendata.tables.schema.schema import PROFILE, publish_schema, read_schema, text_schema
from opendata.tables.schema.schema_faults import MAX_DEPTH, MAX_PATTERN_LENGTH
from opendata.tables.types.registry import TYPES, arrow_type


def of(field: dict[str, Any], **others: Any) -> dict[str, Any]:
    return {"fields": [{"name": "a", **field}], **others}


def nest(depth: int) -> list[Any]:
    found: list[Any] = [0]
    for _ in range(depth - 1):
        found = [found]
    return found


def find_faults(descriptor: object) -> Sequence[tuple[str, str]]:
    with pytest.raises(InvalidSchemaError) as caught:
        read_schema(descriptor)
    assert caught.value.faults
    return [(item.pointer, item.text) for item in caught.value.faults]


def reference(**parts: Any) -> list[dict[str, Any]]:
    return [{"fields": ["a"], "reference": {"resource": "other", "fields": ["b"]}, **parts}]


HOSTILE: dict[str, tuple[object, str]] = {
    "nothing": (None, ""),
    "a list": ([], ""),
    "a text": ("schema.json", ""),
    "no fields": ({}, "/fields"),
    "empty fields": ({"fields": []}, "/fields"),
    "fields as an object": ({"fields": {"name": "a"}}, "/fields"),
    "too many fields": ({"fields": [{"name": str(n)} for n in range(MAX_FIELDS + 1)]}, "/fields"),
    "a field that is a text": ({"fields": ["a"]}, "/fields/0"),
    "a field without name": ({"fields": [{"name": "a"}, {"type": "string"}]}, "/fields/1"),
    "an empty name": ({"fields": [{"name": ""}]}, "/fields/0"),
    "a name that is a number": ({"fields": [{"name": 5}]}, "/fields/0"),
    "a name that is no text": ({"fields": [{"name": "\ud800"}]}, ""),
    "a value JSON cannot write": (of({"example": {1, 2}}), ""),
    "a number JSON cannot write": (of({"type": "number", "constraints": {"minimum": float("nan")}}), ""),
    "nested too deeply": (of({"custom": nest(MAX_DEPTH)}), ""),
    "nested very deeply": (of({"custom": nest(100_000)}), ""),
    "two fields of one name": ({"fields": [{"name": "a"}, {"name": "a"}]}, "/fields/1"),
    "an unknown type": (of({"type": "money"}), "/fields/0/type"),
    "a type that is a list": (of({"type": ["string"]}), "/fields/0/type"),
    "no type": (of({"type": None}), "/fields/0/type"),
    "a title that is a number": (of({"title": 5}), "/fields/0/title"),
    "a format that is null": (of({"format": None}), "/fields/0/format"),
    "an unknown format": (of({"type": "string", "format": "%Y"}), ""),
    "constraints that are a list": (of({"constraints": []}), "/fields/0/constraints"),
    "constraints that are a number": (of({"constraints": 5}), "/fields/0/constraints"),
    "an unknown constraint": (of({"type": "string", "constraints": {"colour": "red"}}), ""),
    "a constraint of another type": (of({"type": "integer", "constraints": {"maxLength": 2}}), ""),
    "a length that is a text": (of({"type": "string", "constraints": {"maxLength": "2"}}), ""),
    "a required that is a text": (of({"type": "string", "constraints": {"required": "yes"}}), ""),
    "an enum that is a text": (of({"type": "string", "constraints": {"enum": "abc"}}), ""),
    "an enum of another type": (of({"type": "string", "constraints": {"enum": [1]}}), "/fields/0/constraints/enum"),
    "a bound of another type": (
        of({"type": "date", "constraints": {"minimum": "soon"}}),
        "/fields/0/constraints/minimum",
    ),
    "a bound in another format": (
        of({"type": "date", "format": "%d/%m/%Y", "constraints": {"maximum": "2020-12-31"}}),
        "/fields/0/constraints/maximum",
    ),
    "an exclusive bound that is a list": (
        of({"type": "number", "constraints": {"exclusiveMinimum": [1]}}),
        "/fields/0/constraints/exclusiveMinimum",
    ),
    "an example of another type": (of({"type": "integer", "example": "one"}), "/fields/0/example"),
    "unique objects": (of({"type": "object", "constraints": {"unique": True}}), "/fields/0"),
    "a key of lists": (of({"type": "array"}, primaryKey="a"), "/fields/0"),
    "look-ahead": (of({"type": "string", "constraints": {"pattern": "a(?=b)"}}), "/fields/0/constraints/pattern"),
    "a back-reference": (of({"type": "string", "constraints": {"pattern": r"(a)\1"}}), "/fields/0/constraints/pattern"),
    "a pattern that needs gigabytes": (
        of({"type": "string", "constraints": {"pattern": "((a{1000}){1000}){1000}"}}),
        "/fields/0/constraints/pattern",
    ),
    "a very long pattern": (
        of({"type": "string", "constraints": {"pattern": "a" * (MAX_PATTERN_LENGTH + 1)}}),
        "/fields/0/constraints/pattern",
    ),
    "a pattern that is a number": (
        of({"type": "string", "constraints": {"pattern": 5}}),
        "/fields/0/constraints/pattern",
    ),
    "a pattern on a number": (of({"type": "integer", "constraints": {"pattern": "1+"}}), ""),
    "a reference in a field": ({"fields": [{"name": "a", "$ref": "http://x/field.json"}]}, "/fields/0"),
    "a reference in constraints": (of({"constraints": {"$ref": "file:///etc/passwd"}}), "/fields/0"),
    "a reference for the whole": (of({}, **{"$ref": "http://x/schema.json"}), "/$ref"),
    "a scale that is a text": (of({"type": "number", "opendata": {"scale": "2"}}), "/fields/0/opendata/scale"),
    "a scale beyond the digits": (of({"type": "number", "opendata": {"scale": 38}}), "/fields/0/opendata/scale"),
    "a scale that is true": (of({"type": "number", "opendata": {"scale": True}}), "/fields/0/opendata/scale"),
    "a scale in a list": (of({"type": "number", "opendata": [2]}), "/fields/0/opendata/scale"),
    "missing values that are a text": (of({}, missingValues="NA"), "/missingValues"),
    "missing values that are numbers": (of({}, missingValues=[-1]), "/missingValues"),
    "missing values without value": (of({}, missingValues=[{"label": "none"}]), "/missingValues"),
    "missing values of a field": (of({"missingValues": 5}), ""),
    "an unknown fieldsMatch": (of({}, fieldsMatch="most"), "/fieldsMatch"),
    "a key of nothing": (of({}, primaryKey="b"), "/primaryKey"),
    "a key of objects": (of({}, primaryKey=[{}]), "/primaryKey"),
    "a key that is a number": (of({}, primaryKey=5), "/primaryKey"),
    "foreign keys that are a text": (of({}, foreignKeys="abc"), "/foreignKeys"),
    "a foreign key that is a text": (of({}, foreignKeys=["a"]), "/foreignKeys/0"),
    "a foreign key without reference": (of({}, foreignKeys=[{"fields": "a"}]), "/foreignKeys/0"),
    "a foreign key of objects": (of({}, foreignKeys=reference(fields=[{}])), "/foreignKeys/0"),
    "a foreign key to objects": (of({}, foreignKeys=reference(reference={"fields": [{}]})), "/foreignKeys/0"),
    "a foreign key to a number": (
        of({}, foreignKeys=reference(reference={"resource": 5, "fields": ["b"]})),
        "/foreignKeys/0",
    ),
    "a foreign key of nothing": (of({}, foreignKeys=reference(fields=["z"])), "/foreignKeys/0"),
    "a foreign key of another width": (of({}, foreignKeys=reference(fields=["a", "a"])), "/foreignKeys/0"),
    "a foreign key to another package": (
        of({}, foreignKeys=reference(reference={"package": "http://x", "resource": "r", "fields": ["b"]})),
        "/foreignKeys/0/reference",
    ),
    "a key into a published dataset of no version": (
        of({}, foreignKeys=reference(reference={"package": "codes", "resource": "r", "fields": ["b"]})),
        "/foreignKeys/0/reference",
    ),
    "a key into a published dataset without its table": (
        of({}, foreignKeys=reference(reference={"package": "codes@1.0.0", "fields": ["b"]})),
        "/foreignKeys/0/reference",
    ),
    "a foreign key to an address": (
        of({}, foreignKeys=reference(reference={"resource": "http://x/r.csv", "fields": ["b"]})),
        "/foreignKeys/0/reference",
    ),
}


@pytest.mark.parametrize(("descriptor", "pointer"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_schema_that_cannot_be_followed_is_refused_with_its_place(descriptor: object, pointer: str) -> None:
    assert pointer in [place for place, _ in find_faults(descriptor)]


def test_every_fault_is_named_at_once() -> None:
    descriptor = {
        "fields": [{"name": "a", "type": "money"}, {"name": "a"}, {"name": "b", "constraints": {"pattern": "(?=x)"}}],
        "primaryKey": ["z"],
    }
    places = [place for place, _ in find_faults(descriptor)]
    assert places == ["/fields/0/type", "/fields/1", "/fields/2/constraints/pattern", "/primaryKey"]


def test_a_refused_pattern_says_what_is_not_allowed() -> None:
    ((_, text),) = find_faults(of({"type": "string", "constraints": {"pattern": "a(?=b)"}}))
    assert "“a(?=b)”" in text
    assert "Look-around" in text


def test_a_schema_as_deep_as_allowed_is_read() -> None:
    assert read_schema(of({"custom": nest(MAX_DEPTH - 3)})).names == ("a",)


def test_shorthand_is_spelled_out_and_the_source_left_alone() -> None:
    source = {
        "fields": [{"name": "a"}, {"name": "b", "type": "date", "format": "default"}],
        "primaryKey": "a",
        "foreignKeys": [{"fields": "b", "reference": {"resource": "self", "fields": "a"}}],
        "uniqueKeys": [],
    }
    before = copy.deepcopy(source)
    schema = read_schema(source)
    assert source == before
    assert [item.descriptor for item in schema.fields] == [
        {"name": "a", "type": "any"},
        {"name": "b", "type": "date"},
    ]
    assert schema.primary_key == ("a",)
    assert schema.foreign_keys == (ForeignKey(("b",), "", ("a",)),)
    assert "uniqueKeys" not in schema.descriptor


def test_a_schema_without_keys_has_none() -> None:
    for nothing in ([], None, ""):
        schema = read_schema(of({}, primaryKey=nothing, foreignKeys=nothing))
        assert (schema.primary_key, schema.foreign_keys) == ((), ())


@pytest.mark.parametrize(
    ("keys", "pointer"),
    [
        ({"uniqueKeys": [[]]}, "/uniqueKeys/0"),
        ({"uniqueKeys": [["a"], []]}, "/uniqueKeys/1"),
        ({"foreignKeys": [{"fields": [], "reference": {"resource": "", "fields": []}}]}, "/foreignKeys/0"),
    ],
)
def test_a_key_without_fields_is_refused(keys: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidSchemaError) as caught:
        read_schema(of({}, **keys))
    assert [item.pointer for item in caught.value.faults] == [pointer]


def test_a_bound_that_is_null_is_none() -> None:
    assert read_schema(of({"type": "integer", "constraints": {"minimum": None}})).names == ("a",)


def test_an_example_is_read_as_the_field_is_written() -> None:
    assert read_schema(of({"type": "number", "decimalChar": ",", "example": "1,5"})).names == ("a",)


@pytest.mark.parametrize(
    ("values", "null"),
    [([""], ""), (["NA", ""], ""), (["NA", "-"], "NA"), ([], ""), ([{"value": "-9", "label": "unknown"}], "-9")],
)
def test_a_missing_value_is_written_empty_where_that_is_one(values: list[Any], null: str) -> None:
    schema = read_schema(of({}, missingValues=values))
    assert schema.null_text == schema.null_text_of(schema.fields[0]) == null
    assert missing_values({}) == [""]


def test_a_field_may_have_missing_values_of_its_own() -> None:
    schema = read_schema({"fields": [{"name": "a", "missingValues": ["NA"]}, {"name": "b"}], "missingValues": ["-"]})
    assert [schema.null_text_of(item) for item in schema.fields] == ["NA", "-"]


@pytest.mark.parametrize("kind", sorted(TYPES))
def test_the_arrow_type_follows_from_the_type(kind: str) -> None:
    expected = {
        "integer": pa.int64(),
        "number": pa.float64(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "datetime": pa.timestamp("us"),
        "year": pa.int32(),
    }
    assert arrow_type(Field.from_json({"name": "a", "type": kind})) == expected.get(kind, pa.string())


@pytest.mark.parametrize("scale", [0, 2, 37])
def test_a_number_with_a_scale_is_a_decimal(scale: int) -> None:
    assert arrow_type(Field.from_json({"name": "a", "type": "number", "opendata": {"scale": scale}})) == pa.decimal128(
        38, scale
    )


@pytest.mark.parametrize("kind", sorted(TYPES))
def test_every_type_can_be_read_and_published(kind: str) -> None:
    published = publish_schema(read_schema(of({"type": kind})))
    assert published["fields"] == [{"name": "a", "type": kind}]
    frictionless.Schema.from_descriptor(published)


LEXICAL = {
    "fields": [
        {
            "name": "n",
            "type": "number",
            "decimalChar": ",",
            "groupChar": ".",
            "bareNumber": False,
            "example": "1.234,5 €",
            "constraints": {
                "minimum": "0,5",
                "exclusiveMaximum": "1.000,25",
                "enum": ["0,5", "1,50"],
                "required": True,
            },
        },
        {
            "name": "d",
            "type": "date",
            "format": "%d/%m/%Y",
            "example": "31/12/2020",
            "constraints": {"minimum": "01/02/2020", "maximum": "31/12/2020"},
        },
        {"name": "t", "type": "time", "format": "%Hh%M", "constraints": {"minimum": "08h30"}},
        {"name": "dt", "type": "datetime", "format": "any", "constraints": {"maximum": "Dec 31 2020 23:59"}},
        {
            "name": "b",
            "type": "boolean",
            "trueValues": ["oui"],
            "falseValues": ["non"],
            "example": "oui",
            "constraints": {"enum": ["oui"]},
        },
        {"name": "f", "type": "number", "floatNumber": True, "opendata": {"scale": 2}},
        {"name": "i", "type": "integer", "constraints": {"minimum": 1}, "example": 5},
        {"name": "s", "type": "string", "format": "email", "title": "Mail", "example": "a@example.org"},
    ],
    "missingValues": ["", "NA"],
}


def test_the_published_schema_has_no_lexical_options_and_its_values_are_canonical() -> None:
    assert publish_schema(read_schema(LEXICAL)) == {
        "$schema": PROFILE,
        "fields": [
            {
                "name": "n",
                "type": "number",
                "example": "1234.5",
                "constraints": {
                    "minimum": "0.5",
                    "exclusiveMaximum": "1000.25",
                    "enum": ["0.5", "1.50"],
                    "required": True,
                },
            },
            {
                "name": "d",
                "type": "date",
                "example": "2020-12-31",
                "constraints": {"minimum": "2020-02-01", "maximum": "2020-12-31"},
            },
            {"name": "t", "type": "time", "constraints": {"minimum": "08:30:00"}},
            {"name": "dt", "type": "datetime", "constraints": {"maximum": "2020-12-31T23:59:00"}},
            {"name": "b", "type": "boolean", "example": "true", "constraints": {"enum": ["true"]}},
            {"name": "f", "type": "number", "opendata": {"scale": 2}},
            {"name": "i", "type": "integer", "constraints": {"minimum": 1}, "example": 5},
            {"name": "s", "type": "string", "format": "email", "title": "Mail", "example": "a@example.org"},
        ],
        "missingValues": ["", "NA"],
    }


def test_the_published_schema_is_one_for_frictionless_and_stays_as_it_is() -> None:
    source = read_schema(LEXICAL)
    published = publish_schema(source)
    frictionless.Schema.from_descriptor(published)
    assert publish_schema(read_schema(published)) == published
    assert source.fields[0].descriptor["decimalChar"] == ","


def test_rules_of_version_2_stay_rules_for_who_reads_the_schema_alone() -> None:
    published = publish_schema(read_schema(of({"type": "integer", "constraints": {"exclusiveMinimum": 0}})))
    frictionless.Schema.from_descriptor(published)


def test_a_table_about_which_nothing_is_known_is_text() -> None:
    schema = text_schema(["a", "名"])
    assert [(item.name, item.type) for item in schema.fields] == [("a", "string"), ("名", "string")]
    assert read_schema(schema.descriptor) == schema
