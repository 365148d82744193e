"""What an automaton accepts, RE2 accepts as the whole text under the pattern; plain patterns agree both ways."""

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from opendata.tables.schema.automaton import Automaton, build_automaton
from opendata.tables.schema.engine import compile_pattern

CHARACTERS = "aAbBz019_- .,\n\t\x0b\x1f\u00a0é中龥龦第号\u3000１٠€𠀀()[]"


def accepts(found: Automaton, text: str) -> bool:
    state = found.start
    for byte in text.encode():
        at = 2 * (state * found.kinds + found.classes[byte])
        state = int.from_bytes(found.next[at : at + 2], "little")
    return bool(found.accepts[state])


@pytest.mark.parametrize(
    ("pattern", "right", "wrong"),
    [
        ("[A-Z]{2}[0-9]{6}", ["AB123456"], ["AB12345", "ab123456", "AB1234567", ""]),
        (r"^\d{4}-\d{2}$", ["2024-01"], ["2024-1", "2024-01\n"]),
        ("(第|共)?[0-9一-龥]{1,4}(号|页)?", ["第12号", "一二三页"], ["", "第12345号页"]),
        ("a(b|cd)*e?[^x]", ["abcde中", "a\n"], ["ax", "a"]),
        (r"[^,]+@[a-z]+\.(com|cn)", ["中@x.cn"], ["a@b.org"]),
        ("", [""], ["a"]),
    ],
)
def test_plain_patterns(pattern, right, wrong):
    found = build_automaton(pattern)
    assert found is not None
    assert all(accepts(found, text) for text in right)
    assert not any(accepts(found, text) for text in wrong)


@pytest.mark.parametrize(
    "pattern", [r"(?i)a", r"(a)\1", r"\ba", "a(?=b)", "a^b", "(a|b)*a(a|b){12}", "[0-9]{9999}", "("]
)
def test_others_have_none(pattern):
    assert build_automaton(pattern) is None


pieces = st.one_of(
    st.sampled_from(["a", "b", "中", ".", r"\d", r"\w", r"\s", r"\D", r"\W", r"\S", r"\.", "[ab]", "[^a]", "[0-9]"]),
    st.sampled_from([r"[^\d]", r"[\w中]", r"[^\s,]", r"[a-z一-龥]", r"[^\W_]", "-", "[]a]", "[[a]", r"\t", "[À-￿]"]),
)
patterns = st.recursive(
    pieces,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]}|{pair[1]})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{,2}", "*?"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
    ),
    max_leaves=6,
)


@given(patterns, st.lists(st.text(CHARACTERS, max_size=8), min_size=1, max_size=20))
def test_it_accepts_nothing_that_the_pattern_refuses(pattern, texts):
    found = build_automaton(pattern)
    if found is None:
        return
    try:
        match = compile_pattern(pattern).fullmatch
    except re2.error:
        return
    for text in texts:
        if accepts(found, text):
            assert match(text) is not None, (pattern, text)
        elif text.isascii() and "\x1f" not in text:
            assert match(text) is None, (pattern, text)
