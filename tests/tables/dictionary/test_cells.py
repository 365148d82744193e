"""A schema as texts comes back unchanged, whatever is in it; and what a clerk writes becomes a schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opendata.tables.dictionary.cells import Cells, find_cell, read_cells, write_cells
from opendata.tables.dictionary.properties import is_same
from tests.selection import examples

TEXTS = st.text(st.sampled_from('ab 中="\n\r\t_x0041{}1'), max_size=8)
VALUES = st.none() | st.booleans() | st.integers(-5, 99) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
JSON = st.recursive(VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3))
FIELDS = st.fixed_dictionaries(
    {"name": st.sampled_from(["a", "b", "名称", "a b"])},
    optional={
        "type": st.sampled_from(["string", "integer", "number", "date", "any", "list"]),
        "title": JSON | TEXTS,
        "format": JSON | TEXTS,
        "categories": JSON | st.lists(st.fixed_dictionaries({"value": VALUES}, optional={"label": TEXTS})),
        "missingValues": JSON | st.lists(TEXTS),
        "constraints": JSON
        | st.fixed_dictionaries(
            {},
            optional={
                "required": st.booleans(),
                "minimum": VALUES,
                "maxLength": VALUES,
                "pattern": TEXTS,
                "enum": st.lists(VALUES),
            },
        ),
        "opendata": JSON
        | st.fixed_dictionaries(
            {},
            optional={"unit": VALUES, "aliases": JSON | st.lists(TEXTS), "i18n": st.fixed_dictionaries({"en": JSON})},
        ),
        "decimalChar": TEXTS,
    },
)
SCHEMAS = st.fixed_dictionaries(
    {"fields": st.lists(FIELDS, max_size=4)},
    optional={
        "title": JSON | TEXTS,
        "fieldsMatch": st.sampled_from(["exact", "subset", " x"]),
        "missingValues": JSON | st.lists(TEXTS),
        "primaryKey": st.lists(st.sampled_from(["a", "b", "c"]), max_size=3),
        "uniqueKeys": JSON,
        "opendata": JSON,
    },
)


@given(schema=SCHEMAS)
@settings(deadline=None, max_examples=examples(60))
def test_a_schema_comes_back_from_its_texts_unchanged(schema: dict[str, Any]) -> None:
    cells = write_cells(schema, ["en"])
    found = read_cells(cells, ["en"])
    assert not found.faults
    assert is_same(found.schema, schema), (cells, found.schema)


def test_what_a_clerk_writes_becomes_a_schema() -> None:
    row = {
        "name": " 性别 ",
        "type": "string",
        "required": "1",
        "codes": "1 = 男\r\n2 = 女",
        "aliases": "gender\nsex",
        "unit": "人",
        "title_en": "Sex",
        "key": "1",
    }
    number = {"name": "n", "type": "integer", "minimum": "0", "maximum": "x", "codes": "1\n2", "missing": '""\n-'}
    cells = Cells(table={"fieldsMatch": "subset", "rest": '{"uniqueKeys": [["n"]]}'}, rows=[row, number])
    assert read_cells(cells, ["en"]).schema == {
        "fieldsMatch": "subset",
        "uniqueKeys": [["n"]],
        "primaryKey": ["性别"],
        "fields": [
            {
                "name": "性别",
                "type": "string",
                "constraints": {"required": True},
                "categories": [{"value": "1", "label": "男"}, {"value": "2", "label": "女"}],
                "opendata": {"aliases": ["gender", "sex"], "unit": "人", "i18n": {"en": {"title": "Sex"}}},
            },
            {
                "name": "n",
                "type": "integer",
                "constraints": {"minimum": 0, "maximum": "x", "enum": [1, 2]},
                "missingValues": ["", "-"],
            },
        ],
    }


def test_a_text_that_is_no_json_is_a_fault_of_its_cell() -> None:
    found = read_cells(Cells(table={"rest": "[1]"}, rows=[{"name": "a", "rest": "{"}]))
    assert [find_cell(item.pointer) for item in found.faults] == [(None, "rest"), (0, "rest")]


@pytest.mark.parametrize(
    ("pointer", "cell"),
    [
        ("/fields/3/constraints/pattern", (3, "pattern")),
        ("/fields/0", (0, "name")),
        ("/fields/1/categories", (1, "codes")),
        ("/fields/1/opendata/scale", (1, "rest")),
        ("/primaryKey", (None, "key")),
        ("/uniqueKeys/0", (None, "rest")),
        ("", (None, "rest")),
    ],
)
def test_a_fault_of_the_schema_has_its_cell(pointer: str, cell: tuple[int | None, str]) -> None:
    assert find_cell(pointer) == cell


def test_the_schemas_of_the_library_hide_nothing_but_what_is_rare() -> None:
    hidden = set()
    for path in (Path(__file__).parents[3] / "schemas").glob("*/*/schema.json"):
        cells = write_cells(json.loads(path.read_text(encoding="utf-8")), ["en", "zh"])
        hidden |= {key for row in cells.rows for key in json.loads(row.get("rest", "{}"))}
    assert hidden <= {"constraints", "opendata", "rdfType"}
