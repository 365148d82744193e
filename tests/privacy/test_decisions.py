"""Decisions are read from JSON, and every point that is wrong is named by its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.errors import Fault, InvalidMetadataError
from opendata.privacy.treatments.parsing import parse_decisions, require_shape
from opendata.tables.schema.schema import read_schema

SCHEMA = read_schema(
    {
        "fields": [
            {"name": "姓名", "type": "string"},
            {"name": "身份证号", "type": "string"},
            {"name": "出生日期", "type": "date"},
            {"name": "住址", "type": "string"},
            {"name": "金额", "type": "number"},
            {"name": "a/b", "type": "integer"},
        ]
    }
)
FULL: dict[str, Any] = {
    "columns": [
        {"field": "姓名", "treatment": "publish", "ground": "punishment-publicity", "article": "行政处罚法第四十八条"},
        {"field": "身份证号", "treatment": "mask", "kind": "resident-id"},
        {"field": "出生日期", "treatment": "generalise", "to": "age-band", "width": 10, "on": "2026-01-01"},
        {"field": "住址", "treatment": "generalise", "to": "county"},
        {"field": "金额", "treatment": "generalise", "to": "range", "width": 500},
        {"field": "a/b", "treatment": "not-personal", "reason": "other", "note": "编号"},
    ]
}


def parse(*columns: dict[str, Any], **more: Any) -> list[str]:
    """Where the faults of a document are."""
    try:
        parse_decisions({"columns": list(columns), **more}, SCHEMA)
    except InvalidMetadataError as error:
        return [item.pointer for item in error.faults]
    return []


def test_what_is_read_can_be_written_and_read_again() -> None:
    decisions = parse_decisions(FULL, SCHEMA)
    assert decisions.to_json() == FULL
    assert parse_decisions(decisions.to_json(), SCHEMA) == decisions
    counted = {**FULL, "aggregate": {"by": ["住址"], "sum": [], "threshold": 7}}
    again = parse_decisions(counted, SCHEMA)
    assert again.to_json() == counted
    assert again.aggregation is not None
    assert again.aggregation.threshold == 7


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({"aggregate": {"threshold": 5}}, "/aggregate/by"),
        ({"aggregate": {}}, "/aggregate/by"),
        ({"aggregate": {"by": ["a"], "threshold": "5"}}, "/aggregate/threshold"),
        ({"columns": [{"field": "a", "treatment": "publish"}]}, "/columns/0/ground"),
        ({"columns": [{"field": "a", "treatment": "aggregate"}]}, "/aggregate"),
        ({"columns": None}, "/columns"),
        ({"quasi": [{}]}, "/quasi"),
        ([], ""),
    ],
)
def test_what_fits_no_table_is_refused_before_the_table_is_read(document: object, pointer: str) -> None:
    with pytest.raises(InvalidMetadataError) as caught:
        require_shape(document)
    assert pointer in [item.pointer for item in caught.value.faults]


def test_what_may_fit_a_table_waits_for_it() -> None:
    require_shape({**FULL, "aggregate": {"by": ["住址"], "sum": ["金额"]}, "quasi": ["住址"]})


def test_nobody_signs_in_the_name_of_somebody_else() -> None:
    said = {**FULL["columns"][0], "signedBy": "审查员"}
    assert parse(said) == ["/columns/0/signedBy"]


@pytest.mark.parametrize("document", [None, [], "x", {"rows": []}, {"columns": {}}, {"columns": [], "more": 1}])
def test_a_document_of_another_shape_is_refused(document: object) -> None:
    with pytest.raises(InvalidMetadataError):
        parse_decisions(document, SCHEMA)


@pytest.mark.parametrize(
    ("column", "pointers"),
    [
        ({}, ["/columns/0/field"]),
        ({"field": "x", "treatment": "drop"}, ["/columns/0/field"]),
        ({"field": "姓名"}, ["/columns/0/treatment"]),
        ({"field": "姓名", "treatment": "hide"}, ["/columns/0/treatment"]),
        ({"field": "姓名", "treatment": "drop", "width": 3}, ["/columns/0/width"]),
        ({"field": "姓名", "treatment": "drop", "a/b": 3}, ["/columns/0/a~1b"]),
        ({"field": "姓名", "treatment": "mask"}, ["/columns/0/kind"]),
        ({"field": "姓名", "treatment": "mask", "kind": "face"}, ["/columns/0/kind"]),
        ({"field": "姓名", "treatment": "mask", "within": 1}, ["/columns/0/within", "/columns/0/kind"]),
        ({"field": "姓名", "treatment": "publish", "ground": "custom"}, ["/columns/0/ground", "/columns/0/article"]),
        ({"field": "姓名", "treatment": "publish", "article": " "}, ["/columns/0/ground", "/columns/0/article"]),
        ({"field": "姓名", "treatment": "not-personal"}, ["/columns/0/reason"]),
        ({"field": "姓名", "treatment": "not-personal", "reason": "other"}, ["/columns/0/note"]),
        ({"field": "姓名", "treatment": "generalise"}, ["/columns/0/to"]),
        ({"field": "姓名", "treatment": "generalise", "to": "range", "width": 5}, ["/columns/0/to"]),
        ({"field": "金额", "treatment": "generalise", "to": "range"}, ["/columns/0/width"]),
        ({"field": "金额", "treatment": "generalise", "to": "range", "width": 0}, ["/columns/0/width"]),
        ({"field": "住址", "treatment": "generalise", "to": "county", "width": 5}, ["/columns/0/width"]),
        ({"field": "出生日期", "treatment": "generalise", "to": "age-band"}, ["/columns/0/on"]),
        ({"field": "出生日期", "treatment": "generalise", "to": "age-band", "on": "2026-13-01"}, ["/columns/0/on"]),
        ({"field": "出生日期", "treatment": "generalise", "to": "age-band", "on": "2026-W01-1"}, ["/columns/0/on"]),
        ({"field": "出生日期", "treatment": "generalise", "to": "year", "on": "2026-01-01"}, ["/columns/0/on"]),
        ({"field": "姓名", "treatment": "aggregate"}, ["/aggregate"]),
    ],
)
def test_each_fault_of_a_decision_has_its_place(column: dict[str, Any], pointers: list[str]) -> None:
    assert parse(column) == pointers


@pytest.mark.parametrize(
    ("found", "pointers"),
    [
        ([], ["/aggregate"]),
        ({"by": []}, ["/aggregate/by"]),
        ({"by": ["x"]}, ["/aggregate/by"]),
        ({"by": ["住址", "住址"]}, ["/aggregate/by"]),
        ({"by": ["住址"], "sum": ["姓名"]}, ["/aggregate/sum"]),
        ({"by": ["金额"], "sum": ["金额"]}, ["/aggregate/sum"]),
        ({"by": ["住址"], "threshold": 2}, ["/aggregate/threshold"]),
        ({"by": ["住址"], "threshold": True}, ["/aggregate/threshold"]),
    ],
)
def test_each_fault_of_an_aggregation_has_its_place(found: object, pointers: list[str]) -> None:
    assert parse(aggregate=found) == pointers


def test_a_column_has_one_decision_and_a_dropped_one_is_not_counted_by() -> None:
    drop = {"field": "住址", "treatment": "drop"}
    assert parse(drop, drop) == ["/columns/1/field"]
    assert parse(drop, aggregate={"by": ["住址"]}) == ["/aggregate/by"]
    assert parse({"field": "姓名", "treatment": "aggregate"}, aggregate={"by": ["住址"]}) == []


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(("姓名", "mask", "drop", "range")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ("columns", "aggregate", "by", "sum", "field", "treatment", "kind", "to", "width", "on", "x")
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_is_read_or_refused(document: object) -> None:
    faults: Sequence[Fault] = ()
    try:
        parse_decisions(document, SCHEMA)
    except InvalidMetadataError as error:
        faults = error.faults
        is_read = False
    else:
        is_read = True
    assert is_read or faults
    assert all(item.text for item in faults)
