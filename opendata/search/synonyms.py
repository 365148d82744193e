"""Words that mean the same, from lists of a line each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from opendata.search.folding import fold


@cache
def load_synonyms() -> Mapping[str, Sequence[str]]:
    """The list that comes with the program."""
    with Path(__file__).with_name("synonyms.txt").open(encoding="utf-8") as file:
        return read_synonyms(file)


def read_synonyms(lines: Iterable[str]) -> Mapping[str, Sequence[str]]:
    """The other words of its line for each word. Words are separated by commas; `#` begins a comment."""
    found: dict[str, list[str]] = {}
    for line in lines:
        words = [fold(word.strip()) for word in line.partition("#")[0].replace("，", ",").split(",") if word.strip()]
        for word in words:
            known = found.setdefault(word, [])
            known.extend(other for other in words if other != word and other not in known)
    return found
