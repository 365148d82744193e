"""Whole numbers in Chinese are read where they are written as one writes them, and left alone otherwise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.tables.notation.chinese_numbers import rewrite_chinese_number

DIGITS = "零一二三四五六七八九"


def write(number: int) -> str:
    """A number as it is written in full: 一万零五."""
    if number < 10:
        return DIGITS[number]
    for size, word in ((10**8, "亿"), (10**4, "万"), (1000, "千"), (100, "百"), (10, "十")):
        if number >= size:
            times, rest = divmod(number, size)
            gap = "零" if rest and rest * 10 < size else ""
            return write(times) + word + (gap + write(rest) if rest else "")
    raise AssertionError


@given(st.integers(min_value=0, max_value=10**12 - 1))
def test_every_number_written_in_full_is_read(number: int) -> None:
    assert rewrite_chinese_number(write(number)) == str(number)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("二十八", "28"),
        ("十五", "15"),
        ("二〇一八", "2018"),
        ("两千", "2000"),
        ("壹佰贰拾", "120"),
        ("负五", "-5"),
        ("百", None),
        ("万", None),
        ("二三十", None),
        ("十百", None),
        ("二十八人", None),
        ("约二十", None),
        ("28", None),
        ("", None),
    ],
)
def test_what_is_no_number_is_left_alone(text: str, number: str | None) -> None:
    assert rewrite_chinese_number(text) == number
