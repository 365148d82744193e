"""The table that a file is for, by its columns and its name."""

from __future__ import annotations

import pytest

from opendata.domain.resources import StoredFile, TableResource
from opendata.domain.schema import TableSchema
from opendata.services.drafts.edition.targets import Candidate, find_target, strip_marks


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("2026年09月各乡镇人口.xlsx", "各乡镇人口"),
        ("各乡镇人口（2026-10）终稿.csv", "各乡镇人口"),
        ("各乡镇人口20261031v2.csv", "各乡镇人口"),
        ("各乡镇人口第3季度.csv", "各乡镇人口"),
        ("population_2026-10 final.csv", "population"),
        ("Population Oct 2026 (corrected) v3.xlsx", "population"),
        ("folder/海淀区.csv", "海淀区"),
        ("2026-10.csv", ""),
        ("octopus.csv", "octopus"),
    ],
)
def test_dates_numbers_and_version_marks_are_no_part_of_a_name(name: str, bare: str) -> None:
    assert strip_marks(name) == bare


def table(name: str, *columns: str, title: str = "") -> Candidate:
    fields = [{"name": column, "type": "string"} for column in columns]
    file = StoredFile("0" * 64, 1)
    found = TableResource(
        name=name, title=title, file=file, parquet=file, source=file, rows=1, schema=TableSchema({"fields": fields})
    )
    return Candidate(table=found, names=[name, title])


def test_columns_decide_and_names_where_columns_do_not() -> None:
    people, roads = table("people", "月份", "乡镇", "人口", title="各乡镇人口"), table("roads", "编号", "名称", "长度")
    found = find_target(["月份", "乡镇", "人口"], ["x.csv"], [roads, people])
    assert (found.table and found.table.name, found.matched, found.named, found.columns) == ("people", 3, False, {})
    other = table("others", "月份", "乡镇", "人口")
    assert find_target(["月份", "乡镇", "人口"], ["x.csv"], [people, other]).rivals == ["people", "others"]
    named = find_target(["月份", "乡镇", "人口"], ["各乡镇人口2026.csv"], [other, people])
    assert (named.table and named.table.name, named.named) == ("people", True)
    assert find_target(["a", "b", "c"], ["people.csv"], [people]).table is None


def test_one_column_left_over_on_both_sides_is_renamed_and_only_likely() -> None:
    people = table("people", "月份", "乡镇", "人口", "户数")
    found = find_target(["乡镇", "月份", "居民", "户数"], ["x.csv"], [people])
    assert found.renamed == {"居民": "人口"}
    assert found.guessed == ["居民"]
    assert found.columns == {"乡镇": "乡镇", "月份": "月份", "居民": "人口", "户数": "户数"}
