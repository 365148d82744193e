"""A number proves what it is: one wrong digit and it doesn't."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.privacy.detection.digits.check_digits import (
    have_luhn_check,
    is_bank_card,
    is_old_resident_id,
    is_resident_id,
)
from opendata.tables.check.rules.check_digits import have_resident_check
from tests.privacy.corpora import make_check
from tests.privacy.numbers import complete_resident_id

BODIES = st.builds(
    lambda area, day, number: f"{area}{day:%Y%m%d}{number:03}",
    st.sampled_from(("110105", "431126", "810000", "830000", "911156")),
    st.dates(min_value=date(1900, 1, 1), max_value=date(2025, 12, 31)),
    st.integers(0, 999),
)


@given(BODIES)
def test_a_completed_number_is_right(body: str) -> None:
    number = complete_resident_id(body)
    assert number == body + make_check(body)
    assert is_resident_id(number)
    assert is_resident_id(number.lower())


@given(BODIES, st.integers(0, 17), st.integers(1, 9))
def test_one_wrong_digit_is_noticed(body: str, place: int, step: int) -> None:
    number = complete_resident_id(body)
    if number[place] == "X":
        wrong = number[:place] + str(step)
    else:
        wrong = number[:place] + str((int(number[place]) + step) % 10) + number[place + 1 :]
    assert not is_resident_id(wrong)


@pytest.mark.parametrize(
    "number",
    ["11010519491331002X", "110105194902300021", "000000000000000000", "990105194912310021", "1101051949123100", ""],
)
def test_a_number_without_a_real_day_or_region_is_none(number: str) -> None:
    assert not is_resident_id(number)


def test_the_example_of_the_standard_is_right() -> None:
    assert is_resident_id("11010519491231002X")  # GB 11643-1999, appendix A


def test_the_form_before_1999_has_a_day() -> None:
    assert is_old_resident_id("110105491231002")
    assert not is_old_resident_id("110105491331002")
    assert not is_old_resident_id("990105491231002")


@given(st.lists(BODIES, min_size=1, max_size=20))
def test_whole_columns_are_judged_like_single_numbers(bodies: list[str]) -> None:
    digits = np.array([[int(digit) for digit in body] for body in bodies], np.uint8)
    last = np.array(["0123456789X".index(make_check(body)) for body in bodies])
    assert have_resident_check(digits, last).all()
    assert not have_resident_check(digits, (last + 1) % 11).any()


@given(st.text("0123456789", min_size=15, max_size=18).filter(lambda text: len(set(text)) > 1))
def test_luhn_takes_one_of_ten_last_digits(body: str) -> None:
    numbers = np.array([[int(digit) for digit in f"{body}{last}"] for last in range(10)], np.uint8)
    assert have_luhn_check(numbers).sum() == 1


def test_a_card_needs_its_prefix() -> None:
    assert is_bank_card("4111111111111111")  # the example of many a manual
    assert not is_bank_card("4111111111111112")
    assert not is_bank_card("7111111111111114")
