"""A text → the words it is found by: Chinese cut into words and into pairs of characters, pinyin, Latin words.

A text's words are joined by spaces: the index cuts there, and takes the stems of English words.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from opendata.search.folding import fold

if TYPE_CHECKING:
    from rjieba import Jieba

_RUNS = re.compile(r"[\u3400-\u9fff\U00020000-\U000323af々〇]+|[^\W_\u3400-\u9fff\U00020000-\U000323af]+")
"""Runs of Chinese characters, and runs of other letters and digits."""
_BREAK = "\x1f"
"""Stands between two runs, so that no phrase goes over their border."""
_PINYIN_LENGTH = 8
"""Words that stand side by side are typed as one, up to so many characters."""


_SHORT = 40
"""Characters of texts that are kept in memory."""
_MOST_JOINED = 6
"""A known word consists of at most so many words."""
_FILLERS = frozenset(
    """
    的 了 在 是 我 你 有 和 与 及 或 等 个 哪 各 吗 呢 查 找 看 想 要 请 能 年
    请问 哪里 哪些 哪个 什么 怎么 怎样 如何
    多少 可以 是否 有没有 查询 查找 查看 想查 我想 我想查 想要
    我要 需要 关于 所有 全部 最近 几年 年度 情况 数据 信息 数据集
    a an the of in on at by for to and or from with where what which how can i find is are do does me show about
    data dataset datasets
    """.split()  # noqa: SIM905 - so many words are read more easily so
)
"""Words that make a sentence of what somebody looks for."""


def is_chinese(run: str) -> bool:
    """Whether a run consists of Chinese characters."""
    return run[0] >= "\u3400" or run[0] in "々〇"


@dataclass(frozen=True, slots=True)
class Terms:
    """What the index keeps of a text, each joined by spaces."""

    words: str
    pairs: str
    pinyin: str


def make_terms(text: str, is_spelled: bool) -> Terms:
    """What a text is found by. Short texts come again and again: columns, publishers, regions."""
    return _make_short_terms(text, is_spelled) if len(text) <= _SHORT else _make_terms(text, is_spelled)


def _make_terms(text: str, is_spelled: bool) -> Terms:
    pinyin = " ".join(dict.fromkeys(list_pinyin([text]))) if is_spelled else ""
    return Terms(" ".join(list_words(text)), join_pairs([text]), pinyin)


_make_short_terms = lru_cache(maxsize=50_000)(_make_terms)


@lru_cache(maxsize=16)
def list_runs(text: str) -> Sequence[str]:
    """The runs of a text, folded."""
    return _RUNS.findall(fold(text))


def list_words(text: str) -> Iterator[str]:
    """The words of a text: of a Chinese run also the words inside its words."""
    for run in list_runs(text):
        if is_chinese(run):
            yield from _cutter().cut_for_search(run)
        else:
            yield run


def list_coarse_words(text: str) -> Iterator[str]:
    """The words of a text without those inside others: what somebody means who types it."""
    for run in list_runs(text):
        if is_chinese(run):
            yield from _cutter().cut(run)
        else:
            yield run


def list_wanted(text: str, known: Collection[str]) -> Sequence[str]:
    """The words somebody looks for, without those that only make a sentence.

    Neighbours that are one known word, such as a synonym, stay together. A single character says little, so it belongs
    to the word beside it.
    """
    folded = fold(text)
    cut = [place for run in _RUNS.finditer(folded) for place in _cut_places(run[0], run.start())]
    places = _join_known(folded, cut, known)
    kept = [place for place in places if not _is_filler(folded, *place)] or places
    return list(dict.fromkeys(folded[start:end] for start, end in _join_single(folded, kept)))


def _is_filler(text: str, start: int, end: int) -> bool:
    """A letter before a Chinese word isn't an article: A级."""
    return text[start:end] in _FILLERS and not (text[start] <= "z" and is_chinese(text[end : end + 1] or "-"))


def _cut_places(run: str, start: int) -> Iterator[tuple[int, int]]:
    for word in _cutter().cut(run) if is_chinese(run) else [run]:
        yield start, start + len(word)
        start += len(word)


def _join_known(text: str, places: Sequence[tuple[int, int]], known: Collection[str]) -> Sequence[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    index = 0
    while index < len(places):
        ends = range(min(len(places), index + _MOST_JOINED), index, -1)
        last = next((end for end in ends if text[places[index][0] : places[end - 1][1]] in known), index + 1)
        joined.append((places[index][0], places[last - 1][1]))
        index = last
    return joined


def _join_single(text: str, places: Sequence[tuple[int, int]]) -> Sequence[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in places:
        before = joined[-1] if joined else (0, -1)
        is_beside = before[1] == start and is_chinese(text[before[0]]) and is_chinese(text[start])
        if is_beside and 1 in (end - start, before[1] - before[0]):
            joined[-1] = before[0], end
        else:
            joined.append((start, end))
    return joined


def join_pairs(texts: Iterable[str]) -> str:
    """All pairs of neighbouring Chinese characters, in order, and other runs whole.

    Any part of a Chinese text of two characters or more is a phrase of these. A run of one character is itself.
    """
    found: list[str] = []
    for text in texts:
        for run in list_runs(text):
            found.extend(cut_pairs(run))
            found.append(_BREAK)
    return " ".join(found)


def cut_pairs(run: str) -> Sequence[str]:
    """The pairs of one run."""
    if not is_chinese(run) or len(run) == 1:
        return (run,)
    return [run[place : place + 2] for place in range(len(run) - 1)]


def list_pinyin(texts: Iterable[str]) -> Iterator[str]:
    """How words are typed: `renkou` and `rk` for 人口, also for words side by side; Latin words as they are."""
    for text in texts:
        for run in list_runs(text):
            if is_chinese(run):
                for word in _cutter().cut_for_search(run):
                    if len(word) > 1:
                        yield from spell(word)
                for spelled in spell_neighbours(run):
                    yield from spelled
            elif run.isalpha():
                yield run


def spell_neighbours(run: str) -> Iterator[tuple[str, str]]:
    """The pinyin and the initials of each word of a Chinese run, alone and joined with those after it."""
    words = [(len(word), *spell(word)) for word in _cutter().cut(run)]
    for start in range(len(words)):
        total, whole, initials = 0, "", ""
        for length, pinyin, letters in words[start:]:
            total, whole, initials = total + length, whole + pinyin, initials + letters
            if total > _PINYIN_LENGTH:
                break
            if total > 1:
                yield whole, initials


@lru_cache(maxsize=200_000)
def spell(word: str) -> tuple[str, str]:
    """A Chinese word in pinyin without tones, and its initials."""
    from pypinyin import lazy_pinyin

    syllables = lazy_pinyin(word, v_to_u=False)
    return "".join(syllables), "".join(syllable[0] for syllable in syllables)


def spell_title(title: str) -> str:
    """What a title is sorted by: pinyin for Chinese, as in a dictionary."""
    from pypinyin import lazy_pinyin

    return " ".join(lazy_pinyin(fold(title), v_to_u=False))


@cache
def _cutter() -> Jieba:
    from rjieba import Jieba

    return Jieba()
