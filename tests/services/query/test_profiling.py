"""Which columns tell their values."""

from __future__ import annotations

import pytest

from opendata.domain.profile import ColumnProfile
from opendata.services.query.profiling import tells_values
from opendata.tables.profile.profile import withhold_values


@pytest.mark.parametrize(
    "profile",
    [
        {"type": "boolean", "top": [{"value": True, "count": 3}, {"value": False, "count": 1}]},
        {"type": "string", "longest": 2, "shortest": 1},
        {"type": "integer", "least": 1, "greatest": 2},
    ],
)
def test_a_column_that_may_describe_persons_tells_counts_alone(profile: ColumnProfile) -> None:
    profile = {"name": "a", "count": 4, "missing": 0, "distinct": {"count": 2, "exact": True}, **profile}
    assert tells_values(profile)
    assert not tells_values(withhold_values(profile))


def test_yes_and_no_that_are_there_once_are_told() -> None:
    assert tells_values(
        {"name": "a", "type": "boolean", "count": 2, "missing": 0, "distinct": {"count": 2, "exact": True}}
    )
