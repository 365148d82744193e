"""A tree and what is known of a package → whether it is found: the slow way, which says what the fast one must find."""

from __future__ import annotations

import re
from collections.abc import Sequence

from opendata.exchange.ckan.analysis import ANY, ONE, Token, fold, is_chinese, list_tokens, list_wanted
from opendata.exchange.ckan.facts import Facts
from opendata.exchange.ckan.fields import ALL, Kind, kind_of
from opendata.exchange.ckan.tree import (
    Alike,
    Between,
    Both,
    Either,
    Everything,
    Exists,
    Match,
    Node,
    Not,
    Together,
    Within,
)


def fits(node: Node, facts: Facts) -> bool:
    """Whether a package is found."""
    match node:
        case Everything():
            return True
        case Not(node=inner):
            return not fits(inner, facts)
        case Both(nodes=nodes):
            return all(fits(item, facts) for item in nodes)
        case Either(nodes=nodes):
            return any(fits(item, facts) for item in nodes)
        case Exists(field=field):
            return _exists(field, facts)
        case Within(field=field, low=low, high=high):
            number = facts.numbers[field]
            return (low is None or low <= number) and (high is None or number <= high)
        case Between():
            return any(_is_between(value, node) for value in _list_values(node.field, facts))
        case Match(field=field, pattern=pattern):
            return _matches(field, pattern, facts)
        case Alike(field=field, token=token, edits=edits):
            return any(_count_edits(token, value, edits) <= edits for value in _list_values(field, facts))
        case Together(field=field, pattern=pattern):
            tokens = _list_values(field, facts)
            return all(any(item.fits(token) for token in tokens) for item in list_wanted(pattern))


def is_inner(pattern: str) -> bool:
    """Whether a word has `*` or `?` elsewhere than at an end of Chinese, or at the end."""
    return ONE in pattern or ANY in trim(pattern)


def trim(pattern: str) -> str:
    """A word without the `*` that says nothing, or that `list_wanted` reads: at its end, and before Chinese."""
    bare = pattern[:-1] if pattern.endswith(ANY) else pattern
    return bare[1:] if len(bare) > 1 and bare[0] == ANY and is_chinese(bare[1]) else bare


def _exists(field: str, facts: Facts) -> bool:
    if kind_of(field) in (Kind.MOMENT, Kind.NUMBER):
        return field in facts.numbers
    return bool(facts.words.get(field) if kind_of(field) is Kind.WORDS else facts.exact.get(field))


def _list_values(field: str, facts: Facts) -> Sequence[str]:
    """The values of a field, or the tokens of its texts."""
    if kind_of(field) is Kind.WORDS:
        return [token for text in facts.words.get(field, ()) for token in list_tokens(text)]
    return facts.exact.get(field, ())


def _is_between(value: str, node: Between) -> bool:
    low = None if node.low is None else fold(node.low)
    high = None if node.high is None else fold(node.high)
    above = low is None or value > low or (node.with_low and value == low)
    below = high is None or value < high or (node.with_high and value == high)
    return above and below


def _matches(field: str, pattern: str, facts: Facts) -> bool:
    if kind_of(field) is Kind.EXACT:
        return _has_value(pattern, facts.exact.get(field, ()))
    if is_inner(pattern):
        return _has_value(pattern, _list_values(field or ALL, facts))
    wanted = list_wanted(pattern)
    return any(_has_phrase(list(list_tokens(text)), wanted) for text in facts.words.get(field, ()))


def _has_value(pattern: str, values: Sequence[str]) -> bool:
    marks = {ANY: ".*", ONE: "."}
    shape = "".join(marks.get(letter) or re.escape(letter) for letter in fold(pattern))
    return any(re.fullmatch(shape, value, re.DOTALL) for value in values)


def _has_phrase(tokens: Sequence[str], wanted: Sequence[Token]) -> bool:
    for start in range(len(tokens) - len(wanted) + 1):
        if all(item.fits(token) for item, token in zip(wanted, tokens[start:], strict=False)):
            return True
    return False


def _count_edits(first: str, second: str, most: int) -> int:
    """How many letters are to be put in, taken out, changed or swapped with the next to make one of the other."""
    if abs(len(first) - len(second)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(second) + 1))
    for number, letter in enumerate(first, start=1):
        earlier, before, row = before, row, [number]
        for place, other in enumerate(second, start=1):
            cost = min(row[place - 1] + 1, before[place] + 1, before[place - 1] + (letter != other))
            if number > 1 and place > 1 and (first[number - 2], letter) == (other, second[place - 2]):
                cost = min(cost, earlier[place - 2] + 1)
            row.append(cost)
    return row[-1]
