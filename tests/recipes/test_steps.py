"""Each step does what it names and nothing else, and asks where it doesn't fit."""

from __future__ import annotations

import csv
import io
import itertools
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from opendata.domain.recipes import Recipe
from opendata.errors import InvalidMetadataError
from opendata.recipes.columns import propose_turning
from opendata.recipes.plan import doubt_units, make_plan
from opendata.recipes.recipe import MOST_STEPS, describe_recipe, read_recipe, recall_recipe
from opendata.recipes.sentences import describe_doubts, say_doubt, say_steps
from opendata.settings import LANGUAGES
from opendata.tables.report.findings import iterate_findings
from opendata.tables.schema.schema import read_schema
from opendata.tables.table import PreparedTable, prepare_table
from opendata.wording.voice import voice_of

Steps = Sequence[Mapping[str, Any]]
TOTALS = {"verb": "leave-out", "field": "地区", "what": "totals"}
YEARS = {"verb": "unpivot", "columns": "years", "name": "year", "value": "value"}
_FOLDER = tempfile.TemporaryDirectory()
_NUMBERS = itertools.count()


def run(content: str, steps: Steps, schema: Mapping[str, Any] | None = None) -> PreparedTable:
    """Check a file after steps."""
    folder = Path(_FOLDER.name) / str(next(_NUMBERS))
    folder.mkdir()
    (folder / "source.csv").write_text(content, "utf-8", newline="")
    recipe = read_recipe({"steps": list(steps)})
    rules = read_schema(schema) if schema else None
    return prepare_table(folder / "source.csv", folder, name="t", schema=rules, recipe=recipe, steps=make_plan(recipe))


def read(table: PreparedTable) -> str:
    """The published text of a valid table."""
    assert table.task.valid, table.task.errors
    return table.csv.read_text("utf-8")


def ask(table: PreparedTable) -> list[str]:
    """The questions about steps, in English."""
    return [question["text"] for applied in table.applied for question in describe_doubts(applied)]


def write(rows: Sequence[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


@pytest.mark.parametrize(
    ("before", "step", "after"),
    [
        ("a,n\nx, … \ny,…?\n", {"verb": "missing", "field": "n", "texts": ["…"]}, "a,n\nx,\ny,…?\n"),
        ("a,n\nx,1\ny,11\n", {"verb": "replace", "field": "n", "old": "1", "new": "2"}, "a,n\nx,2\ny,11\n"),
        ("a,n\nx,\ny,1\n", {"verb": "replace", "field": "n", "old": "", "new": "0"}, "a,n\nx,0\ny,1\n"),
        ("a,n\nx,1\ny,1\n", {"verb": "edit", "field": "n", "old": "1", "new": "2", "row": 3}, "a,n\nx,1\ny,2\n"),
        (
            "a,n\nx,1\ny,1\n",
            {"verb": "edit", "field": "n", "old": "1", "new": "2", "key": {"a": "y"}},
            "a,n\nx,1\ny,2\n",
        ),
        (
            'a,n\nx,2018年\ny,近年\nz,"1,234年"\n',
            {"verb": "strip-suffix", "field": "n", "suffix": "年"},
            'a,n\nx,2018\ny,近年\nz,"1,234"\n',
        ),
        (
            "a,n\nx,8月31日\ny,8月32日\nz,9 月\n",
            {"verb": "add-year", "field": "n", "year": "2026"},
            "a,n\nx,2026-08-31\ny,8月32日\nz,2026-09\n",
        ),
        ("a,n\nx,12.5万吨\ny,\n", {"verb": "split-unit", "field": "n", "unit": "万吨"}, "a,n\nx,12.5\ny,\n"),
        ("a,n\nx,5kg\ny,3 m²\n", {"verb": "split-unit", "field": "n", "to": "u"}, "a,n,u\nx,5,kg\ny,3,m²\n"),
        ("地区,n\n甲,1\n合 计,1\n", TOTALS, "地区,n\n甲,1\n"),
        ("地区,n\n总计,3\n甲,1\n乙,2\n", TOTALS, "地区,n\n甲,1\n乙,2\n"),
        ("地区,n\n甲,1\n小计,1\n乙,2\n", {**TOTALS, "within": True}, "地区,n\n甲,1\n乙,2\n"),
        ("a,n\nx,1\n 注：x,\n", {"verb": "leave-out", "field": "a", "what": "text", "text": "注：x"}, "a,n\nx,1\n"),
        ("a,n\nx,1\n,2\n ,3\ny,4\n", {"verb": "fill-down", "field": "a"}, "a,n\nx,1\nx,2\nx,3\ny,4\n"),
        ("a,b,c\n1,2,3\n", {"verb": "drop", "field": "b"}, "a,c\n1,3\n"),
        ("a,b\n1,2\n", {"verb": "rename", "field": "b", "to": "c"}, "a,c\n1,2\n"),
        ("a,b,c\n1,2,3\n", {"verb": "reorder", "fields": ["c", "a"]}, "c,a,b\n3,1,2\n"),
        (
            "a,人口,\n,总数,男\nx,2,1\n",
            {"verb": "join-headers", "labels": ["", "总数", "男"]},
            "a,人口 总数,人口 男\nx,2,1\n",
        ),
        (
            "a,2018年,2019,b\nx,1,2,q\ny,3,,r\n",
            YEARS,
            "a,year,value,b\nx,2018,1,q\nx,2019,2,q\ny,2018,3,r\ny,2019,,r\n",
        ),
        (
            "a,1月,2026年2月\nx,1,2\n",
            {"verb": "unpivot", "columns": "months", "name": "m", "value": "n"},
            "a,m,n\nx,1,1\nx,2026-02,2\n",
        ),
        (
            "a,产量,产值\nx,1,2\n",
            {"verb": "unpivot", "columns": ["产量", "产值"], "name": "项目", "value": "数值", "unit": "单位"},
            "a,项目,数值,单位\nx,产量,1,\nx,产值,2,\n",
        ),
        (
            "a,男,女\nx,1,2\n",
            {"verb": "unpivot", "columns": ["男", "女"], "name": "sex", "value": "n"},
            "a,sex,n\nx,男,1\nx,女,2\n",
        ),
    ],
)
def test_a_step_changes_what_it_names(before: str, step: Mapping[str, Any], after: str) -> None:
    table = run(before, [step])
    assert read(table) == after
    assert ask(table) == []
    assert [applied.count > 0 for applied in table.applied] == [True]


@pytest.mark.parametrize(
    ("content", "step", "words"),
    [
        ("a,n\nx,1\n", {"verb": "replace", "field": "n", "old": "2", "new": "3"}, "has no “2” any more"),
        ("a,n\nx,1\n", {"verb": "edit", "field": "n", "old": "2", "new": "3", "row": 2}, "isn't there any more"),
        ("a,n\nx,1\n", {"verb": "edit", "field": "n", "old": "1", "new": "3", "row": 3}, "isn't there any more"),
        ("a,n\nx,1\n", {"verb": "edit", "field": "n", "old": "1", "new": "3", "key": {"q": "x"}}, "no column “q”"),
        ("a,n\nx,近\n", {"verb": "strip-suffix", "field": "n", "suffix": "年"}, "No cell"),
        ("a,n\nx,1\n", {"verb": "split-unit", "field": "n", "unit": "吨"}, "No cell"),
        ("a,n\nx,1\n", {"verb": "split-unit", "field": "n", "to": "a"}, "has a column “a” already"),
        ("地区,n\n甲,1\n", TOTALS, "no row of totals any more"),
        ("a,n\nx,1\n", {"verb": "leave-out", "field": "a", "what": "text", "text": "y"}, "No row has “y”"),
        ("a,n\nx,1\n", {"verb": "fill-down", "field": "a"}, "no blank cells any more"),
        ("a,n\nx,1\n", {"verb": "drop", "field": "b"}, "no column “b” any more"),
        ("a,n\nx,1\n", {"verb": "rename", "field": "a", "to": "n"}, "has a column “n” already"),
        ("a,n\nx,1\n", {"verb": "reorder", "fields": ["a", "b"]}, "no column “b” any more"),
        ("a,n\nx,1\n", {"verb": "join-headers", "labels": ["", "总数"]}, "it is read as data"),
        ("a,n\nx,1\n", YEARS, "no columns named by a year any more"),
        ("a,n,2018\nx,1,2\n", {**YEARS, "value": "n"}, "has a column “n” already"),
        ("a,n,2018\nx,1,2\n", {**YEARS, "unit": "n"}, "has a column “n” already"),
        ("a,n\nx,1\n", {**YEARS, "columns": "months"}, "no columns named by a month any more"),
        ("a,n\nx,1\n", {"verb": "missing", "field": "b", "texts": ["…"]}, "no column “b” any more"),
    ],
)
def test_a_step_that_does_not_fit_changes_nothing_and_asks(content: str, step: Mapping[str, Any], words: str) -> None:
    table = run(content, [step])
    assert read(table) == content
    (asked,) = [found for applied in table.applied for found in describe_doubts(applied)]
    assert words in asked["text"]
    assert asked["asks"]
    said = {say_doubt(voice_of(language), asked) for language in LANGUAGES}
    assert len(said) == len(LANGUAGES)
    assert not [text for text in said if "%(" in text]


def test_a_total_between_other_rows_stays_and_is_asked_about() -> None:
    table = run("地区,n\n甲,1\n合计,1\n乙,2\n丙,合计\n合计,3\n", [TOTALS])
    assert read(table) == "地区,n\n甲,1\n合计,1\n乙,2\n丙,合计\n"
    first, second = ask(table)
    assert "Rows 3 are named like totals but are between other rows" in first
    assert "Rows 5 are named like totals in another column" in second


def test_blank_cells_with_nothing_above_stay_blank_and_are_asked_about() -> None:
    table = run("a,n\n,1\nx,2\n,3\n", [{"verb": "fill-down", "field": "a"}])
    assert read(table) == "a,n\n,1\nx,2\nx,3\n"
    assert "Rows 2 have nothing" in ask(table)[0]


def test_a_unit_that_not_all_cells_have_is_asked_about() -> None:
    table = run("a,n\nx,5吨\ny,3公斤\nz,4\n", [{"verb": "split-unit", "field": "n", "unit": "吨"}])
    assert read(table) == "a,n\nx,5\ny,3公斤\nz,4\n"
    assert "rows 3, 4" in ask(table)[0]


def test_the_unit_becomes_that_of_the_field() -> None:
    table = run(
        "a,n,b\nx,5吨,1\n", [{"verb": "drop", "field": "a"}, {"verb": "split-unit", "field": "n", "unit": "吨"}]
    )
    assert table.schema is not None
    assert [(item.name, item.own) for item in table.schema.fields] == [("n", {"unit": "吨"}), ("b", {})]


def test_columns_turned_into_rows_keep_their_units() -> None:
    marks = {2: {"unit": "t"}, 3: {"unit": "t", "percent": True}, 4: {"unit": "万元"}}

    def turn(columns: Sequence[str], **more: str) -> tuple[Mapping[int, Any], int]:
        step = {"verb": "unpivot", "columns": list(columns), "name": "k", "value": "v", **more}
        plan = make_plan(read_recipe({"steps": [step]}))
        assert plan is not None
        work = plan.begin(["a", "b", "c", "d"], [], first_row=2, marks=marks)
        return work.marks, sum(len(item.doubts) for item in work.report())

    assert turn(["b", "c"]) == ({3: {"unit": "t"}, 4: {"unit": "万元"}}, 0)
    assert turn(["b", "c", "d"]) == ({}, 1)
    assert turn(["b", "c", "d"], unit="u") == ({}, 0)


@pytest.mark.parametrize(
    ("labels", "steps"),
    [
        (["地区", "2018年", "2019年", "2020年"], [("unpivot", {"columns": "years", "name": "年份", "value": "数值"})]),
        (
            ["", "2026年1月", "2026年2月", "2026年3月"],
            [("rename", {"to": "项目"}), ("unpivot", {"columns": "months", "name": "月份", "value": "数值"})],
        ),
        (["value", "2018", "2019", "2020"], [("unpivot", {"columns": "years", "name": "year", "value": "value2"})]),
        (["地区", "2018年", "2019年"], []),
        (["地区", "2018年", "2019年", "2020年", "增长%"], []),
        (["2018", "2019", "2020"], []),
        (["地区", "人口", "产值"], []),
    ],
)
def test_years_and_months_across_are_recognised(labels: list[str], steps: list[Any]) -> None:
    assert [(step.verb, dict(step.params)) for step in propose_turning(labels)] == steps


def test_a_unit_that_the_schema_contradicts_is_asked_about() -> None:
    steps = [{"verb": "split-unit", "field": "n", "unit": "万吨"}, {"verb": "rename", "field": "n", "to": "m"}]
    for declared, asked in (("吨", 1), ("万吨", 0)):
        field = {"name": "m", "type": "integer", "opendata": {"unit": declared}}
        table = run("n\n5万吨\n", steps, {"fields": [field]})
        assert table.task.valid
        found = [doubt.details for item in doubt_units(table.applied, table.schema) for doubt in item.doubts]
        assert found == [{"column": "m", "declared": "吨", "unit": "万吨"}] * asked


def test_an_edit_of_an_earlier_file_is_made_and_asked_about() -> None:
    step = {"verb": "edit", "field": "n", "old": "1O", "new": "10", "row": 2}
    recalled = recall_recipe({"steps": [step]})
    assert recalled == {"steps": [{**step, "again": True}]}
    table = run("a,n\nx,1O\n", recalled["steps"])
    assert read(table) == "a,n\nx,10\n"
    assert "Is it still right?" in ask(table)[0]
    assert recall_recipe(None) is None
    assert recall_recipe({"repairs": []}) is None


def test_a_year_of_an_earlier_file_is_not_added_before_a_person_says_so() -> None:
    step = {"verb": "add-year", "field": "n", "year": "2026"}
    recalled = recall_recipe({"steps": [step]})
    assert recalled == {"steps": [{**step, "again": True}]}
    table = run("n\n1月31日\n2027-02-01\n", recalled["steps"])
    assert read(table) == "n\n1月31日\n2027-02-01\n"
    assert "rows 2" in ask(table)[0]
    assert ask(run("n\n2027-02-01\n", recalled["steps"])) == []


def test_an_edit_that_may_mean_several_cells_changes_the_first_and_asks() -> None:
    table = run("a,n\nx,1\nx,1\n", [{"verb": "edit", "field": "n", "old": "1", "new": "2", "key": {"a": "x"}}])
    assert read(table) == "a,n\nx,2\nx,1\n"
    assert "also rows 3" in ask(table)[0]


def test_a_finding_is_about_the_row_and_column_of_the_file() -> None:
    content = "地区,备注,2018年,2019年\n合计,,1,2\n甲,x,1,O\n,y,Z,4\n乙,z,5,6\n"
    steps = [TOTALS, {"verb": "fill-down", "field": "地区"}, {"verb": "drop", "field": "备注"}, YEARS]
    types = {"地区": "string", "year": "year", "value": "integer"}
    table = run(content, steps, {"fields": [{"name": name, "type": kind} for name, kind in types.items()]})
    errors = [(item["rowNumber"], item["fieldNumber"], item["fieldName"], item["cell"]) for item in table.task.errors]
    assert errors == [(3, 4, "value", "O"), (4, 3, "value", "Z")]
    stored = [(item["row"], item["fieldNumber"], item["cell"]) for item in iterate_findings(table.findings)]
    assert stored == [(3, 4, "O"), (4, 3, "Z")]


def test_a_key_that_repeats_is_told_by_the_rows_of_the_file() -> None:
    content = "id,2018,2019\nx,1,2\ny,3,4\nx,5,6\n"
    fields = [{"name": name} for name in ("id", "year", "value")]
    table = run(content, [YEARS], {"fields": fields, "primaryKey": ["id", "year"]})
    assert [(item["type"], item["rowNumber"]) for item in table.task.errors] == [("primary-key", 4)] * 2


def test_ragged_rows_stay_errors_in_their_rows() -> None:
    table = run("a,b,c\n1,2\n\n1,2,3,4\n", [{"verb": "drop", "field": "a"}])
    told = [(item["type"], item["rowNumber"], item.get("fieldNumber")) for item in table.task.errors]
    assert told == [("missing-cell", 2, 3), ("blank-row", 3, None), ("extra-cell", 4, 4)]


def test_columns_without_a_name_or_with_the_same_stay_errors_unless_steps_mend_them() -> None:
    fields = {"fields": [{"name": "a"}, {"name": "b"}], "fieldsMatch": "equal"}
    plain = run("a,,a\n1,2,3\n", [], fields)
    table = run("a,,a\n1,2,3\n", [{"verb": "missing", "field": "a", "texts": ["…"]}], fields)
    assert [item["type"] for item in table.task.errors] == [item["type"] for item in plain.task.errors] != []
    named = [{"verb": "rename", "field": "field2", "to": "b"}, {"verb": "drop", "field": "a2"}]
    assert read(run("a,,a\n1,2,3\n", named, fields)) == "a,b\n1,2\n"


@pytest.mark.slow
def test_a_table_may_have_as_many_steps_as_are_kept() -> None:
    count = MOST_STEPS
    steps = [{"verb": "edit", "field": "n", "old": "x", "new": str(row), "row": row} for row in range(2, count + 2)]
    table = run("n\n" + "x\n" * count, steps)
    assert read(table) == "n\n" + "".join(f"{row}\n" for row in range(2, count + 2))


def test_repairs_alone_need_no_plan() -> None:
    assert make_plan(Recipe()) is None
    assert make_plan(read_recipe({"repairs": [{"fieldName": "a", "kind": "sign"}]})) is None


# --- properties

_LABELS = st.sampled_from(["甲市", "乙市", "丙县", "", "x,y", 'q"r', "丁\n区"])
_VALUES = st.sampled_from(["1", "20", "…", "", " … ", "3万吨", "１", "1O", "合计", "8月3日", "a" * 50, "-", "\ufeff"])
_ROWS = st.lists(st.tuples(_LABELS, _VALUES, _VALUES), min_size=1, max_size=12)
_STEP = st.sampled_from(
    [
        {"verb": "missing", "field": "2018年", "texts": ["…", "-"]},
        {"verb": "replace", "field": "2018年", "old": "1O", "new": "10"},
        {"verb": "edit", "field": "2019年", "old": "20", "new": "21", "row": 3},
        {"verb": "strip-suffix", "field": "2019年", "suffix": "万吨"},
        {"verb": "add-year", "field": "2019年", "year": "2026"},
        {"verb": "split-unit", "field": "2018年", "unit": "万吨"},
        {"verb": "split-unit", "field": "2018年", "to": "单位"},
        TOTALS,
        {**TOTALS, "within": True},
        {"verb": "leave-out", "field": "地区", "what": "text", "text": "丙县"},
        {"verb": "fill-down", "field": "地区"},
        {"verb": "drop", "field": "2019年"},
        {"verb": "rename", "field": "地区", "to": "area"},
        {"verb": "reorder", "fields": ["2019年", "地区"]},
        YEARS,
    ]
)


@given(_ROWS, st.lists(_STEP, min_size=1, max_size=5).filter(lambda steps: steps.count(YEARS) <= 1))
def test_the_same_file_and_steps_give_the_same_bytes_however_it_is_cut(
    rows: list[tuple[str, ...]], steps: Steps
) -> None:
    content = write([("地区", "2018年", "2019年"), *rows])
    recipe = read_recipe({"steps": list(steps)})
    first = run(content, describe_recipe(recipe)["steps"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("opendata.tables.text.rows.BLOCK_BYTES", 40)
        other = run(content, steps)
    assert other.task.errors == first.task.errors
    assert not first.task.valid or read(other) == read(first)
    assert [(item.count, item.doubts) for item in other.applied] == [
        (item.count, item.doubts) for item in first.applied
    ]
    assert all(all(say_steps(voice_of(language), recipe)) for language in LANGUAGES)


@given(st.lists(st.sampled_from(["甲", "乙", "丙", "合计", "小计"]), max_size=14))
@example(["合计", "甲", "合计"])
def test_in_a_file_of_any_length_no_data_is_dropped_and_no_total_taken_in_unasked(labels: list[str]) -> None:
    table = run(write([("地区", "n"), *((label, "1") for label in labels)]), [TOTALS])
    kept = [row[0] for row in csv.reader(io.StringIO(read(table)))][1:]
    data = [label for label in labels if label in "甲乙丙"]
    assert [label for label in kept if label in "甲乙丙"] == data
    assert (len(kept) > len(data)) == ("are between other rows" in " ".join(ask(table)))
    (applied,) = table.applied
    assert applied.count == len(labels) - len(kept)


_CHARACTERS = st.characters(exclude_characters="\r\0", exclude_categories=["Cs"])


@given(
    st.text(_CHARACTERS, max_size=8),
    st.text(_CHARACTERS, min_size=1, max_size=4),
    st.sampled_from(["missing", "replace", "strip-suffix"]),
)
def test_a_cell_that_a_step_does_not_name_is_never_touched(cell: str, named: str, verb: str) -> None:
    params = {"missing": {"texts": [named]}, "replace": {"old": named, "new": ""}, "strip-suffix": {"suffix": named}}
    try:
        steps = read_recipe({"steps": [{"verb": verb, "field": "n", **params[verb]}]})
    except InvalidMetadataError:
        return
    content = write([("a", "n"), ("x", cell)])
    if named in cell or cell.strip() == named.strip():
        return
    assert read(run(content, describe_recipe(steps)["steps"])) == read(run(content, []))


# --- JSON


@pytest.mark.parametrize(
    "source",
    [
        None,
        [],
        {"steps": 1},
        {"steps": [1]},
        {"steps": [{"verb": "magic", "field": "a"}]},
        {"steps": [{"verb": ["drop"], "field": "a"}]},
        {"steps": [{"verb": "drop"}]},
        {"steps": [{"verb": "drop", "field": ""}]},
        {"steps": [{"verb": "drop", "field": "a\0"}]},
        {"steps": [{"verb": "drop", "field": "a", "x": 1}]},
        {"steps": [{"verb": "missing", "field": "a", "texts": []}]},
        {"steps": [{"verb": "missing", "field": "a", "texts": [""]}]},
        {"steps": [{"verb": "edit", "field": "a", "old": "", "new": "1"}]},
        {"steps": [{"verb": "edit", "field": "a", "old": "", "new": "1", "row": True}]},
        {"steps": [{"verb": "edit", "field": "a", "old": "", "new": "1", "key": {"b": 1}}]},
        {"steps": [{"verb": "leave-out", "field": "a", "what": "text"}]},
        {"steps": [{"verb": "leave-out", "field": "a", "what": "all"}]},
        {"steps": [{"verb": "split-unit", "field": "a"}]},
        {"steps": [{"verb": "split-unit", "field": "a", "unit": "x", "to": "y"}]},
        {"steps": [{"verb": "unpivot", "columns": ["a", "a"], "name": "n", "value": "v"}]},
        {"steps": [{"verb": "repair", "field": "a", "kind": "magic"}]},
        {"steps": [{"verb": "join-headers", "labels": ["", ""]}]},
        {"steps": [{"verb": "drop", "field": "a"}] * (MOST_STEPS + 1)},
        {"steps": [{"verb": "drop", "field": "a"}] * 1_000_000},
        {"steps": [], "repairs": []},
    ],
)
def test_what_is_no_recipe_is_refused_with_its_place(source: object) -> None:
    with pytest.raises(InvalidMetadataError) as refused:
        read_recipe(source)
    assert refused.value.faults
    assert all(item.pointer == "" or item.pointer.startswith("/steps") for item in refused.value.faults)
