"""Patterns run on RE2, over the whole value, and mean what they mean elsewhere."""

from __future__ import annotations

import re
from typing import Any

import pytest
import re2
from hypothesis import assume, given
from hypothesis import strategies as st

from opendata.tables.schema.engine import compile_pattern
from opendata.tables.schema.linear import LinearStringField
from opendata.tables.schema.schema import build_engine_schema


def build_field(**constraints: Any) -> Any:
    descriptor = {"fields": [{"name": "a", "type": "string", "constraints": constraints}]}
    return build_engine_schema(descriptor).fields[0]


def test_a_field_with_a_pattern_is_linear_and_so_are_its_copies() -> None:
    field = build_field(pattern="a+")
    assert type(field) is LinearStringField
    assert type(field.to_copy()) is type(field.to_copy().to_copy()) is LinearStringField
    assert type(build_field(maxLength=3)) is not LinearStringField


def test_a_copy_still_has_its_pattern_and_its_other_rules() -> None:
    read = build_field(pattern="a+", maxLength=3).to_copy().create_cell_reader()
    assert read("aaa") == ("aaa", None)
    assert read("") == (None, None)
    assert read("b")[1] == {"pattern": 'constraint "pattern" is "a+"'}
    assert set(read("aaaab")[1]) == {"pattern", "maxLength"}


def test_a_pattern_that_explodes_elsewhere_is_decided() -> None:
    read = build_field(pattern="(a+)+$").create_cell_reader()
    assert isinstance(compile_pattern("(a+)+$"), type(re2.compile("a")))
    assert read("a" * 100_000)[1] is None
    assert "pattern" in read("a" * 100_000 + "!")[1]


@pytest.mark.parametrize(
    ("pattern", "whole", "part"),
    [("a|b", "b", "ab"), ("^a$", "a", "a\n"), ("a", "a", "ba"), ("(?i)ab", "AB", "ABC")],
)
def test_a_pattern_is_of_the_whole_value(pattern: str, whole: str, part: str) -> None:
    assert compile_pattern(pattern).fullmatch(whole)
    assert not compile_pattern(pattern).fullmatch(part)


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        (r"^\w+$", "été中٣_", "a b"),
        (r"[\w\-]+", "é-1", "é 1"),
        (r"\d{2}", "１2", "1a"),
        (r"[^\d]+", "ab", "a１"),
        (r"\D\W\S", "中!中", "1!中"),
        (r"\S+\s\S+", "a\u3000b", "ab"),
        (r"[a\s]+", "a\u2028", "b"),
        (r"\u4e2d[\u00C0-\u00FF\–]+", "中é–", "中e"),
        (r"[\U0001F000-\U0001F02F]", "🀄", "中"),
        (r"\\u4e2d", r"\u4e2d", "中"),
        (r"[[:a]+", "[:a", "b"),
        (r"[]a]+", "]a", "b"),
        (r"[^]a]+", "b", "]"),
        (r"[^\W\d_]+", "é中", "é1"),
        (r"[\W\d]+", "-１ ", "é"),
        (r"[\S]+", "é中-1", "a\u3000b"),
        (r"[\s\S]+", "a b", ""),
        (r"a{,2}", "aa", "aaa"),
        (r"[{,2}]+", "{,2}", "a"),
        (r"a\Z", "a", "b"),
    ],
)
@pytest.mark.filterwarnings("ignore:Possible nested set:FutureWarning")
def test_escapes_mean_what_they_mean_in_python_and_xml_schema(pattern: str, matching: str, other: str) -> None:
    assert re.fullmatch(pattern, matching)  # Python is the oracle
    assert not re.fullmatch(pattern, other)
    assert compile_pattern(pattern).fullmatch(matching)
    assert not compile_pattern(pattern).fullmatch(other)


@given(
    pattern=st.text(st.sampled_from(r"ab1\wdsDWu()[]^$|*+?.-{},é中 "), max_size=12),
    text=st.text("ab1é中 ", max_size=4),
)
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_a_pattern_both_engines_take_decides_alike(pattern: str, text: str) -> None:
    assume(r"\b" not in pattern)  # RE2's boundaries are of ASCII words
    try:
        ours, oracle = compile_pattern(pattern), re.compile(pattern)
    except (re2.error, re.error):
        return
    assert bool(ours.fullmatch(text)) == bool(oracle.fullmatch(text))


@pytest.mark.parametrize("pattern", ["a(?=b)", "a(?<!b)", r"(a)\1", "(", "a{5000}", "((a{1000}){1000}){1000}"])
def test_what_needs_backtracking_or_too_much_memory_is_refused(pattern: str) -> None:
    with pytest.raises(re2.error):
        compile_pattern(pattern)
