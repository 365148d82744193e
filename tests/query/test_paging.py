"""Pages by cursor give each row once, forwards and backwards, whatever rows are ordered by."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opendata.errors import InputError
from opendata.services.query.answers import RowsPage
from tests.query.conftest import Asking
from tests.selection import examples

MOMENT = datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC)
COLUMNS: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "f": (pa.float64(), st.sampled_from([0.0, -0.0, 0.1, -1.5, 1e300, 5e-324, math.inf, -math.inf, math.nan])),
    "d": (pa.decimal128(20, 2), st.integers(-2, 2).map(lambda cents: Decimal(cents) / 100)),
    "n": (pa.int64(), st.sampled_from([-(2**63), -1, 0, 1, 2**63 - 1])),
    "杭 州": (
        pa.string(),
        st.sampled_from(["", "杭州", "杭", "a", "A", "'", '"', "\x00", "é", "e\u0301", "\U0001f600"]),
    ),
    "day": (pa.date32(), st.sampled_from([date(1, 1, 1), date(2024, 2, 29), date(9999, 12, 31)])),
    "at": (
        pa.timestamp("us"),
        st.integers(0, 2).map(lambda part: MOMENT.replace(tzinfo=None) + timedelta(microseconds=part)),
    ),
    "ok": (pa.bool_(), st.booleans()),
    "y": (pa.int32(), st.integers(1999, 2001)),
}


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    count = draw(st.integers(0, 9))
    return pa.table(
        {
            name: pa.array(draw(st.lists(st.none() | values, min_size=count, max_size=count)), kind)
            for name, (kind, values) in COLUMNS.items()
        }
    )


ORDERS = st.lists(
    st.tuples(
        st.sampled_from([*(f'"{name}"' for name in COLUMNS), "n % 2", 'lower("杭 州")', "f * 2", "y + 1"]),
        st.sampled_from(["", " DESC", " NULLS FIRST", " DESC NULLS FIRST"]),
    ).map("".join),
    max_size=3,
).map(", ".join)
GROUPS = st.lists(st.sampled_from([f'"{name}"' for name in COLUMNS]), min_size=1, max_size=2, unique=True).map(
    ", ".join
)


def walk(asking: Asking, way: str, cursor: str = "", **asked: Any) -> list[RowsPage]:
    """All pages from a cursor on, forwards (`next`) or backwards (`previous`)."""
    pages = [asking.page(cursor=cursor, **asked)]
    while (further := getattr(pages[-1], way)) is not None:
        pages.append(asking.page(cursor=further, **asked))
        assert len(pages) < 40, "no page comes again"
    return pages


def gather(pages: list[RowsPage]) -> str:
    """Their rows; as text, since NaN is not equal to itself."""
    return repr([row for page in pages for row in page.rows.to_pylist()])


def check(asking: Asking, limit: int, **asked: Any) -> None:
    whole = asking.page(limit=10_000, **asked)
    pages = walk(asking, "next", limit=limit, **asked)
    assert gather(pages) == gather([whole])
    assert {page.total for page in pages} == {whole.rows.num_rows}
    assert all(page.rows.num_rows == limit for page in pages[:-1])
    if len(pages) > 1:
        back = walk(asking, "previous", cursor=pages[-1].previous or "", limit=limit, **asked)
        assert gather([*reversed(back), pages[-1]]) == gather([whole])


@pytest.mark.slow
@settings(max_examples=examples(200), suppress_health_check=list(HealthCheck))
@given(tables(), ORDERS, st.integers(1, 4))
def test_each_row_comes_once_forwards_and_backwards(asking: Asking, table: pa.Table, order: str, limit: int) -> None:
    asking.tables.put("t", table)
    check(asking, limit, order_by=order)


@pytest.mark.slow
@settings(max_examples=examples(200), suppress_health_check=list(HealthCheck))
@given(tables(), GROUPS, st.sampled_from(["", "count(*)", "max(f) DESC", "sum(n % 10), min(d)"]), st.integers(1, 3))
def test_each_group_comes_once(asking: Asking, table: pa.Table, group: str, order: str, limit: int) -> None:
    asking.tables.put("t", table)
    check(asking, limit, group_by=group, order_by=order)


def test_a_page_before_the_first_row_is_empty_and_a_broken_cursor_is_refused(asking: Asking) -> None:
    asking.tables.put("t", pa.table({"n": [1, 2, 3], "城": ["杭", None, "州"]}))
    check(asking, 2, order_by="城 DESC NULLS FIRST, n")
    check(asking, 1, group_by="城", order_by="count(*)")
    check(asking, 2, where="n > 5")
    first, second = asking.page(limit=1), asking.page(limit=1, offset=1)
    before = asking.page(limit=1, cursor=asking.page(limit=1, cursor=second.previous or "").next or "")
    assert gather([before]) == gather([second])
    for broken in ("", "x", "=", first.next + "x", (first.next or "")[:-3], "W10", "WzEsMiwzXQ", "w" * 9000):
        if broken:
            with pytest.raises(InputError, match="cursor"):
                asking.page(limit=1, cursor=broken)
    with pytest.raises(InputError, match="another query or version"):
        asking.page(limit=1, cursor=first.next or "", where="n > 1")


def test_a_moment_with_a_zone_is_paged_too(asking: Asking) -> None:
    moments = [MOMENT, None, MOMENT]
    asking.tables.put(
        "z", pa.table({"at": pa.array(moments, pa.timestamp("us", "UTC"))}), [{"name": "at", "type": "datetime"}]
    )
    pages = [asking.page("z", limit=1, order_by="at")]
    while pages[-1].next:
        pages.append(asking.page("z", limit=1, order_by="at", cursor=pages[-1].next))
    assert [page.rows.to_pylist()[0]["at"] for page in pages] == [moments[0], moments[2], None]
