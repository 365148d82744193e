"""Constraints on whole columns: each a function that marks the cells of which it isn't certain that they keep it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from opendata.tables.arrow.arrays import make_scalar, make_texts
from opendata.tables.arrow.masks import either, only
from opendata.tables.arrow.shapes import Matcher, find_classes, find_lengths
from opendata.tables.check.cells import CellRule
from opendata.tables.types.number import DOUBLE_DIGITS

if TYPE_CHECKING:
    import pyarrow as pa

_LONGEST = 2**31 - 1

Check = Callable[["pa.Array", "pa.Array"], "pa.Array | None"]
"""Typed and text in, where a constraint may be broken out; None for nowhere."""


def _check_pattern(rule: CellRule, wanted: pa.DataType, bound: Any) -> Check | None:  # noqa: ARG001
    import pyarrow as pa

    if not rule.type.is_text:
        return None
    from opendata.tables.schema.engine import translate_pattern

    matcher = Matcher(translate_pattern(bound), find_classes(bound))
    try:
        matcher.find_others(make_texts([""]))
    except pa.ArrowInvalid:  # just too large for Arrow
        return None
    return lambda typed, text: matcher.find_others(text)  # noqa: ARG005


def _check_length(least: bool) -> Callable[[CellRule, pa.DataType, Any], Check | None]:
    def build(rule: CellRule, wanted: pa.DataType, bound: Any) -> Check | None:  # noqa: ARG001
        import pyarrow as pa
        import pyarrow.compute as pc

        if not rule.type.is_text:
            return None
        compare = pc.less if least else pc.greater

        def check(typed: pa.Array, text: pa.Array) -> pa.Array | None:  # noqa: ARG001
            lengths = find_lengths(text)  # a character has one to four bytes
            if least and not text.null_count and lengths.min(initial=bound * 4) >= bound * 4:
                return None
            if not least and lengths.max(initial=0) <= bound:
                return None
            return only(compare(pc.utf8_length(text), make_scalar(min(bound, _LONGEST), pa.int32())))

        return check

    return build


def _check_bound(compare: str) -> Callable[[CellRule, pa.DataType, Any], Check | None]:
    def build(rule: CellRule, wanted: pa.DataType, bound: Any) -> Check | None:
        import pyarrow.compute as pc

        limit = rule.type.choose_limit(rule.read_bound(bound), rule.field)
        if limit is None:
            return None
        within = getattr(pc, compare)
        scalar = make_scalar(limit, wanted)
        if rule.type.is_exact:
            return lambda typed, text: only(pc.invert(within(typed, scalar)))  # noqa: ARG005

        def check(typed: pa.Array, text: pa.Array) -> pa.Array | None:
            doubt = only(pc.invert(within(typed, scalar)))
            if find_lengths(text).max(initial=0) <= DOUBLE_DIGITS:
                return doubt
            return either(doubt, only(pc.equal(typed, scalar)))  # the double may stand for a decimal beside it

        return check

    return build


def _check_enum(rule: CellRule, wanted: pa.DataType, bound: Any) -> Check | None:  # noqa: ARG001
    import pyarrow.compute as pc

    if not all(type(item) is rule.type.enum_kind for item in bound):
        return None
    allowed = make_texts([str(item) for item in bound])

    def check(typed: pa.Array, text: pa.Array) -> pa.Array | None:  # noqa: ARG001
        outside = pc.invert(pc.is_in(text, value_set=allowed))
        return only(pc.and_(outside, text.is_valid()) if text.null_count else outside)

    return check


CHECKS: Mapping[str, Callable[[CellRule, Any, Any], Check | None]] = {
    "pattern": _check_pattern,
    "minLength": _check_length(least=True),
    "maxLength": _check_length(least=False),
    "minimum": _check_bound("greater_equal"),
    "maximum": _check_bound("less_equal"),
    "exclusiveMinimum": _check_bound("greater"),
    "exclusiveMaximum": _check_bound("less"),
    "enum": _check_enum,
}
"""By the name of a constraint: what makes its check of a rule, an Arrow type and a bound; None where none can."""
