"""The search of a mirror: files that a script in the browser reads. No file has more than a query needs.

    mirror/search/index.json       {"shards": 64, "documents": 2000}
    mirror/search/shards/{n}.bin   the words whose hash says so, each with the datasets that have it
    mirror/search/cards/{n}.json   what is shown of dataset n
    mirror/search/simple.json      traditional characters and the simplified ones they are looked up as

A word's entry in a shard: length of the word in bytes, the word, length of its list in bytes, the list. An item of the
list is (distance to the number of the dataset before) * 8 + weight. All numbers have 7 bits a byte, lowest first, and
the high bit where another byte follows. Words are hashed by FNV-1a of 32 bits over UTF-8.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING

from opendata.search.documents import WEIGHTS
from opendata.search.folding import fold
from opendata.search.words import cut_pairs, list_pinyin, list_runs
from opendata.services.search.documents import make_search_document

if TYPE_CHECKING:
    from opendata.domain.manifest import Manifest
    from opendata.services.core.values import DatasetView

FOLDER = "mirror/search"
_SPELLED = ("title",)
_SPELLED_WEIGHT = 2.0
_MOST_WEIGHT = 7
_SHORTEST_PLURAL = 4
_EXCERPT = 160
_DOCUMENTS_OF_A_SHARD = 40
_FEWEST_SHARDS, _MOST_SHARDS = 16, 4096
_BASIS, _PRIME, _MASK = 0x811C9DC5, 0x01000193, 0xFFFFFFFF
_CHINESE = (range(0x3400, 0xA000), range(0xF900, 0xFB00))


@dataclass(frozen=True, slots=True)
class Card:
    """A dataset in the search: what is shown, and the words it is found by with their weights, both as JSON."""

    card: bytes
    words: str


def write_card(dataset: DatasetView, manifest: Manifest | None) -> Card:
    """What the search has of a dataset and its newest version."""
    texts = {"": _describe(dataset, {})} | {tag: _describe(dataset, found) for tag, found in dataset.i18n.items()}
    shown = {
        "id": dataset.id,
        "texts": texts,
        "publisher": {"": dataset.publisher.title}
        | {tag: str(found["title"]) for tag, found in dataset.publisher.i18n.items() if found.get("title")},
        "modified": dataset.modified.date().isoformat(),
    }
    document = make_search_document(dataset, manifest, (), None)
    weights: Counter[str] = Counter()
    for name, found in document.texts.items():
        for word in {word for text in found for word in list_terms(text)}:
            weights[word] += WEIGHTS[name]  # type: ignore[assignment]
        for word in set(list_pinyin(found)) if name in _SPELLED else ():
            weights[word] += _SPELLED_WEIGHT  # type: ignore[assignment]
    words = {word: max(1, min(_MOST_WEIGHT, round(weight))) for word, weight in sorted(weights.items())}
    return Card(json.dumps(shown, ensure_ascii=False, sort_keys=True).encode(), json.dumps(words, ensure_ascii=False))


def name_card(number: int) -> str:
    """The key of what the search shows of a dataset."""
    return f"{FOLDER}/cards/{number // 100}/{number}.json"


def _describe(dataset: DatasetView, translated: Mapping[str, object]) -> Mapping[str, str]:
    found = {
        "title": str(translated.get("title") or ("" if translated else dataset.title)),
        "description": unescape(str(translated.get("description") or ("" if translated else dataset.description))),
    }
    return {name: text[:_EXCERPT] for name, text in found.items() if text}


def list_terms(text: str) -> Iterator[str]:
    """What a text is found by: pairs of Chinese characters, other words without the s of a plural."""
    for run in list_runs(text):
        for term in cut_pairs(run):
            yield cut_plural(term)


def cut_plural(word: str) -> str:
    """A word without the s of an English plural."""
    is_plural = len(word) >= _SHORTEST_PLURAL and word.isascii() and word.endswith("s") and not word.endswith("ss")
    return word[:-1] if is_plural else word


def hash_word(word: str) -> int:
    """FNV-1a of 32 bits."""
    found = _BASIS
    for byte in word.encode():
        found = ((found ^ byte) * _PRIME) & _MASK
    return found


def count_shards(documents: int) -> int:
    """How many files the words are divided into: a power of two, so that a shard stays small."""
    wanted = max(_FEWEST_SHARDS, documents // _DOCUMENTS_OF_A_SHARD, 1)
    return min(_MOST_SHARDS, 1 << math.ceil(math.log2(wanted)))


def write_number(value: int) -> bytes:
    """A number with 7 bits a byte."""
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def write_shards(cards: Iterable[tuple[int, str]], shards: int, scratch: Path) -> Iterator[tuple[int, bytes]]:
    """All shards, from the words of the datasets by number; sorted on disk, so that memory stays flat."""
    scratch.unlink(missing_ok=True)
    database = sqlite3.connect(scratch)
    try:
        database.executescript("pragma journal_mode = off; pragma synchronous = off;")
        database.execute("create table words (shard integer, word text, document integer, weight integer)")
        database.executemany(
            "insert into words values (?, ?, ?, ?)",
            (
                (hash_word(word) % shards, word, number, weight)
                for number, words in cards
                for word, weight in json.loads(words).items()
            ),
        )
        rows = database.execute("select shard, word, document, weight from words order by shard, word, document")
        yield from _join_shards(rows, shards)
    finally:
        database.close()
        scratch.unlink(missing_ok=True)


def _join_shards(rows: Iterator[tuple[int, str, int, int]], shards: int) -> Iterator[tuple[int, bytes]]:
    row = next(rows, None)
    for shard in range(shards):
        data = bytearray()
        while row is not None and row[0] == shard:
            word, items, before = row[1], bytearray(), -1
            while row is not None and row[0] == shard and row[1] == word:
                items += write_number((row[2] - before) * 8 + row[3])
                before = row[2]
                row = next(rows, None)
            name = word.encode()
            data += write_number(len(name)) + name + write_number(len(items)) + items
        yield shard, bytes(data)


def read_shard(data: bytes) -> Mapping[str, Sequence[tuple[int, int]]]:
    """The words of a shard, each with the numbers of the datasets and the weights."""
    found: dict[str, list[tuple[int, int]]] = {}
    place = 0

    def read() -> int:
        nonlocal place
        value = shift = 0
        while True:
            byte = data[place]
            place += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    while place < len(data):
        length = read()
        word = data[place : place + length].decode()
        place += length
        length = read()
        end, number, items = place + length, -1, []
        while place < end:
            item = read()
            number += item >> 3
            items.append((number, item & 7))
        found[word] = items
    return found


def list_simple() -> Mapping[str, str]:
    """The characters that are looked up as others, such as traditional ones."""
    found = {}
    for codes in _CHINESE:
        for code in codes:
            character = chr(code)
            folded = fold(character)
            if folded != character and len(folded) == 1:
                found[character] = folded
    return found
