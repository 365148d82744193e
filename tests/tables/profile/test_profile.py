"""A profile says what plain Python says of the same values, however the rows come."""

from __future__ import annotations

import json
import math
import tracemalloc
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.domain.schema import Field
from opendata.tables.arrow import distinct
from opendata.tables.arrow.distinct import Sketch, hash_values
from opendata.tables.profile import profile
from opendata.tables.profile.profile import MOST_DISTINCT, Profiler, withhold_values
from opendata.tables.types.registry import arrow_type

ESTIMATE_ERROR = 1 / math.sqrt(MOST_DISTINCT)
"""The standard error of an estimated number of different values."""

moment = partial(datetime, tzinfo=None)
FIRST, LAST = datetime.min, datetime.max  # noqa: DTZ901 - typed moments have no zone
FIELDS: dict[str, dict[str, Any]] = {
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "decimal": {"type": "number", "opendata": {"scale": 2}},
    "fine decimal": {"type": "number", "opendata": {"scale": 30}},
    "date": {"type": "date"},
    "datetime": {"type": "datetime"},
    "year": {"type": "year"},
    "boolean": {"type": "boolean"},
    "string": {"type": "string"},
}
INT64 = st.integers(-(2**63), 2**63 - 1)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "integer": INT64
    | st.integers(-100, 100)
    | st.integers(2**63 - 30, 2**63 - 1)
    | st.integers(-(2**63), -(2**63) + 9),
    "number": st.floats()
    | st.floats(-1, 1)
    | st.integers(-300, 300).map(lambda n: n / 100)
    | st.integers(0, 9).map(float),
    "decimal": st.integers(-(10**38) + 1, 10**38 - 1).map(lambda n: scaled(n, 2))
    | st.integers(-500, 500).map(lambda n: scaled(n, 2))
    | st.integers(2**63 - 9, 2**63 + 9).map(lambda n: scaled(n, 2)),
    "fine decimal": st.integers(-(10**38) + 1, 10**38 - 1).map(lambda n: scaled(n, 30)),
    "date": st.dates() | st.dates(date(2020, 1, 1), date(2020, 3, 1)) | st.dates(date(1999, 1, 1), date(2030, 3, 1)),
    "datetime": st.datetimes()
    | st.datetimes(moment(2020, 1, 1), moment(2020, 1, 2))
    | st.datetimes(moment(2020, 1, 1), moment(2020, 9, 2))
    | st.datetimes(moment(2020, 1, 1, 8), moment(2020, 1, 1, 8, 1)),
    "year": st.integers(0, 9999) | st.integers(1990, 2020),
    "boolean": st.booleans(),
    "string": st.text(st.characters(codec="utf-8"), max_size=30) | st.sampled_from(["甲", "乙", "a", ""]),
}


def scaled(unscaled: int, scale: int) -> Decimal:
    digits = str(abs(unscaled))
    return Decimal(f"{'-' if unscaled < 0 else ''}{digits}e-{scale}")


def columns(kinds: Sequence[str] = tuple(FIELDS)) -> st.SearchStrategy[tuple[str, list[Any]]]:
    return st.sampled_from(kinds).flatmap(
        lambda kind: st.tuples(st.just(kind), st.lists(st.none() | VALUES[kind], max_size=40))
    )


CUTS = st.lists(st.integers(0, 40), max_size=6)


def profile_of(kind: str, values: Sequence[Any], cuts: Sequence[int] = ()) -> dict[str, Any]:
    field = {"name": "c", **FIELDS.get(kind, {"type": kind})}
    schema = pa.schema([pa.field("c", arrow_type(Field.from_json(field)))])
    typed = pa.record_batch([pa.array(values, schema.field(0).type)], schema=schema)
    texts = [None if value is None else write(value) for value in values]
    text = pa.record_batch([pa.array(texts, pa.string())], names=["c"])
    profiler = Profiler([Field.from_json(field)], schema)
    ends = [0, *sorted(min(cut, len(values)) for cut in cuts), len(values)]
    for start, end in pairwise(ends):
        profiler.take(typed.slice(start, end - start), text.slice(start, end - start))
    (found,) = profiler.describe()
    assert profiler.describe() == [found], "asked twice, it says the same"
    json.dumps(found, allow_nan=False)
    return found


def write(value: Any) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def plain(kind: str, values: Sequence[Any]) -> list[Any]:
    """The values that have a place on a line; years as numbers."""
    present = [value for value in values if value is not None]
    if kind == "number":
        return [value + 0.0 for value in present if math.isfinite(value)]
    return present


def shown(kind: str, value: Any) -> Any:
    """A value as a profile writes it."""
    if kind in ("integer", "year"):
        return value if abs(value) < 2**53 else str(value)
    if kind in ("decimal", "fine decimal"):
        return format(value, "f")
    return value.isoformat() if kind in ("date", "datetime") else value


def place(kind: str, edge: Any) -> Any:
    """An edge of a histogram as a value that compares; None for a day after the last that Python knows."""
    if kind in ("date", "datetime"):
        if edge.startswith("10000"):
            return LAST if kind == "datetime" else date.max
        if edge.startswith("0000"):
            return FIRST if kind == "datetime" else date.min
        return (datetime if kind == "datetime" else date).fromisoformat(edge)
    return Decimal(edge)


@given(column=columns())
def test_what_is_there_is_counted(column: tuple[str, list[Any]]) -> None:
    kind, values = column
    found = profile_of(kind, values)
    present = [value for value in values if value is not None]
    keys = {"NaN" if value != value else value for value in present}
    assert (found["count"], found["missing"]) == (len(present), len(values) - len(present))
    assert found["distinct"] == {"count": len(keys), "exact": True}


@given(column=columns(), cuts=CUTS)
def test_cuts_into_batches_change_nothing(column: tuple[str, list[Any]], cuts: list[int]) -> None:
    assert profile_of(*column, cuts) == profile_of(*column)


@given(column=columns(), order=st.randoms())
def test_the_order_of_rows_changes_nothing(column: tuple[str, list[Any]], order: Any) -> None:
    kind, values = column
    mixed = list(values)
    order.shuffle(mixed)
    assert profile_of(kind, mixed) == profile_of(kind, values)


@given(column=columns(), cuts=CUTS, most=st.integers(1, 5))
def test_beyond_the_most_distinct_values_only_their_number_is_estimated(
    column: tuple[str, list[Any]], cuts: list[int], most: int
) -> None:
    kind, values = column
    exact = profile_of(kind, values)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(profile, "MOST_DISTINCT", most)
        patch.setattr(profile, "LEAST_DISTINCT", most)
        found = profile_of(kind, values, cuts)
    few = len(set(plain(kind, values))) <= most
    assert found["distinct"]["exact"] == few
    assert ("top" in found) == ("top" in exact and few)
    lost = {"distinct", "top"} | ({"least", "greatest"} if kind == "string" and not few else set())
    assert {key: value for key, value in found.items() if key not in lost} == {
        key: value for key, value in exact.items() if key not in lost
    }


@given(column=columns([kind for kind in FIELDS if kind not in ("boolean", "string")]))
def test_bounds_are_the_least_and_greatest_values(column: tuple[str, list[Any]]) -> None:
    kind, values = column
    found, present = profile_of(kind, values), plain(kind, values)
    if present:
        assert (found["least"], found["greatest"]) == (shown(kind, min(present)), shown(kind, max(present)))
    else:
        assert not {"least", "greatest", "mean", "histogram"} & found.keys()


@given(column=columns(["integer", "number", "decimal", "fine decimal"]), cuts=CUTS)
def test_the_mean_is_exact_and_rounded_once(column: tuple[str, list[Any]], cuts: list[int]) -> None:
    kind, values = column
    present = plain(kind, values)
    if present:
        expected = float(sum(map(Fraction, present), Fraction()) / len(present))
        assert profile_of(kind, values, cuts)["mean"] == expected
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(profile, "MOST_DISTINCT", 1)
            patch.setattr(profile, "LEAST_DISTINCT", 1)
            assert profile_of(kind, values, cuts)["mean"] == expected


@given(column=columns([kind for kind in FIELDS if kind not in ("boolean", "string")]))
def test_each_value_stands_in_its_bin(column: tuple[str, list[Any]]) -> None:
    kind, values = column
    found, present = profile_of(kind, values), plain(kind, values)
    if len(set(present)) < 2:
        assert "histogram" not in found
        return
    bins = found["histogram"]
    assert 1 <= len(bins) <= 20
    assert sum(item["count"] for item in bins) == len(present)
    assert all(one["to"] == other["from"] for one, other in pairwise(bins))
    for item in bins:
        start, end = place(kind, item["from"]), place(kind, item["to"])
        assert start < end or end in (date.max, LAST)
        last = end in (date.max, LAST)
        assert item["count"] == sum(start <= value and (last or value < end) for value in present)
    assert bins[0]["count"]
    assert bins[-1]["count"]


@given(values=st.lists(st.floats(-1e9, 1e9) | st.floats(-1, 1), min_size=2, max_size=30))
def test_edges_of_numbers_are_round(values: list[float]) -> None:
    bins = profile_of("number", values).get("histogram", [])
    for item in bins:
        width = (Decimal(str(item["to"])) - Decimal(str(item["from"]))).normalize()
        assert width.as_tuple().digits in ((1,), (2,), (5,))


@given(column=columns(["string", "boolean", "integer", "date"]), cuts=CUTS)
def test_the_most_frequent_values_come_first(column: tuple[str, list[Any]], cuts: list[int]) -> None:
    kind, values = column
    found = profile_of(kind, values, cuts)
    counts = Counter(value for value in values if value is not None)
    total = sum(counts.values())
    if len(counts) == total or (len(counts) > 10 and 2 * len(counts) > total):
        assert found.get("top", []) == []
        return
    expected = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:10]
    assert [(item["value"], item["count"]) for item in found["top"]] == [
        (shown(kind, value), count) for value, count in expected
    ]


@given(values=st.lists(VALUES["string"], min_size=1), few=st.booleans())
def test_lengths_of_text_are_in_characters(values: list[str], few: bool) -> None:
    lengths = [len(value) for value in values]
    with pytest.MonkeyPatch.context() as patch:
        if not few:
            patch.setattr(profile, "MOST_DISTINCT", 1)
            patch.setattr(profile, "LEAST_DISTINCT", 1)
        found = profile_of("string", values)
    assert (found["shortest"], found["longest"]) == (min(lengths), max(lengths))


def test_numbers_that_are_none_are_counted_apart() -> None:
    found = profile_of("number", [math.nan, 1.0, math.inf, math.nan, -math.inf, 3.0, -0.0, 0.0])
    assert found["special"] == {"-INF": 1, "INF": 1, "NaN": 2}
    assert (found["least"], found["greatest"], found["mean"]) == (0.0, 3.0, 1.0)
    assert found["distinct"] == {"count": 6, "exact": True}
    assert found["top"][:2] == [{"value": 0.0, "count": 2}, {"value": "NaN", "count": 2}]


def test_decimal_bins_begin_where_the_decimal_number_does() -> None:
    values = [0.1 * step for step in range(10)] + [0.3, 0.7]  # 0.1 * 3 is more than 0.3, 0.1 * 7 more than 0.7
    bins = {item["from"]: item["count"] for item in profile_of("number", values)["histogram"]}
    assert bins[0.3] == 2
    assert bins[0.7] == 2


def test_days_are_put_together_by_weeks_months_and_years() -> None:
    def edges(days: int) -> list[str]:
        return [
            item["from"]
            for item in profile_of("date", [date(2024, 1, 3), date(2024, 1, 3) + timedelta(days)])["histogram"]
        ]

    assert edges(5)[:2] == ["2024-01-03", "2024-01-04"]
    assert edges(60)[:2] == ["2024-01-01", "2024-01-08"], "weeks begin on Monday"
    assert edges(400)[:2] == ["2024-01-01", "2024-02-01"]
    assert edges(1500)[:2] == ["2024-01-01", "2024-04-01"]
    assert edges(5000)[:2] == ["2024-01-01", "2025-01-01"]
    assert edges(30000)[:2] == ["2020-01-01", "2025-01-01"]


@pytest.mark.parametrize(
    ("texts", "least"),
    [
        (["2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z"], "2024-01-01T00:00:00Z"),
        (["2024-01-01T00:00:00", "2024-01-02T00:00:00"], "2024-01-01T00:00:00"),
    ],
)
def test_moments_are_written_in_utc_where_they_have_a_zone(texts: list[str], least: str) -> None:
    field = {"name": "c", "type": "datetime", "opendata": {"zone": "UTC" if least.endswith("Z") else "local"}}
    schema = pa.schema([pa.field("c", arrow_type(Field.from_json(field)))])
    moments = [datetime.fromisoformat(text).replace(tzinfo=None) for text in texts]
    profiler = Profiler([Field.from_json(field)], schema)
    profiler.take(
        pa.record_batch([pa.array(moments, schema.field(0).type)], schema=schema), pa.record_batch([texts], ["c"])
    )
    (found,) = profiler.describe()
    assert found["least"] == least
    assert found["histogram"][0]["from"] == least


@given(column=columns())
def test_of_a_withheld_column_nothing_is_told_but_counts(column: tuple[str, list[Any]]) -> None:
    found = profile_of(*column)
    withheld = withhold_values(found)
    assert withheld.keys() == {"name", "type", "count", "missing", "distinct"}
    assert withheld.items() <= found.items()


def test_long_values_are_cut() -> None:
    found = profile_of("string", ["x" * 1000, "x" * 1000])
    assert found["top"] == [{"value": "x" * 199 + "…", "count": 2}]
    assert found["longest"] == 1000


@pytest.mark.parametrize("kind", ["integer", "number", "decimal", "datetime", "string"])
def test_the_estimate_is_off_by_few_hundredths(kind: str) -> None:
    numbers = range(0, 60_000 * 7, 7)
    make = {
        "integer": int,
        "number": lambda n: n / 100,
        "decimal": lambda n: scaled(n, 2),
        "datetime": lambda n: moment(2000, 1, 1) + timedelta(minutes=n),
        "string": "name-{}".format,
    }[kind]
    values = [make(number) for number in numbers] * 2
    whole = profile_of(kind, values)
    assert whole["distinct"]["exact"] is False
    assert whole["distinct"]["count"] == pytest.approx(60_000, rel=4 * ESTIMATE_ERROR)
    assert "top" not in whole
    assert profile_of(kind, values, [1, 2, 3, 5000, 70_000, 70_001]) == whole


def test_up_to_the_most_distinct_values_are_counted_and_not_one_more() -> None:
    assert profile_of("integer", range(MOST_DISTINCT))["distinct"] == {"count": MOST_DISTINCT, "exact": True}
    assert profile_of("integer", range(MOST_DISTINCT + 1))["distinct"]["exact"] is False


@given(
    texts=st.lists(st.text(max_size=20) | st.text("ab", min_size=250, max_size=300), max_size=20),
    start=st.integers(0, 20),
)
def test_the_hash_of_a_text_depends_on_the_text_alone(texts: list[str], start: int) -> None:
    hashes = hash_values(pa.array(texts, pa.string()))
    rest = hash_values(pa.array(texts, pa.string()).slice(start))
    assert hashes[start:].tolist() == rest.tolist()
    assert len(set(hashes.tolist())) == len(set(texts))


def test_a_sketch_that_is_not_full_knows_the_very_number() -> None:
    sketch = Sketch(100)
    for _ in range(50):
        sketch.take(hash_values(pa.array(range(99))))
    assert sketch.estimate() == (99, True)


def test_few_but_huge_texts_are_not_held() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(profile, "MOST_BYTES", 1000)
        values = ["甲" * 300 + str(number % 3) for number in range(30)]
        found = profile_of("string", values)
        assert found["distinct"] == {"count": 3, "exact": True}
        assert "top" not in found
        assert profile_of("string", values, [1, 7, 8]) == found


def test_memory_does_not_grow_with_the_rows() -> None:
    field = {"name": "c", "type": "integer"}
    schema = pa.schema([pa.field("c", pa.int64())])
    profiler = Profiler([Field.from_json(field)], schema)

    def take(rounds: range) -> int:
        """How many bytes are in use afterwards."""
        for number in rounds:
            values = np.arange(number * 50_000, (number + 1) * 50_000) * 977
            batch = pa.record_batch([pa.array(values)], schema=schema)
            profiler.take(batch, pa.record_batch([pa.nulls(len(values), pa.string())], names=["c"]))
        return tracemalloc.get_traced_memory()[0] + pa.total_allocated_bytes()

    tracemalloc.start()
    try:
        before = take(range(0))
        grown = [take(rounds) - before for rounds in (range(4), range(4, 20), range(20, 40))]
    finally:
        tracemalloc.stop()
    # At most: waiting hashes, the rows that come at once, and the hashes remembered by their last bits.
    assert max(grown) < 8 * (5 * MOST_DISTINCT + 2 * distinct.SLOTS) + 500_000
    assert profiler.describe()[0]["distinct"]["count"] == pytest.approx(2_000_000, rel=4 * ESTIMATE_ERROR)


def test_a_hash_of_nought_counts_as_well() -> None:
    sketch = Sketch(10)
    sketch.take(np.array([0, 0, distinct.SLOTS], np.uint64))
    assert sketch.estimate() == (2, True)


@pytest.mark.parametrize(
    ("kind", "make"),
    [
        ("string", lambda number: f"{'é' if number % 2 else 'z'}{number}"),
        ("integer", lambda number: number - 150),
        ("number", lambda number: number / 4 - 30.0),
        ("date", lambda number: date(2000, 1, 1) + timedelta(days=number)),
        ("boolean", lambda number: number % 2 == 0),
    ],
)
def test_of_many_equally_frequent_values_the_least_are_shown(kind: str, make: Callable[[int], Any]) -> None:
    values = [make(number * 7 % 300) for number in range(300)] * 2 + [make(77)] * 3 + [make(5)]
    found = profile_of(kind, values)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(profile, "MANY_TIES", len(values))
        assert found == profile_of(kind, values)
    assert len(found["top"]) == (2 if kind == "boolean" else 10)
