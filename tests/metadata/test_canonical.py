"""Canonical JSON: equal values make equal bytes, and what is read back is equal."""

from __future__ import annotations

import hashlib
import json
import random
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.metadata.canonical import digest, fingerprint, write_canonical

NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
OBJECTS = st.dictionaries(st.text(), VALUES, max_size=5)


def shuffle(value: Any, order: random.Random) -> Any:
    if isinstance(value, dict):
        pairs = [(key, shuffle(item, order)) for key, item in value.items()]
        order.shuffle(pairs)
        return dict(pairs)
    return [shuffle(item, order) for item in value] if isinstance(value, list) else value


@given(OBJECTS, st.randoms(use_true_random=False))
def test_the_order_of_keys_does_not_matter(value: dict[str, Any], order: random.Random) -> None:
    assert write_canonical(shuffle(value, order)) == write_canonical(value)


@given(OBJECTS)
def test_what_is_read_back_makes_the_same_bytes_and_is_equal(value: dict[str, Any]) -> None:
    data = write_canonical(value)
    again = json.loads(data)
    assert write_canonical(again) == data
    assert fingerprint(again) == fingerprint(value)


@given(st.dictionaries(st.text(), st.text() | st.integers(-(2**53) + 1, 2**53 - 1) | st.booleans()))
def test_plain_values_come_back_as_they_were(value: dict[str, Any]) -> None:
    assert json.loads(write_canonical(value)) == value


@given(VALUES, VALUES)
def test_a_fingerprint_tells_different_values_apart(left: Any, right: Any) -> None:
    same = write_canonical({"": left}) == write_canonical({"": right})
    assert (fingerprint(left) == fingerprint(right)) is same


@pytest.mark.parametrize(
    ("value", "text"),
    [
        # RFC 8785, appendix B and section 3.2.3
        (1.0, "1"),
        (-0.0, "0"),
        (1e-7, "1e-7"),
        (1e21, "1e+21"),
        (333333333.3333333, "333333333.3333333"),
        (5e-324, "5e-324"),
        (2**53 - 1, "9007199254740991"),
        (True, "true"),
        (None, "null"),
        ('€$\u000f\u000aA\'B"\\\\"/', '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'),
        # What JSON numbers cannot hold exactly is text.
        (2**53, '"9007199254740992"'),
        (-(2**53), '"-9007199254740992"'),
        (float(2**60), '"1152921504606846976"'),
        (10**40, f'"{10**40}"'),
        (float("inf"), '"inf"'),
        (float("nan"), '"nan"'),
        # What YAML reads as more than text.
        (date(2026, 1, 31), '"2026-01-31"'),
        (datetime(2026, 1, 31, 8, tzinfo=UTC), '"2026-01-31T08:00:00+00:00"'),
        ((1, 2), "[1,2]"),
    ],
)
def test_a_value_is_written_as_the_standard_says(value: object, text: str) -> None:
    assert write_canonical({"a": value}).decode() == f'{{"a":{text}}}'


def test_keys_are_ordered_by_their_utf_16_units() -> None:
    # RFC 8785, section 3.2.3: the emoji's surrogates sort before U+FB33.
    found = json.loads(write_canonical({"\ufb33": 1, "😀": 2, "\u20ac": 3, "1": 4}))
    assert list(found) == ["1", "\u20ac", "😀", "\ufb33"]


def test_keys_that_are_no_text_are_written_as_text() -> None:
    assert write_canonical({2026: "year"}) == b'{"2026":"year"}'  # type: ignore[dict-item]


def test_a_digest_names_its_algorithm() -> None:
    assert digest(b"abc") == f"sha256:{hashlib.sha256(b'abc').hexdigest()}"
