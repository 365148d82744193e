"""What is found is what the table has: NaN, moments and whole floats as cells write them, names."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import pyarrow as pa
import pytest

from opendata.domain.schema import Field
from opendata.query.values import Filter, RowsQuery, name_columns
from opendata.services.query.profiling import Profiling
from tests.query.conftest import Asking

NAN = float("nan")
MOMENT = datetime(2026, 8, 31, 9, 30)  # noqa: DTZ001


@pytest.fixture(scope="module")
def floats(asking: Asking) -> Asking:
    """A row for each kind of float; the statistics of its file end at 5."""
    zoned = pa.array([MOMENT.replace(tzinfo=UTC), None, None, None], pa.timestamp("us", "UTC"))
    columns = {"id": [0, 1, 2, 3], "x": [0.5, 5.0, NAN, None], "at": [None, None, MOMENT, None], "zoned": zoned}
    kinds = [{"name": "id", "type": "integer"}, {"name": "x", "type": "number"}]
    kinds += [{"name": name, "type": "datetime"} for name in ("at", "zoned")]
    asking.tables.put("floats", pa.table({**columns, "at": pa.array(columns["at"], pa.timestamp("us"))}), kinds)
    return asking


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("x < 9", [0, 1]),
        ("x > 9", [2]),
        ("x BETWEEN 0 AND 9", [0, 1]),
        ("x = CAST('NaN' AS DOUBLE)", [2]),
        ("NOT x < 9", [2]),
    ],
)
def test_nan_is_the_greatest_number_whatever_the_statistics_of_the_file_say(
    floats: Asking, where: str, found: list[int]
) -> None:
    assert [row["id"] for row in floats.rows("floats", where=where)] == found
    assert [row["id"] for row in floats.select(f'SELECT id FROM "d"."floats" WHERE {where}')] == found


@pytest.mark.parametrize(
    ("column", "operator", "value", "found"),
    [
        ("x", "exact", "NaN", [2]),
        ("x", "lte", "INF", [0, 1]),
        ("x", "gt", "-INF", [0, 1, 2]),
        ("x", "in", "5,NaN", [1, 2]),
        ("x", "contains", "0", [0]),
        ("x", "endswith", "5", [0, 1]),
        ("at", "contains", "2026-08-31T09:30:00", [2]),
        ("at", "startswith", "2026-08-31 09:30", [2]),
        ("zoned", "exact", "2026-08-31T17:30:00+08:00", [0]),
        ("zoned", "endswith", "T09:30:00Z", [0]),
    ],
)
def test_a_filter_finds_what_a_cell_shows(
    floats: Asking, column: str, operator: str, value: str, found: list[int]
) -> None:
    assert [row["id"] for row in floats.rows("floats", filters=[Filter(column, operator, value)])] == found


def test_a_column_keeps_its_own_name_though_another_would_take_it() -> None:
    fields = [Field.from_json({"name": name, "type": "string"}) for name in ("A", "a", "a_1", "_row")]
    assert [(name, field.name) for name, field in name_columns(fields).items()] == [
        ("A", "A"), ("a_2", "a"), ("a_1", "a_1"), ("_row_1", "_row")
    ]  # fmt: skip


def test_select_loses_no_column_to_the_star(floats: Asking) -> None:
    (row, *_) = floats.rows("floats", select="id, id + 10 AS x, *")
    assert (row["id"], row["x"], row["x_1"], len(row)) == (0, 10, 0.5, 5)


def test_a_pinned_select_means_the_same_where_columns_name_their_dataset(floats: Asking) -> None:
    text = 'SELECT "d"."floats"."id" FROM "d"."floats" ORDER BY "d"."floats"."id"'
    pinned = floats.queries.pin_select(text)
    assert pinned != text
    assert floats.select(pinned) == floats.select(text)


def test_pages_go_on_behind_long_texts(asking: Asking) -> None:
    texts = [f"{'字' * 5000}{number}" for number in range(4)]
    asking.tables.put("long", pa.table({"text": texts, "n": [1, 1, 2, None]}))
    asked: dict[str, Any] = {"select": "text", "order_by": "n DESC, text DESC", "limit": 1}
    seen, page = [], asking.page("long", **asked)
    while True:
        seen += page.rows.column(0).to_pylist()
        if page.next is None:
            break
        assert len(page.next) < 1000
        page = asking.page("long", **asked, cursor=page.next)
    assert seen == [texts[2], texts[1], texts[0], texts[3]]
    assert page.previous is not None
    before = asking.page("long", **asked, cursor=page.previous)
    assert before.rows.column(0).to_pylist() == [texts[0]]


def test_a_profile_of_filtered_rows_leaves_out_what_is_no_number_and_takes_any_name(floats: Asking) -> None:
    profiling = Profiling(floats.queries, cast(Any, floats.tables))
    place, query = ("d", "1.0.0", "floats"), RowsQuery(where="id >= 0")
    found = profiling.describe(place, query, "x", Field.from_json({"name": "x", "type": "number"}))
    assert (found["count"], found["least"], found["greatest"], found["mean"]) == (3, 0.5, 5.0, 2.75)
    assert sum(item["count"] for item in found["histogram"]) == 2
    floats.tables.put("n", pa.table({"n": ["a", "b", "a"]}))
    assert profiling.count_values(("d", "1.0.0", "n"), RowsQuery(), "n", 9) == [("a", 2), ("b", 1)]
