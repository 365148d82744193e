"""Conditions on the rows of a table: a closed grammar in JSON, applied to whole columns.

A condition is `{"field": …, OPERATOR: …}` or `all`, `any`, `not` of conditions. It is true, false or, where a value it
compares is missing, unknown; unknown parts leave open only what depends on them (Kleene's logic, as in SQL). What may
be wrong with one: see `condition_faults`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from opendata.tables.arrow.arrays import make_texts, no_to_nulls, view_flags
from opendata.tables.arrow.quantities import (
    compare,
    compare_constant,
    encode_distinct,
    find_equal,
    find_known,
    read_constant,
    read_quantities,
)
from opendata.tables.arrow.shapes import Matcher, find_classes
from opendata.tables.schema.condition_faults import TEXTS

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_JOINS = {"all": " and ", "any": " or "}

Columns = Mapping[str, "pa.Array"]


class Truth(NamedTuple):
    """Row by row: whether a condition is certainly true, and whether it is certainly false."""

    yes: np.ndarray
    no: np.ndarray


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition ready to be applied: the fields it reads, its text as a formula, and its truth over columns."""

    fields: tuple[str, ...]
    text: str
    find: Callable[[Columns], Truth]


def build_condition(found: Mapping[str, Any], kinds: Mapping[str, str]) -> Condition:
    """A condition in which no fault was found."""
    if "field" in found:
        return _build_leaf(found, kinds)
    if "not" in found:
        inner = build_condition(found["not"], kinds)
        return Condition(inner.fields, f"not ({inner.text})", lambda columns: Truth(*reversed(inner.find(columns))))
    ((word, parts),) = found.items()
    built = [build_condition(part, kinds) for part in parts]
    if len(built) == 1:
        return built[0]
    text = _JOINS[word].join(f"({part.text})" for part in built)
    return Condition(_join_names(*(part.fields for part in built)), text, _build_join(word, built))


def build_rule(premise: Condition | None, demand: Condition) -> Condition:
    """That `demand` holds wherever `premise` does; without a premise in all rows. The demand's fields come first."""
    if premise is None:
        return demand
    given = premise

    def find(columns: Columns) -> Truth:
        first, then = given.find(columns), demand.find(columns)
        return Truth(first.no | then.yes, first.yes & then.no)

    return Condition(_join_names(demand.fields, given.fields), demand.text, find)


def _join_names(*names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for part in names for name in part))


def _build_join(word: str, parts: list[Condition]) -> Callable[[Columns], Truth]:
    def find(columns: Columns) -> Truth:
        import numpy as np

        found = [part.find(columns) for part in parts]
        both, either = np.logical_and.reduce, np.logical_or.reduce
        if word == "any":
            both, either = either, both
        return Truth(both([truth.yes for truth in found]), either([truth.no for truth in found]))

    return find


def _build_leaf(found: Mapping[str, Any], kinds: Mapping[str, str]) -> Condition:
    name = found["field"]
    ((word, operand),) = [item for item in found.items() if item[0] != "field"]
    if word == "is":
        return Condition((name,), f"“{name}” is {operand}", _build_presence(name, is_given=operand == "given"))
    if isinstance(operand, Mapping):
        other = operand["field"]
        test = _build_comparison(word, name, other, kinds)
        return Condition(_join_names([name], [other]), f"“{name}” {word} “{other}”", _settle(test, name, other))
    written = operand if word == "matches" else json.dumps(operand, ensure_ascii=False)
    return Condition((name,), f"“{name}” {word} {written}", _settle(_build_test(word, name, operand, kinds), name))


_Test = Callable[[Columns], "tuple[np.ndarray, np.ndarray | None]"]
"""Whether each row passes, and where its values can be read (None: wherever given); where not, the answer is any."""


def _build_presence(name: str, *, is_given: bool) -> Callable[[Columns], Truth]:
    def find(columns: Columns) -> Truth:
        known = find_known(columns[name])
        return Truth(known, ~known) if is_given else Truth(~known, known)

    return find


def _settle(test: _Test, *names: str) -> Callable[[Columns], Truth]:
    def find(columns: Columns) -> Truth:
        import numpy as np

        passes, readable = test(columns)
        known = np.logical_and.reduce([find_known(columns[name]) for name in names])
        if readable is not None:
            known = known & readable
        return Truth(passes & known, ~passes & known)

    return find


def _build_comparison(sign: str, name: str, other: str, kinds: Mapping[str, str]) -> _Test:
    if kinds[name] in TEXTS:
        return lambda columns: (_compare_texts(sign, columns[name], columns[other]), None)

    def test(columns: Columns) -> tuple[np.ndarray, np.ndarray | None]:
        left, right = (read_quantities(kinds[each], columns[each]) for each in (name, other))
        return compare(sign, left, right), left.known & right.known

    return test


def _build_test(word: str, name: str, operand: Any, kinds: Mapping[str, str]) -> _Test:
    kind = kinds[name]
    if word == "matches":
        match = _build_match(operand)
        return lambda columns: (match(columns[name]), None)
    if kind in TEXTS:
        items = make_texts(operand if word == "in" else [operand])
        if word == "in":
            return lambda columns: (_find_listed(columns[name], items), None)
        return lambda columns: (_compare_texts(word, columns[name], items[0]), None)
    bounds = [
        bound for value in (operand if word == "in" else [operand]) if (bound := read_constant(kind, value)) is not None
    ]

    def test(columns: Columns) -> tuple[np.ndarray, np.ndarray | None]:
        left = read_quantities(kind, columns[name])
        return find_equal(left, bounds) if word == "in" else compare_constant(word, left, bounds[0]), left.known

    return test


def _compare_texts(sign: str, left: pa.Array, right: pa.Array | pa.Scalar) -> np.ndarray:
    import pyarrow.compute as pc

    return view_flags(no_to_nulls(pc.equal(left, right) if sign == "=" else pc.not_equal(left, right)))


def _find_listed(column: pa.Array, items: pa.Array) -> np.ndarray:
    import pyarrow.compute as pc

    return view_flags(pc.is_in(column, value_set=items))


def _build_match(pattern: str) -> Callable[[pa.Array], np.ndarray]:
    """Which cells of a column match as a whole."""
    import pyarrow as pa

    from opendata.tables.schema.engine import compile_pattern, translate_pattern

    matcher = Matcher(translate_pattern(pattern), find_classes(pattern))
    try:
        matcher.find_others(make_texts([""]))
    except pa.ArrowInvalid:  # just too large for Arrow
        match_whole = compile_pattern(pattern).fullmatch
        return lambda column: _match_distinct(match_whole, column)

    def match(column: pa.Array) -> np.ndarray:
        import numpy as np

        others = matcher.find_others(column)
        return np.ones(len(column), bool) if others is None else ~view_flags(others)

    return match


def _match_distinct(match_whole: Callable[[str], object], column: pa.Array) -> np.ndarray:
    import numpy as np

    texts, places = encode_distinct(column)
    matches: np.ndarray = np.array([match_whole(text) is not None for text in texts] or [False])[places]
    return matches
