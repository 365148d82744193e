"""The workbench counts what the check will find: the same failures, whatever the steps of the table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opendata.confined import Bounds
from opendata.domain.recipes import Recipe
from opendata.recipes.plan import make_plan
from opendata.recipes.recipe import read_recipe
from opendata.recipes.trial import Text, count_confined
from opendata.recipes.verbs import VERBS
from opendata.tables.check.validation import TableReader
from opendata.tables.report.report import Tally
from opendata.tables.schema.schema import read_schema
from opendata.tables.text.dialect import Dialect
from opendata.tables.trial.copying import write_copy
from opendata.tables.trial.counting import Count, Wish, count_fields
from tests.selection import examples

TABLE = """地区,代码,2018年,2019年,备注
,,人数,人数,
郑州,A1,10人,11,
,A2,x,12人,无
开封,A2,-,13,
,,,,
开封
洛阳,A4,14,15,8月5日,多,余
地区,代码,2018年,2019年,备注
合计,,24,y,-
"""
FIELDS: dict[str, dict[str, Any]] = {
    "地区": {"constraints": {"required": True}},
    "代码": {"constraints": {"unique": True, "pattern": "A[0-9]"}},
    "2018年": {"type": "integer", "constraints": {"required": True}},
    "2019年": {"type": "integer", "constraints": {"maximum": 14}},
    "备注": {"constraints": {"maxLength": 1}},
    "year": {"type": "year"},
    "value": {"type": "number", "constraints": {"required": True}},
    "单位": {"constraints": {"enum": ["人"]}},
    "说明": {"constraints": {"required": True}},
}
STEPS: dict[str, Sequence[dict[str, Any]]] = {
    "repair": [
        {"verb": "repair", "field": "地区", "kind": "total-row"},
        {"verb": "repair", "field": "地区", "kind": "repeated-header"},
        {"verb": "repair", "field": "2018年", "kind": "number-text"},
    ],
    "missing": [{"verb": "missing", "field": "2018年", "texts": ["-", "x"]}],
    "replace": [{"verb": "replace", "field": "2018年", "old": "x", "new": "12"}],
    "edit": [{"verb": "edit", "field": "2019年", "old": "y", "new": "39", "row": 10}],
    "strip-suffix": [{"verb": "strip-suffix", "field": "2018年", "suffix": "人"}],
    "split-unit": [{"verb": "split-unit", "field": "2018年", "to": "单位"}],
    "add-year": [{"verb": "add-year", "field": "备注", "year": "2026"}],
    "leave-out": [{"verb": "leave-out", "field": "地区", "what": "totals"}],
    "fill-down": [{"verb": "fill-down", "field": "地区"}],
    "drop": [{"verb": "drop", "field": "代码"}],
    "rename": [{"verb": "rename", "field": "备注", "to": "说明"}],
    "reorder": [{"verb": "reorder", "fields": ["备注", "2018年"]}],
    "join-headers": [{"verb": "join-headers", "labels": ["", "", "人数", "人数"]}],
    "unpivot": [{"verb": "unpivot", "columns": "years", "name": "year", "value": "value"}],
}


def tally(count: Count) -> Counter[tuple[str, str, str]]:
    """What breaks which rule of a field, of a key or of the table."""
    return Counter({(item["type"], item["rule"], item["strength"]): item["count"] for item in count.counts})


def sum_kinds(told: Mapping[Tally, int], is_meant: Callable[[Tally], bool]) -> Counter[tuple[str, str, str]]:
    """The same of a report."""
    found: Counter[tuple[str, str, str]] = Counter()
    for item, number in told.items():
        if is_meant(item):
            found[item.type, item.rule, item.strength] += number
    return found


def compare(
    folder: Path,
    text: str,
    recipe: Recipe,
    schema: Mapping[str, Any],
    renames: Mapping[str, str],
    marks: Mapping[int, Mapping[str, Any]],
    dialect: Dialect | None = None,
) -> int:
    """Count all fields together and each alone, and compare with the report of the check; return its errors."""
    source, copy = folder / "t.csv", folder / "copy.parquet"
    source.write_text(text, encoding="utf-8")
    options: dict[str, Any] = {"renames": renames, "steps": make_plan(recipe), "marks": marks}
    dialect = dialect or Dialect()
    rules = read_schema(schema)
    checked: dict[str, Any] = {"schema": rules, "recipe": recipe, "dialect": dialect, **options}
    reader = TableReader(source, name="t", careful=True, with_batches=False, **checked)
    for _ in reader.batches():
        pass
    told = reader.task.tallies
    write_copy(source, dialect, copy, names=rules.names, **options)
    found = count_fields(copy, Wish(schema=rules.descriptor, recipe=recipe, limit=3))
    assert found.table is not None
    parts = [*found.fields.values(), *found.keys, found.table]
    assert sum(map(tally, parts), Counter()) == sum_kinds(told, lambda item: item.strength != "note")
    assert sum(item.errors for item in parts) == reader.task.describe()["stats"]["errors"]
    header = {"missing-label", "extra-label", "incorrect-label", "duplicate-label", "blank-label"}
    of_table = header | {"repeated-header", "total-row"}
    for name, count in found.fields.items():
        assert tally(count) == sum_kinds(told, lambda item: item.field == name and item.type not in of_table)  # noqa: B023
    assert found.rows == reader.rows
    for name in found.fields:
        alone = count_fields(copy, Wish(schema=rules.descriptor, recipe=recipe, only=[name], limit=3))
        assert alone.fields == {name: found.fields[name]}
    return reader.task.describe()["stats"]["errors"]


def make_schema(match: str = "partial") -> dict[str, Any]:
    fields = [{"name": name, "type": "string", **rules} for name, rules in FIELDS.items()]
    check = {"name": "all", "type": "sum", "field": "2019年", "fields": ["2018年"], "nulls": "zero"}
    rest = {"uniqueKeys": [["地区", "代码"]], "opendata": {"checks": [check]}}
    return {"fields": fields, "fieldsMatch": match, "missingValues": ["", "-"], **rest}


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_changes_the_count_as_it_changes_the_check(tmp_path: Path, verb: str) -> None:
    recipe = read_recipe({"steps": [*STEPS[verb]]})
    assert compare(tmp_path, TABLE, recipe, make_schema(), {}, {}) > 0


CELLS = st.sampled_from(["", "1", "-", "x", "10人", "合计", "2018", "  ", "郑州", "8月31日", "a"])
ROWS = st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=10)


@given(
    rows=ROWS,
    steps=st.lists(st.sampled_from([step for verb in STEPS.values() for step in verb]), max_size=4),
    match=st.sampled_from(["exact", "partial"]),
    renames=st.sampled_from([{}, {"备注": "说明"}, {"地区": "代码"}]),
    header_rows=st.sampled_from([(1,), (1,), ()]),
    marks=st.sampled_from([{}, {2: {"unit": "PERCENT", "percent": "true"}}]),
)
@settings(deadline=None, max_examples=examples(20))
def test_any_steps_change_the_count_as_they_change_the_check(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[list[str]],
    steps: list[dict[str, Any]],
    match: str,
    renames: dict[str, str],
    header_rows: tuple[int, ...],
    marks: dict[int, dict[str, Any]],
) -> None:
    if sum(step["verb"] == "unpivot" for step in steps) > 1:
        steps = steps[:1]
    text = "地区,2018年,备注,2019年\n" + "".join(",".join(row) + "\n" for row in rows)
    recipe = read_recipe({"steps": steps})
    dialect, folder = Dialect(header_rows=header_rows), tmp_path_factory.mktemp("trial")
    compare(folder, text, recipe, make_schema(match), renames, marks, dialect)


@pytest.mark.slow
def test_copy_and_count_are_made_in_a_process_of_their_own(tmp_path: Path) -> None:
    source, copy = tmp_path / "t.csv", tmp_path / "copy.parquet"
    source.write_text(TABLE, encoding="utf-8")
    recipe = read_recipe({"steps": [*STEPS["unpivot"]]})
    text = Text(path=str(source), dialect=Dialect().describe(), recipe=recipe)
    bounds = Bounds(seconds=60, memory=1 << 30)
    wish = Wish(schema=read_schema(make_schema()).descriptor, recipe=recipe, only=["value"])
    copied = count_confined(copy, text, wish, bounds)
    assert copied.fields["value"].errors > 0
    assert count_confined(copy, None, wish, bounds) == copied == count_fields(copy, wish)
