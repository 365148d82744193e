"""Texts as words, pairs and pinyin."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.search.folding import fold, fold_with_places
from opendata.search.near import mark, measure
from opendata.search.synonyms import load_synonyms, read_synonyms
from opendata.search.words import join_pairs, list_coarse_words, list_pinyin, list_words, spell_title


@pytest.mark.parametrize(
    ("text", "folded"),
    [("臺北市統計", "台北市统计"), ("ＧＤＰ２０２６", "gdp2026"), ("Straße", "strasse"), ("①", "1"), ("", "")],
)
def test_what_means_the_same_is_folded_to_the_same(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_words_inside_words_are_words_too() -> None:
    assert {"海口", "海口市", "民政", "民政局"} <= set(list_words("海口市民政局"))
    assert list(list_coarse_words("安平县 Population 2026年")) == ["安平县", "population", "2026", "年"]


def test_pairs_hold_every_part_of_a_text_and_end_at_its_borders() -> None:
    assert join_pairs(["海口市", "GDP", "水"]).split(" ") == ["海口", "口市", "\x1f", "gdp", "\x1f", "水", "\x1f"]


def test_pinyin_is_whole_and_by_initials() -> None:
    assert {"renkou", "rk", "pucha", "pc", "renkoupucha", "rkpc"} == set(list_pinyin(["人口普查 2020"]))
    assert spell_title("安平县") < spell_title("北京市") < spell_title("海口市")


def test_synonyms_are_read_line_by_line() -> None:
    found = read_synonyms(["# a comment\n", "低保，最低生活保障, ＧＤＰ # another\n", "\n"])
    assert found["gdp"] == ["低保", "最低生活保障"]
    assert "地区生产总值" in load_synonyms()["gdp"]


def test_marks_stand_in_the_original_text() -> None:
    text = "①臺北市ＧＤＰ gdps, foogdp"
    places = mark(text, ["台北", "gdp"])
    assert [text[start:end] for start, end in places] == ["臺北", "ＧＤＰ", "gdp"]


@given(st.text(max_size=40), st.lists(st.text(min_size=1, max_size=3), max_size=4))
def test_marks_are_in_order_and_inside(text: str, words: list[str]) -> None:
    places = mark(text, [word for word in map(fold, words) if word])
    assert all(0 <= start < end <= len(text) for start, end in places)
    assert all(one[1] < other[0] for one, other in pairwise(places))
    folded = fold_with_places(text)
    assert len(folded.text) == len(folded.places)


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_the_distance_is_the_same_both_ways(one: str, other: str) -> None:
    assert measure(one, other, 9) == measure(other, one, 9)
    assert (measure(one, other, 9) == 0) == (one == other)
    assert min(measure(one, other, 1), 2) == min(measure(one, other, 9), 2)
