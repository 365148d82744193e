"""Patterns in words say what fits, and their examples fit."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.wording.schemas.patterns import build_example, describe_pattern, read_pattern
from opendata.wording.voice import voice_of


@pytest.mark.parametrize(
    ("pattern", "english", "chinese", "example"),
    [
        (r"^\d{6}$", "6 digits", "6 个数字", "123456"),
        ("[A-Z][0-9]{3}", "one capital letter, then 3 digits", "1 个大写字母，接着 3 个数字", "A123"),
        ("^(男|女)$", "“男”, or “女”", "“男”或“女”", "男"),
        ("男|女", "“男”, or “女”", "“男”或“女”", "男"),
        (
            r"[A-Z]{2}-?\d+",
            "2 capital letters, then “-” or nothing, then 1 or more digits",
            "2 个大写字母，接着 “-”（可以没有），接着 1 个或更多数字",
            "AB1",
        ),
        (r"\d{4}-\d{2}", "4 digits, then “-”, then 2 digits", "4 个数字，接着 “-”，接着 2 个数字", "1234-12"),
        ("[一-龥]{2,4}", "2 to 4 Chinese characters", "2 到 4 个汉字", "一丁"),
        (
            "GB[0-9A-Z]?",
            "“GB”, then one digit or capital letter or nothing",
            "“GB”，接着 1 个数字或大写字母（可以没有）",
            "GB",
        ),
        (r"(?:第\d)年\.", "“第”, then one digit, then “年.”", "“第”，接着 1 个数字，接着 “年.”", "第1年."),
        (r"(?:a|b)\.", "", "", "a."),
        ("[AB]", "one of these characters: A B", "以下字符之一：A B", "A"),
        (r"(a|b)+c", "", "", "ac"),
        (r"(?=a)b", "", "", ""),
        (r"\bx", "", "", ""),
        (r"a*?", "", "", ""),
        ("[^a]", "", "", ""),
        ("a{200}", "", "", ""),
        ("(" * 200 + "a" + ")" * 200, "", "", ""),
    ],
)
def test_a_pattern_is_said_in_words_with_a_value_that_fits(
    pattern: str, english: str, chinese: str, example: str
) -> None:
    assert describe_pattern(voice_of("en"), pattern) == english
    assert describe_pattern(voice_of("zh"), pattern) == chinese
    assert build_example(pattern) == example
    assert not example or re.fullmatch(pattern, example)


_PARTS = st.recursive(
    st.sampled_from([r"\d", "[A-Z]", "[a-z0-9]", "a", "水", r"\.", "[-_]", r"[\w.]", "[+*]"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["?", "*", "+", "{3}", "{2,4}", "{0,1}"])).map(
            lambda it: f"(?:{it[0]}){it[1]}"
        ),
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda items: f"({'|'.join(items)})"),
    ),
    max_leaves=6,
)


@given(_PARTS)
def test_an_example_always_fits(pattern: str) -> None:
    assert read_pattern(pattern) is not None
    example = build_example(pattern)
    assert len(example) == 0 or re.fullmatch(pattern, example)


@given(st.text(st.sampled_from("ab[]()-\\d^$|?*+{}1,.水"), max_size=12))
def test_no_text_is_too_odd(pattern: str) -> None:
    example = build_example(pattern)
    if example:
        assert re.fullmatch(pattern, example)
