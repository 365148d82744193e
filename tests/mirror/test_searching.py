"""The files that a browser searches, against a search that looks at every text."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from opendata.mirror.searching import (
    count_shards,
    cut_plural,
    hash_word,
    list_simple,
    list_terms,
    read_shard,
    write_number,
    write_shards,
)

TITLES = (
    "海口市水库水位",
    "海口市公交线路",
    "全国水库名录 reservoirs",
    "人口普查 2020",
    "Water levels of reservoirs",
    "各省人口",
)
QUERIES = (
    "水库",
    "水庫",
    "人口",
    "海口水位",
    "reservoir",
    "RESERVOIRS",
    "２０２０",
    "没有",
    "水",
    "公交 reservoirs",
    "",
)


def find_in_texts(query: str) -> list[int]:
    """What a search over all texts finds, best first."""
    wanted = list(dict.fromkeys(list_terms(query)))
    texts = [set(list_terms(title)) for title in TITLES]
    scores: dict[int, tuple[int, float]] = {}
    for word in wanted:
        having = [number for number, found in enumerate(texts) if word in found]
        for number in having:
            count, score = scores.get(number, (0, 0.0))
            scores[number] = count + 1, score + math.log(1 + len(TITLES) / max(1, len(having)))
    whole = {number: found for number, found in scores.items() if found[0] == len(wanted)} or scores
    return sorted(whole, key=lambda number: (-whole[number][0], -whole[number][1], number))


def find_in_shards(query: str, shards: Mapping[int, bytes]) -> list[int]:
    """What the files find, read as the script reads them."""
    wanted = list(dict.fromkeys(list_terms(query)))
    scores: dict[int, tuple[int, float]] = {}
    for word in wanted:
        items = read_shard(shards[hash_word(word) % len(shards)]).get(word, ())
        for number, weight in items:
            count, score = scores.get(number, (0, 0.0))
            scores[number] = count + 1, score + weight * math.log(1 + len(TITLES) / max(1, len(items)))
    whole = {number: found for number, found in scores.items() if found[0] == len(wanted)} or scores
    return sorted(whole, key=lambda number: (-whole[number][0], -whole[number][1], number))


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Mapping[int, bytes]:
    cards = [(number, json.dumps(dict.fromkeys(list_terms(title), 1))) for number, title in enumerate(TITLES)]
    return dict(write_shards(cards, 16, tmp_path_factory.mktemp("search") / "words"))


@pytest.mark.parametrize("query", QUERIES)
def test_the_files_find_what_a_look_at_every_text_finds(query: str, shards: Mapping[int, bytes]) -> None:
    assert find_in_shards(query, shards) == find_in_texts(query)


def test_each_word_is_in_the_file_that_its_hash_says(shards: Mapping[int, bytes]) -> None:
    assert sorted(shards) == list(range(16))
    words = [word for number, data in shards.items() for word in read_shard(data) if hash_word(word) % 16 == number]
    assert sorted(words) == sorted({word for title in TITLES for word in list_terms(title)})


def test_words_are_hashed_as_the_standard_says() -> None:
    assert (hash_word(""), hash_word("a"), hash_word("foobar")) == (0x811C9DC5, 0xE40C292C, 0xBF9CF968)


@pytest.mark.parametrize(("value", "data"), [(0, b"\0"), (127, b"\x7f"), (128, b"\x80\x01"), (300, b"\xac\x02")])
def test_numbers_have_seven_bits_a_byte(value: int, data: bytes) -> None:
    assert write_number(value) == data


def test_items_far_apart_and_of_any_weight_come_back(tmp_path: Path) -> None:
    items = [(0, 7), (1, 1), (100_000, 3)]
    cards = [(number, json.dumps({"水": weight})) for number, weight in items]
    found = [read_shard(data) for _, data in write_shards(cards, 1, tmp_path / "words")]
    assert found == [{"水": items}]


def test_a_plural_is_found_as_its_singular() -> None:
    words: Sequence[str] = ("levels", "gas", "class", "bus")
    assert [cut_plural(word) for word in words] == ["level", "gas", "class", "bus"]


def test_there_are_as_many_files_as_the_catalogue_needs() -> None:
    assert [count_shards(number) for number in (0, 500, 10_000, 10**7)] == [16, 16, 256, 4096]


def test_a_traditional_character_is_looked_up_as_the_simplified_one() -> None:
    simple = list_simple()
    assert (simple["庫"], simple["豈"]) == ("库", "岂")
    assert "库" not in simple
