"""The judged queries: which datasets of the catalogue answer each, from 3 (exactly) to 1 (marginally).

A query says what an exact answer is about. From that the rules give:

- 3: subject (or office, column, label), region and year all fit
- 2: the subject fits, and the region or one that it is part of or that is part of it; the year differs
- 1: the subject fits

Grades by hand are for what is near without being about it; the better of both counts. Someone who asks in English
can't read datasets that are Chinese only: those are marginal.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from tests.search.judged.catalogue import FOLDER, REGIONS, Entry, list_entries, write_traditional

Needs = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Query:
    """One judged query; `grades` is empty if nothing answers it."""

    kind: str
    text: str
    grades: Mapping[str, int]

    @property
    def half(self) -> str:
        """`tuned` for the half that weights may be chosen by, `unseen` for the other."""
        return "tuned" if hashlib.sha256(self.text.encode()).digest()[0] % 2 else "unseen"


@cache
def list_queries() -> Sequence[Query]:
    """Every query of `queries.txt` with its grades."""
    found = []
    for line in (FOLDER / "queries.txt").read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        kind, text, exact, by_hand = (part.strip() for part in line.split("|"))
        found.append(Query(kind, text, {} if exact == "none" else _grade_all(kind, exact, by_hand)))
    return found


def score(found: Sequence[str], query: Query, depth: int = 10) -> float:
    """nDCG of an answer, with gains 7, 3 and 1 of the grades 3, 2 and 1."""
    best = _sum_gains(sorted(query.grades.values(), reverse=True)[:depth])
    return _sum_gains([query.grades.get(name, 0) for name in found[:depth]]) / best


def score_all(find: Callable[[str], Sequence[str]], queries: Sequence[Query]) -> Mapping[str, float]:
    """The nDCG of each query that has an answer, by its text. `find` gives the ids of datasets, best first."""
    return {query.text: score(find(query.text), query) for query in queries if query.grades}


def _sum_gains(grades: Sequence[int]) -> float:
    return sum((2**grade - 1) / math.log2(place + 2) for place, grade in enumerate(grades))


def _grade_all(kind: str, exact: str, by_hand: str) -> Mapping[str, int]:
    needs = _read_needs(exact)
    others = [(int(grade), _read_needs(rest)) for grade, _, rest in (part.partition(":") for part in _parts(by_hand))]
    grades = {}
    for entry in list_entries():
        grade = max([_grade(entry, needs), *(given for given, rest in others if _grade(entry, rest) == 3)])
        if kind == "english" and not entry.is_english:
            grade = min(grade, 1)
        if grade:
            grades[entry.id] = grade
    return grades


def _grade(entry: Entry, needs: Needs) -> int:
    if not all(_is_about(entry, key, needs[key]) for key in ("s", "d", "c", "l") if key in needs):
        return 0
    regions = needs.get("r", frozenset())
    is_year = "y" not in needs or bool(needs["y"] & {str(year) for year in entry.years})
    if not regions or entry.region in regions:
        return 3 if is_year else 2 if regions else 1
    return 2 if any(_are_kin(entry.region, region) for region in regions) else 1


def _is_about(entry: Entry, key: str, wanted: frozenset[str]) -> bool:
    match key:
        case "s":
            return entry.subject in wanted
        case "d":
            return entry.department in wanted
        case _:
            texts = set(entry.texts["columns" if key == "c" else "labels"])
            return any(text in texts or write_traditional(text) in texts for text in wanted)


def _are_kin(one: str, other: str) -> bool:
    return other in _list_parents(one) or one in _list_parents(other)


def _list_parents(region: str) -> Sequence[str]:
    parent = REGIONS[region].parent if region else ""
    return [parent, *_list_parents(parent)] if parent else []


def _read_needs(text: str) -> Needs:
    pairs = (part.split("=") for part in text.split())
    return {key: frozenset(values.split(",")) for key, values in pairs}


def _parts(text: str) -> Sequence[str]:
    return [part.strip() for part in text.split(";") if part.strip()]
