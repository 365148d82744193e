"""Combination risk: how many rows share their quasi-identifiers, and how different their sensitive values are."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.domain.privacy import RiskLevel
from opendata.domain.schema import Field
from opendata.privacy.risk.candidates import Candidate, Role, suggest_candidates
from opendata.privacy.risk.combination import CombinationRisk, RiskMeter

ROWS = st.lists(
    st.tuples(st.sampled_from(("男", "女", None)), st.integers(1, 3), st.sampled_from("xyz")), min_size=1, max_size=60
)


def measure(rows: list[tuple[str | None, int, str]], *, size: int = 1000) -> CombinationRisk:
    columns = {"sex": [row[0] for row in rows], "age": [row[1] for row in rows], "ill": [row[2] for row in rows]}
    table = pa.table(columns, pa.schema([("sex", pa.string()), ("age", pa.int64()), ("ill", pa.string())]))
    meter = RiskMeter(["sex", "age"], ["ill"])
    for batch in table.to_batches(max_chunksize=size):
        meter.take(batch)
    return meter.measure()


@given(ROWS, st.integers(1, 10))
def test_the_risk_is_that_of_counting_by_hand(rows: list[tuple[str | None, int, str]], size: int) -> None:
    found = measure(rows, size=size)
    groups = Counter(row[:2] for row in rows)
    assert found.rows == len(rows)
    assert found.groups == len(groups)
    assert found.k == min(groups.values())
    assert found.unique == sum(1 for count in groups.values() if count == 1)
    assert found.below_block == sum(count for count in groups.values() if count < 5)
    assert found.below_pass == sum(count for count in groups.values() if count < 20)
    assert list(found.smallest) == sorted(groups.values())[:10]
    assert found.diversity == {"ill": min(len({row[2] for row in rows if row[:2] == group}) for group in groups)}


@pytest.mark.parametrize(
    ("size", "level"), [(4, RiskLevel.BLOCK), (5, RiskLevel.SIGN_OFF), (19, RiskLevel.SIGN_OFF), (20, RiskLevel.PASS)]
)
def test_the_smallest_group_decides(size: int, level: RiskLevel) -> None:
    found = measure([("男", 1, "x")] * size + [("女", 1, "y")] * 50)
    assert found.level is level
    assert found.describe()["k"] == size
    assert found.describe()["uniqueShare"] == 0


def test_a_table_without_rows_has_no_risk() -> None:
    found = RiskMeter(["a"]).measure()
    assert (found.rows, found.k, found.level) == (0, 0, RiskLevel.PASS)
    with pytest.raises(ValueError, match="quasi-identifier"):
        RiskMeter([])


def test_columns_are_suggested_by_name_and_by_profile() -> None:
    names = ("性别", "出生日期", "民族", "病种", "备注", "类别", "编号", "村（社区）", "gender")
    fields = [Field.from_json({"name": name, "type": "string"}) for name in names]
    profiles = [
        {"name": "类别", "type": "string", "count": 1000, "missing": 0, "distinct": {"count": 7, "exact": True}},
        {"name": "编号", "type": "string", "count": 1000, "missing": 0, "distinct": {"count": 1000, "exact": True}},
    ]
    assert suggest_candidates(fields, profiles) == [  # type: ignore[arg-type] # literals of a TypedDict
        Candidate("性别", Role.QUASI, "性别"),
        Candidate("出生日期", Role.QUASI, "出生"),
        Candidate("民族", Role.QUASI, "民族"),
        Candidate("病种", Role.SENSITIVE, "病种"),
        Candidate("类别", Role.QUASI),
        Candidate("村（社区）", Role.QUASI, "村"),
        Candidate("gender", Role.QUASI, "gender"),
    ]
