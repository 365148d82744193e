"""Version numbers: their order, and what a change makes of them."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.domain.manifest import Manifest
from opendata.metadata.canonical import write_canonical
from opendata.metadata.versions import (
    FIRST,
    Change,
    RowChanges,
    compare_manifests,
    next_version,
    parse_version,
    raise_bump,
)

NUMBER = st.integers(0, 10_000)
FILE = {"bytes": 1, "hash": "sha256:ee"}
OLD: dict[str, Any] = {
    "name": "reservoirs",
    "title": "水库",
    "version": "1.0.0",
    "created": "2026-01-01T00:00:00Z",
    "licenses": [{"name": "CC-BY-4.0"}],
    "resources": [
        {
            "name": "levels",
            "title": "水位",
            "path": "levels.csv",
            "bytes": 10,
            "hash": "sha256:aa",
            "schema": {"fields": [{"name": "code", "type": "string"}]},
            "opendata": {
                "rows": 1,
                "parquet": {"path": "levels.parquet", "bytes": 5, "hash": "sha256:bb"},
                "source": {"bytes": 10, "hash": "sha256:cc"},
            },
        },
        {
            "name": "dams",
            "path": "dams.csv",
            "bytes": 1,
            "hash": "sha256:dd",
            "schema": {"fields": [{"name": "code", "type": "number", "constraints": {"minimum": 0}}]},
            "opendata": {"rows": 1, "parquet": FILE, "source": FILE},
        },
    ],
    "opendata": {"uuid": "u", "publisher": {"id": "water"}, "disclosure": {"attribute": "open"}, "previous": None},
}

NEW: dict[str, Any] = {
    "name": "new",
    **FILE,
    "schema": {"fields": []},
    "opendata": {"rows": 0, "parquet": FILE, "source": FILE},
}


def compare(old: dict[str, Any], new: dict[str, Any], rows: dict[str, RowChanges] | None = None) -> Change:
    """How the manifests differ."""
    return compare_manifests(Manifest.from_json(old), Manifest.from_json(new), rows)


def change(path: str, value: object) -> dict[str, Any]:
    """The manifest with one place changed; `None` removes it."""
    new = copy.deepcopy(OLD)
    *parents, last = [int(part) if part.isdigit() else part for part in path.split("/")]
    place: Any = new
    for part in parents:
        place = place[part]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return new


@pytest.mark.parametrize(("text", "numbers"), [("1.2.3", (1, 2, 3)), ("0.0.0", (0, 0, 0)), ("10.0.0", (10, 0, 0))])
def test_a_version_has_three_numbers(text: str, numbers: tuple[int, int, int]) -> None:
    assert parse_version(text) == numbers


@pytest.mark.parametrize(
    "text", ["", "1", "1.2", "1.2.3.4", "01.2.3", "1.2.3-rc", "v1.2.3", "-1.2.3", "1.2.3\n", "١.2.3", "1." * 1000]
)
def test_anything_else_is_no_version(text: str) -> None:
    assert parse_version(text) is None


@given(NUMBER, NUMBER, NUMBER, st.sampled_from(["major", "minor", "patch"]))
def test_the_next_version_is_higher_and_changes_what_the_bump_says(a: int, b: int, c: int, bump: str) -> None:
    found = parse_version(next_version(f"{a}.{b}.{c}", bump))
    assert found is not None
    assert found > (a, b, c)
    assert found == {"major": (a + 1, 0, 0), "minor": (a, b + 1, 0), "patch": (a, b, c + 1)}[bump]


def test_the_first_version_is_1_0_0() -> None:
    assert next_version(None, "major") == FIRST == "1.0.0"
    assert compare_manifests(None, Manifest.from_json(OLD)).bump == "major"


def test_equal_manifests_make_no_version() -> None:
    assert compare(OLD, copy.deepcopy(OLD)) == compare(OLD, OLD)
    assert (compare(OLD, OLD).bump, compare(OLD, OLD).reasons) == (None, ())


def record_privacy(treatment: str, count: int) -> dict[str, Any]:
    """The manifest with a record of what was done about personal data, in so many cells and groups."""
    columns = [{"field": "code", "treatment": treatment, "count": count}]
    aggregate = {"by": ["code"], "sum": [], "threshold": 5, "groups": count, "suppressed": count}
    return change("resources/0/opendata/privacy", {"columns": columns, "aggregate": aggregate})


def test_in_how_many_cells_something_was_hidden_is_no_change_but_how_is() -> None:
    assert compare(record_privacy("mask", 1), record_privacy("mask", 2)).bump is None
    found = compare(record_privacy("mask", 1), record_privacy("pseudonymise", 1))
    assert [reason.type for reason in found.reasons] == ["resource-described"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("version", "7.7.7"),
        ("created", "2030-01-01T00:00:00Z"),
        ("opendata/previous", "sha256:ff"),
        ("opendata/notes", "again"),
        ("resources/0/opendata/parquet", {"path": "levels.parquet", "bytes": 6, "hash": "sha256:ee"}),
        ("resources/0/opendata/source", {"bytes": 20, "hash": "sha256:ff"}),
        ("resources/0/opendata/sourceSchema", {"fields": []}),
        ("resources/0/opendata/schema", "levels@1.0.0"),
        ("resources/1/schema/fields/0/constraints/minimum", 0.0),
    ],
)
def test_other_packing_of_the_same_rows_makes_no_version(path: str, value: object) -> None:
    assert compare(OLD, change(path, value)).bump is None


@pytest.mark.parametrize(
    ("path", "value", "bump", "reason"),
    [
        ("resources/1", None, "major", "dams: resource removed"),
        ("resources/0/name", "heights", "major", "水位: resource removed"),
        ("resources/0/schema/fields/0/type", "any", "major", "水位: column code is now any, was string"),
        ("resources/0/schema/primaryKey", ["code"], "major", "水位: primary key changed"),
        ("resources", [*OLD["resources"], NEW], "minor", "new: resource added"),
        ("resources/0/hash", "sha256:ab", "minor", "水位: rows changed"),
        ("resources/0/title", "水面", "patch", "水面: description changed"),
        ("resources/0/opendata/unit", "t", "patch", "水位: the unit is stated: tonnes"),
        ("resources/0/opendata/period", "2026-10", "patch", "水位: new period 2026-10"),
        ("resources/0/opendata/footnotes", [{"text": "快报"}], "patch", "水位: description changed"),
        ("resources/0/sources", [{"title": "统计局"}], "patch", "水位: description changed"),
        ("opendata/period", "2026-10", "patch", "metadata changed: Period"),
        ("resources/0/opendata/i18n", {"en": {"title": "Levels"}}, "patch", "Levels: description changed"),
        ("resources/0/schema/fields/0/title", "代码", "patch", "水位: descriptions of columns changed"),
        ("resources", OLD["resources"][::-1], "patch", "resources are in a different order"),
        ("title", "各水库", "patch", "metadata changed: Title"),
        ("licenses", None, "patch", "metadata changed: Licence"),
        ("opendata/disclosure", {"attribute": "closed"}, "patch", "metadata changed: Disclosure"),
        ("opendata/publisher", {"id": "roads"}, "patch", "metadata changed: Publisher"),
    ],
)
def test_a_change_is_told_with_its_reason(path: str, value: object, bump: str, reason: str) -> None:
    found = compare(OLD, change(path, value))
    assert found.bump == bump
    assert found.reasons[0].text["en"] == reason
    assert found.reasons[0].text["zh"] != reason


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("万元", "元", [("unit-changed", "major")]),
        ("万元", None, [("unit-removed", "minor")]),
        ("万元", "万元", []),
    ],
)
def test_another_unit_of_a_table_breaks_and_none_promises_less(
    old: str, new: str | None, found: list[tuple[str, str]]
) -> None:
    after = change("resources/0/opendata/unit", new) if new else OLD
    reasons = compare(change("resources/0/opendata/unit", old), after).reasons
    assert [(reason.type, reason.bump) for reason in reasons] == found


def test_a_period_that_tables_tell_is_told_once() -> None:
    new = change("resources/0/opendata/period", "2026-10")
    new["opendata"] = {**new["opendata"], "period": "2026-10"}
    assert [reason.type for reason in compare(OLD, new).reasons] == ["period-changed"]


@pytest.mark.parametrize(
    ("rows", "bump", "reasons"),
    [
        ({"added": 2}, "minor", ["水位: rows added: 2"]),
        ({"removed": 3}, "minor", ["水位: rows removed: 3"]),
        ({"changed": 1}, "patch", ["水位: rows changed: 1"]),
        ({"changed": 1, "added": 1}, "minor", ["水位: rows added: 1", "水位: rows changed: 1"]),
        ({"reordered": True}, "patch", ["水位: rows are in a different order"]),
        ({}, "patch", ["水位: the same values, some written differently"]),
    ],
)
def test_the_rows_that_changed_decide(rows: dict[str, Any], bump: str, reasons: list[str]) -> None:
    found = compare(
        OLD,
        change("resources/0/hash", "sha256:ab"),
        {
            "levels": RowChanges(
                **{"key": ("code",), "added": 0, "removed": 0, "changed": 0, "reordered": False, **rows}
            )
        },
    )
    assert found.bump == bump
    assert [reason.text["en"] for reason in found.reasons] == reasons


def test_a_constraint_that_is_gone_is_major_where_the_new_rows_break_it() -> None:
    new = change("resources/1/schema/fields/0/constraints", None)
    assert compare(OLD, new).bump == "minor"
    rows = RowChanges(key=None, added=1, removed=0, changed=0, reordered=False, refused=2)
    assert compare(OLD, new, {"dams": rows}).bump == "major"


def test_the_strongest_of_several_changes_decides() -> None:
    new = change("title", "各水库")
    new["resources"][0]["hash"] = "sha256:ab"
    found = compare(OLD, new)
    assert found.bump == "minor"
    assert [reason.text["en"] for reason in found.reasons] == ["水位: rows changed", "metadata changed: Title"]
    del new["resources"][1]
    assert compare(OLD, new).bump == "major"


def test_a_number_may_be_raised_and_never_lowered() -> None:
    assert [raise_bump("minor", wanted) for wanted in (None, "patch", "minor", "major")] == ["minor"] * 3 + ["major"]
    assert raise_bump(None, None) is None


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers())
def test_a_manifest_read_back_from_its_bytes_is_equal_whatever_its_numbers(number: float) -> None:
    new = change("resources/1/schema/fields/0/constraints/minimum", number)
    assert compare(json.loads(write_canonical(new)), new).bump is None
