"""The checks of whole rows that a schema declares in its `opendata.checks`, built to be applied to typed columns.

What each type requires, with its properties: docs/reference/checks.md. `find_check_faults` comes first, always.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from opendata.domain.findings import Problem, shorten_param
from opendata.tables.arrow.arrays import make_text, make_texts, view_numbers
from opendata.tables.arrow.quantities import compare, find_known, read_constant, read_quantities
from opendata.tables.check.rules.check_digits import (
    find_wrong_credit_codes,
    find_wrong_luhn_numbers,
    find_wrong_resident_numbers,
)
from opendata.tables.check.rules.conditions import build_condition, build_rule
from opendata.tables.check.rules.sums import find_wrong_sums
from opendata.tables.schema.check_faults import DEFAULT_STRENGTHS, find_check_faults, list_kinds

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

__all__ = ["RowCheck", "build_checks", "find_check_faults"]

_FIRST_DAY, _LAST_DAY = "0001-01-01", "9999-12-31"
_DAY_0 = date(1970, 1, 1).toordinal()
_DAY_BITS = 22

Columns = Mapping[str, "pa.Array"]
Find = Callable[[Columns], "tuple[np.ndarray, np.ndarray]"]
"""Two flags a row: whether it breaks the check, if that can be known, and whether it can."""


@dataclass(frozen=True, slots=True)
class RowCheck:
    """One check of a schema. `fields` are those it reads, `problem` is what is wrong with a row that breaks it."""

    type: str
    fields: tuple[str, ...]
    problem: Problem
    _find: Find

    @property
    def field(self) -> str:
        """The field whose cell is to blame."""
        return self.fields[0]

    def find_broken(self, columns: Columns) -> pa.BooleanArray:
        """The rows of one batch that break the check, without nulls; `columns` holds at least its fields, typed.

        The text of years, months and times is canonical (any other text breaks nothing).
        """
        import numpy as np
        import pyarrow as pa

        count = len(columns[self.field])
        if count == 0:
            return pa.nulls(0, pa.bool_())
        broken, known = self._find(columns)
        bits = np.packbits(broken & known, bitorder="little").tobytes()
        return pa.BooleanArray.from_buffers(pa.bool_(), count, [None, pa.py_buffer(bits)])


def build_checks(descriptor: Mapping[str, Any]) -> list[RowCheck]:
    """The checks of a schema in which `find_check_faults` found nothing, in order."""
    kinds = list_kinds(descriptor)
    built = []
    for found in (descriptor.get("opendata") or {}).get("checks") or ():
        fields, code, params, find = _BUILDERS[found["type"]](found, kinds)
        strength = found.get("strength", DEFAULT_STRENGTHS[found["type"]])
        shown = {name: shorten_param(value) for name, value in params.items()}
        problem = Problem(code, found["name"], strength, shown)
        built.append(RowCheck(found["type"], fields, problem, find))
    return built


_Built = tuple[tuple[str, ...], str, Mapping[str, Any], Find]
"""The fields read, the code of what is found and its parameters, and what finds it."""


def _build_digits(found: Mapping[str, Any], kinds: Mapping[str, str]) -> _Built:
    name, find_wrong = found["field"], _FIND_WRONG[found["type"]]

    def find(columns: Columns) -> tuple[np.ndarray, np.ndarray]:
        return find_wrong(_write_texts(kinds[name], columns[name])), find_known(columns[name])

    return (name,), f"{found['type']}-check", {}, find


def _build_order(found: Mapping[str, Any], kinds: Mapping[str, str]) -> _Built:
    names, strict = tuple(found["fields"]), found.get("strict", False)

    def find(columns: Columns) -> tuple[np.ndarray, np.ndarray]:
        import numpy as np

        dates = [read_quantities(kinds[name], columns[name]) for name in names]
        sign = ">=" if strict else ">"
        broken = [compare(sign, earlier, later) for earlier, later in pairwise(dates)]
        return np.logical_or.reduce(broken), np.logical_and.reduce([each.known for each in dates])

    return names, "strict-order-check" if strict else "order-check", {"fields": list(names)}, find


def _build_sum(found: Mapping[str, Any], kinds: Mapping[str, str]) -> _Built:
    names, has_zeros = (found["field"], *found["fields"]), found.get("nulls") == "zero"
    tolerance = read_constant("number", found.get("tolerance", 0))
    assert tolerance is not None  # noqa: S101 - told by `find_check_faults`

    def find(columns: Columns) -> tuple[np.ndarray, np.ndarray]:
        import numpy as np

        total, *parts = [read_quantities(kinds[name], columns[name]) for name in names]
        if has_zeros:
            parts = [
                part._replace(values=np.where(part.known, part.values, 0), known=np.ones_like(part.known))
                for part in parts
            ]
        known = np.logical_and.reduce([each.known for each in (total, *parts)])
        return find_wrong_sums(total, parts, tolerance), known

    params = {"field": names[0], "fields": list(names[1:])}
    if tolerance:
        return names, "near-sum-check", {**params, "tolerance": found["tolerance"]}, find
    return names, "sum-check", params, find


def _build_codes(found: Mapping[str, Any], kinds: Mapping[str, str]) -> _Built:
    name, on = found["field"], found.get("on")
    validity = _Validity(found["codes"])
    if on is None:
        day = _number_day(found["date"])

    def find(columns: Columns) -> tuple[np.ndarray, np.ndarray]:
        import numpy as np

        texts, known = _write_texts(kinds[name], columns[name]), find_known(columns[name])
        if on is None:
            days = np.full(len(texts), day, np.int64)
        else:
            days = view_numbers(columns[on]).astype(np.int64) + _DAY_0
            known = known & find_known(columns[on])
        return ~validity.find_valid(texts, days), known

    if on is None:
        return (name,), "codes-check", {"day": found["date"]}, find
    return (name, on), "codes-on-check", {"field": on}, find


def _build_rule(found: Mapping[str, Any], kinds: Mapping[str, str]) -> _Built:
    demand = build_condition(found["then"], kinds)
    premise = build_condition(found["if"], kinds) if "if" in found else None
    rule = build_rule(premise, demand)

    def find(columns: Columns) -> tuple[np.ndarray, np.ndarray]:
        truth = rule.find(columns)
        return truth.no, ~truth.yes

    if premise is None:
        return rule.fields, "condition-check", {"demand": demand.text}, find
    return rule.fields, "conditional-check", {"premise": premise.text, "demand": demand.text}, find


class _Validity:
    """On which days codes are valid: for each code its spans of days, joined where they overlap."""

    def __init__(self, codes: Sequence[Mapping[str, Any]]) -> None:
        spans: dict[str, list[tuple[int, int]]] = {}
        for code in codes:
            first, last = _number_day(code.get("from") or _FIRST_DAY), _number_day(code.get("to") or _LAST_DAY)
            spans.setdefault(str(code["value"]), []).append((first, last))
        self._codes = make_texts(list(spans))
        # one ascending line of keys: a code's place, then the day
        keys = [
            (place << _DAY_BITS | first, place << _DAY_BITS | last)
            for place, found in enumerate(spans.values())
            for first, last in _join_spans(found)
        ]
        self._firsts, self._lasts = [first for first, _ in keys], [last for _, last in keys]

    def find_valid(self, texts: pa.Array, days: np.ndarray) -> np.ndarray:
        """Which texts are a code that is valid on the row's day (1 is 0001-01-01; null: any answer)."""
        import numpy as np
        import pyarrow.compute as pc

        places = pc.index_in(texts, value_set=self._codes)
        listed = find_known(places)
        keys = np.where(listed, view_numbers(places), 0).astype(np.int64) << _DAY_BITS | days
        nearest = np.searchsorted(np.array(self._firsts, np.int64), keys, "right") - 1
        valid: np.ndarray = listed & (nearest >= 0) & (keys <= np.array(self._lasts, np.int64)[nearest])
        return valid


def _join_spans(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined


def _number_day(text: str) -> int:
    return date.fromisoformat(text).toordinal()


def _write_texts(kind: str, column: pa.Array) -> pa.Array:
    """A column of texts or whole numbers as text, nulls as the empty one."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = column.cast(pa.string()) if kind == "integer" else column
    return pc.fill_null(texts, make_text("")) if texts.null_count else texts


_FIND_WRONG: Mapping[str, Callable[[pa.Array], np.ndarray]] = {
    "uscc": find_wrong_credit_codes,
    "resident-id": find_wrong_resident_numbers,
    "luhn": find_wrong_luhn_numbers,
}

_BUILDERS: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, str]], _Built]] = {
    "uscc": _build_digits,
    "resident-id": _build_digits,
    "luhn": _build_digits,
    "date-order": _build_order,
    "sum": _build_sum,
    "code-list": _build_codes,
    "condition": _build_rule,
}
