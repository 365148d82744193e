"""A text → the words it is found by: Chinese cut into words and into pairs of characters, pinyin, Latin words.

A text's words are joined by blanks: the index cuts there, and takes the stems of English words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
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


def is_chinese(run: str) -> bool:
    """Whether a run consists of Chinese characters."""
    return run[0] >= "\u3400" or run[0] in "々〇"


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
                for joined in join_neighbours(_cutter().cut(run)):
                    if len(joined) > 1:
                        yield from spell(joined)
            else:
                yield run


def join_neighbours(words: Sequence[str]) -> Iterator[str]:
    """Each word, and the words that begin with it, joined."""
    for start in range(len(words)):
        joined = ""
        for word in words[start:]:
            joined += word
            if len(joined) > _PINYIN_LENGTH:
                break
            yield joined


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
