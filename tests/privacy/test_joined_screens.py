"""Screens of parts of a table, joined, find what one screen of all its rows finds."""

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime, timedelta
from random import Random

import numpy as np
import pyarrow as pa
import pytest

from opendata.domain.schema import Field
from opendata.privacy.detection.screen import TOGETHER, PrivacyScreen
from opendata.tables.pieces.cutting import BLOCKS_TOGETHER
from tests.privacy.corpora import NAMED, POSITIVES, make_track_table

ROWS = 240


def make_columns() -> dict[str, pa.Array]:
    """Columns of all kinds of personal data, by their cells and by their names, and of all types."""
    random = Random(3)
    columns = {
        kind.value: pa.array([make(random) if random.random() < 0.8 else "" for _ in range(ROWS)])
        for kind, (_, make) in POSITIVES.items()
    }
    columns |= {name: pa.array([make(random) for _ in range(ROWS)]) for name, make in NAMED.values()}
    columns["手机"] = pa.array(np.arange(ROWS) + 13_812_340_000)
    columns["born"] = pa.array([date(1930, 1, 1) + timedelta(days=80 * number) for number in range(ROWS)])
    columns["at"] = pa.array([datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=number) for number in range(ROWS)])
    columns["digits"] = pa.array([float(number) for number in range(ROWS)])
    columns["day"] = pa.array([19_500_101 + 10_000 * (number % 60) for number in range(ROWS)])
    return columns


def list_all(batches: list[pa.RecordBatch], ends: list[int]) -> tuple[object, object]:
    """The findings of one screen, and of joined ones that end behind these batches."""
    fields = [Field.from_json({"name": name, "type": "string"}) for name in batches[0].schema.names]
    whole = PrivacyScreen("t", fields)
    for batch in batches:
        whole.take(batch)
    joined: PrivacyScreen | None = None
    start = 0
    for end in [*ends, len(batches)]:
        part = PrivacyScreen("t", fields)
        for batch in batches[start:end]:
            part.take(batch)
        part.close()
        start = end
        part = pickle.loads(pickle.dumps(part))  # noqa: S301 - made here
        if joined is None:
            joined = part
        else:
            assert joined.may_join
            joined.join(part)
    assert joined is not None
    return list(whole.list()), list(joined.list())


@pytest.mark.parametrize("ends", [pytest.param([4], marks=pytest.mark.slow), [4, 8, 20]])
def test_joined_screens_find_what_one_screen_finds(ends: list[int]) -> None:
    batches = pa.table(make_columns()).to_batches(max_chunksize=10)
    whole, joined = list_all(batches, ends)
    assert joined == whole
    assert len({item.kind for item in whole}) >= 10  # type: ignore[attr-defined]


def test_a_track_goes_on_in_the_next_rows() -> None:
    whole, joined = list_all(make_track_table(Random(1), 400).to_batches(20), [4, 16])
    assert joined == whole != []


def test_rows_that_others_would_be_looked_at_with_may_not_be_parted() -> None:
    screen = PrivacyScreen("t", [Field.from_json({"name": "a"})])
    screen.take(pa.record_batch({"a": ["x"]}))
    assert not screen.may_join
    assert BLOCKS_TOGETHER % TOGETHER == 0
