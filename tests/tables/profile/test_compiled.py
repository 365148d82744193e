"""The compiled functions over columns give what those in Python give, whatever the values and however they are cut."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.tables.arrow import distinct
from opendata.tables.arrow.arrays import view_numbers
from opendata.tables.arrow.compiled import find_compiled
from opendata.tables.arrow.distinct import Sketch, hash_values

pytestmark = pytest.mark.skipif(find_compiled("measure_texts") is None, reason="the compiled functions aren't built")

TEXTS = st.lists(
    st.text(max_size=12) | st.text("aé中😀", max_size=90) | st.text("xy", min_size=250, max_size=262), max_size=24
)
NUMBERS = st.lists(st.integers(-(2**63), 2**63 - 1), max_size=24)
MOST = 2**64 - 1


def hash_plainly(values: pa.Array) -> list[int]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(distinct, "find_compiled", lambda name: None)
        found: list[int] = hash_values(values).tolist()
    return found


@given(texts=TEXTS, start=st.integers(0, 24))
def test_hashes_of_texts_are_equal(texts: list[str], start: int) -> None:
    values = pa.array(texts, pa.string()).slice(start)
    assert hash_values(values).tolist() == hash_plainly(values)


@given(numbers=NUMBERS, start=st.integers(0, 24))
def test_hashes_of_numbers_are_equal(numbers: list[int], start: int) -> None:
    wide = pa.array(numbers, pa.int64()).slice(start)
    narrow = pa.array([number >> 32 for number in numbers], pa.int32()).slice(start)
    for values in (
        wide,
        narrow,
        wide.view(pa.float64()),
        wide.view(pa.timestamp("us")),
        narrow.view(pa.date32()),
        pa.array([number % 2 == 0 for number in numbers], pa.bool_()).slice(start),
        pa.array(numbers, pa.decimal128(38, 2)).slice(start),
    ):
        assert hash_values(values).tolist() == hash_plainly(values)


@given(texts=TEXTS, cuts=st.lists(st.integers(0, 24), max_size=4), size=st.integers(1, 30))
def test_a_sketch_keeps_the_same_hashes_and_knows_the_lengths(texts: list[str], cuts: list[int], size: int) -> None:
    values = pa.array(texts + texts, pa.string())
    fast, slow = Sketch(size), Sketch(size)
    places = [0, *sorted(min(cut, len(values)) for cut in cuts), len(values)]
    for start, end in pairwise(places):
        piece = values.slice(start, end - start)
        held = piece.to_pylist()
        lengths = fast.take_values(piece)
        slow.take(np.array(hash_plainly(piece), np.uint64))
        if lengths is not None:
            assert lengths == (min(map(len, held)), max(map(len, held)))
        else:
            assert not held or max(len(text.encode()) for text in held) > 256
    assert fast.list().tolist() == slow.list().tolist()
    assert fast.estimate() == slow.estimate()


def test_what_points_beyond_a_buffer_is_refused() -> None:
    measure, hash_numbers = find_compiled("measure_texts"), find_compiled("hash_numbers")
    factors, offsets = np.ones(32, np.uint64), np.array([0, 2, 4], np.int32)
    assert len(measure(offsets, 0, 2, b"abcd", factors, None, MOST)[0]) == 16
    for wrong in (
        (offsets, 0, 3, b"abcd", factors, None, MOST),
        (offsets, 1, 2, b"abcd", factors, None, MOST),
        (offsets, -1, 1, b"abcd", factors, None, MOST),
        (offsets, 0, 2, b"abc", factors, None, MOST),
        (np.array([2, 0], np.int32), 0, 1, b"abcd", factors, None, MOST),
        (np.array([-1, 0], np.int32), 0, 1, b"abcd", factors, None, MOST),
        (offsets, 0, 2, b"abcd", factors[:31], None, MOST),
        (offsets, 0, 2, b"abcd", factors, np.zeros(3, np.uint64), MOST),
    ):
        with pytest.raises(ValueError, match=r"\w"):
            measure(*wrong)
    numbers = view_numbers(pa.array([1, 2]))
    for beyond in ((numbers, 8, 0, 3, None, MOST), (numbers, 8, 2, 1, None, MOST), (numbers, 3, 0, 1, None, MOST)):
        with pytest.raises(ValueError, match=r"\w"):
            hash_numbers(*beyond)
