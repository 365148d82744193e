"""Near words where nothing is found, help while somebody types, and what to mark in a text that was found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from opendata.search.folding import fold_with_places
from opendata.search.index import make_schema, words_of
from opendata.search.queries import ask_for_phrase, tolerate
from opendata.search.words import is_chinese, list_runs, list_words, spell

if TYPE_CHECKING:
    from tantivy import Query, Searcher


def mark(text: str, words: Iterable[str]) -> Sequence[tuple[int, int]]:
    """The places of words in a text, in order and without overlaps."""
    wanted = list(words)
    if not wanted:
        return []
    folded = fold_with_places(text)
    found: list[tuple[int, int]] = []
    for word in wanted:
        start = folded.text.find(word)
        while start >= 0:
            end = start + len(word)
            if is_chinese(word) or _is_whole(folded.text, start):
                found.append(folded.find_original(start, end))
            start = folded.text.find(word, end)
    joined: list[tuple[int, int]] = []
    for begin, stop in sorted(found):
        if joined and begin <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(stop, joined[-1][1])
        else:
            joined.append((begin, stop))
    return joined


def _is_whole(text: str, start: int) -> bool:
    """Whether a Latin word begins here, and not in the middle of another."""
    return start == 0 or not (text[start - 1].isascii() and text[start - 1].isalnum())


def find_similar(searcher: Searcher, words: Sequence[str], limit: int) -> Sequence[str]:
    """The ids of datasets with words that sound or are written nearly like these."""
    from tantivy import Query

    ways: list[Query] = []
    for word in words:
        sound = _sound(word)
        names = ("pinyin",) if is_chinese(word) else ("pinyin", words_of("title"), words_of("keywords"))
        ways.extend(Query.fuzzy_term_query(make_schema(), name, sound, distance=tolerate(sound)) for name in names)
    found = searcher.search(Query.disjunction_max_query(ways), limit)
    return [str(searcher.doc(place).get_first("id")) for _, place in found.hits]


def list_titles(searcher: Searcher, typed: str, limit: int) -> Sequence[str]:
    """The ids of datasets whose title has what was typed so far, also in pinyin."""
    from tantivy import Occur, Query

    runs = list_runs(typed)
    if not runs:
        return []
    ways: list[Query] = []
    for run in runs:
        if is_chinese(run):
            ways.append(ask_for_phrase("titlePairs", run, 1.0))
        else:
            pattern = re.escape(run) + ".*"
            names = ("pinyin", words_of("title"))
            ways.append(
                Query.disjunction_max_query([Query.regex_query(make_schema(), name, pattern) for name in names])
            )
    found = searcher.search(Query.boolean_query([(Occur.Must, way) for way in ways]), limit)
    return [str(searcher.doc(place).get_first("id")) for _, place in found.hits]


def find_near(words: Sequence[str], titles: Iterable[str]) -> dict[str, str]:
    """For words that no dataset has, words of these titles that sound or are written nearly the same."""
    known: dict[str, str] = {}
    for title in titles:
        for word in list_words(title):
            known.setdefault(word, _sound(word))
    found: dict[str, str] = {}
    for word in words:
        near = _find_one(word, known)
        if near is not None:
            found[word] = near
    return found


def _find_one(word: str, known: dict[str, str]) -> str | None:
    sound = _sound(word)
    same = [other for other, spelled in known.items() if spelled == sound and other != word]
    if same:
        return same[0]
    most = tolerate(sound)
    ranked = sorted(
        (measure(sound, spelled, most), other)
        for other, spelled in known.items()
        if abs(len(spelled) - len(sound)) <= most
    )
    return next((other for distance, other in ranked if 0 < distance <= most), None)


def _sound(word: str) -> str:
    return spell(word)[0] if is_chinese(word) else word


def measure(one: str, other: str, most: int) -> int:
    """How many letters must be changed, added, removed or swapped with their neighbour; beyond `most`, `most` + 1.

    Source: the optimal string alignment distance, after Damerau (1964).
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one, 1):
        older, before, row = before, row, [place]
        for index, wanted in enumerate(other, 1):
            cost = min(before[index] + 1, row[index - 1] + 1, before[index - 1] + (letter != wanted))
            if place > 1 and index > 1 and letter == other[index - 2] and one[place - 2] == wanted:
                cost = min(cost, older[index - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]
