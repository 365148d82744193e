"""Numbers: doubles beside their exact text, or decimals where the field says how many digits they have.

Valid: `12.5`, `1e3`, `NaN`, `-INF`. Lax, and repaired: full-width digits. Wrong: `1,5` unless the field says so.
Source: Table Schema v2, `number`; XML Schema lexical forms.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Context, Decimal, InvalidOperation
from math import isfinite
from typing import TYPE_CHECKING, Any

from opendata.domain.findings import Problem
from opendata.domain.schema import Field
from opendata.tables.arrow.arrays import make_scalar
from opendata.tables.arrow.masks import blank_out, either, only
from opendata.tables.arrow.shapes import DIGITS, Matcher, find_lengths, leads_with_zero
from opendata.tables.notation.amounts import rewrite_magnitude, rewrite_sign
from opendata.tables.notation.chinese_numbers import rewrite_chinese_number
from opendata.tables.notation.numbers import find_unit, is_changed, unwrap_number
from opendata.tables.notation.spellings import ungroup
from opendata.tables.types.canonical import to_decimal, write_number
from opendata.tables.types.field_type import UNIT, Cast, FieldType, Mend, Note, Reads

if TYPE_CHECKING:
    import pyarrow as pa

DOUBLE_DIGITS = 15
"""A double keeps every number of up to this many digits."""

_DOUBLE_EXPONENT = 308
_DECIMAL128 = Context(prec=38, traps=[InvalidOperation])
_CERTAIN = Matcher(r"-?[0-9]+(\.[0-9]+)?", DIGITS)


class _Number(FieldType):
    is_native = is_rewritten = has_typed_keys = is_castable = True
    proposed = r"^-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?$"
    is_exact = False
    strict = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?|(?i:nan|-?inf)")

    def parse(self, text: str, field: Field) -> Any:
        return Decimal(self.unwrap(text.strip(), field))

    def unwrap(self, text: str, field: Field) -> str:
        text = unwrap_number(text, field)
        mark = field.descriptor.get("decimalChar", ".")
        if mark != ".":
            text = "" if "." in text else text.replace(mark, ".")
        return text

    def find_refusal(self, text: str, field: Field) -> Problem | None:
        return Problem("changed-number", "type") if is_changed(text, field) else None

    def find_note(self, value: Any, text: str, field: Field) -> Note | None:
        return Note(UNIT, find_unit(text, field)) if field.descriptor.get("bareNumber", True) is False else None

    def read_bound(self, bound: Any, field: Field) -> Any:
        if isinstance(bound, int | float) and not isinstance(bound, bool):
            return Decimal(str(bound))
        return super().read_bound(bound, field)

    def find_overflow(self, value: Any, field: Field) -> Problem | None:
        scale = field.own.get("scale")
        if scale is None:
            return None if _fits_double(to_decimal(value)) else Problem("double-too-large", "type")
        return Problem("decimal-too-long", "type", params={"scale": scale}) if rescale(value, scale) is None else None

    def write(self, value: Any) -> str:
        return write_number(value)

    def write_key(self, value: Any, source: str | None) -> str | None:
        number = to_decimal(value)
        return None if _is_kept(number) else _write_digits(number)

    def arrow_type(self, field: Field) -> pa.DataType:
        import pyarrow as pa

        scale = field.own.get("scale")
        return pa.float64() if scale is None else pa.decimal128(38, scale)

    def prepare(self, values: Sequence[Any], wanted: pa.DataType) -> Sequence[Any]:
        import pyarrow as pa

        if pa.types.is_floating(wanted):
            return [None if value is None else float(value) for value in values]
        return [None if value is None else rescale(value, wanted.scale) for value in values]

    def cast(self, text: pa.Array, wanted: pa.DataType) -> Cast:
        import pyarrow as pa
        import pyarrow.compute as pc

        doubt = _CERTAIN.find_others(text)
        if leads_with_zero(text):
            doubt = either(doubt, only(pc.match_substring_regex(text, r"^-?0[0-9]")))
        if pa.types.is_floating(wanted):
            return _cast_doubles(text, wanted, doubt)
        decimals = rf"-?[0-9]{{1,{38 - wanted.scale}}}(\.[0-9]{{1,{max(1, wanted.scale)}}})?"
        decimals = decimals if wanted.scale else "-?[0-9]{1,38}"
        doubt = either(doubt, Matcher(decimals, DIGITS).find_others(text))
        return Cast(pc.cast(blank_out(text, doubt), wanted), text, doubt)

    def is_usual(self, field: Field) -> bool:
        return field.own.get("scale") is None

    def choose_limit(self, bound: Any, field: Field) -> Any:
        if not self.is_usual(field) or not isinstance(bound, Decimal) or not bound.is_finite():
            return None
        # Cells are exact in a double up to 15 digits, so they compare as their decimals do with such a bound.
        return float(bound) if len(bound.as_tuple().digits) <= DOUBLE_DIGITS and abs(bound.adjusted()) < 300 else None

    def is_rounded(self, value: Any, source: str, field: Field) -> bool:
        return len(source) > DOUBLE_DIGITS and self.is_usual(field) and is_rounded(value)

    def list_mends(self, field: Field, reads: Reads) -> dict[str, Mend]:
        mends = {**super().list_mends(field, reads), "thousands-separators": ungroup(field)}
        mends |= {"sign": rewrite_sign, "magnitude": rewrite_magnitude, "chinese-number": rewrite_chinese_number}
        del mends["number-text"]  # zeros behind a point are digits of the value
        return mends


def _cast_doubles(text: pa.Array, wanted: pa.DataType, doubt: pa.Array | None) -> Cast:
    """Of a number with many digits it is certain that a double keeps them where it is written back the same."""
    import pyarrow as pa
    import pyarrow.compute as pc

    typed = pc.cast(blank_out(text, doubt), wanted)
    if find_lengths(text).max(initial=0) > DOUBLE_DIGITS:
        long = pc.greater(pc.binary_length(text), make_scalar(DOUBLE_DIGITS, pa.int32()))
        doubt = either(doubt, only(pc.and_(long, pc.not_equal(pc.cast(typed, pa.string()), text))))
    return Cast(typed, text, doubt)


def is_rounded(value: Decimal | float) -> bool:
    """Whether a double does not keep this number: it writes other digits than these."""
    number = to_decimal(value)
    if not number.is_finite() or len(number.as_tuple().digits) <= DOUBLE_DIGITS:
        return False
    return Decimal(repr(float(number))) != number


def rescale(value: Decimal | float, scale: int) -> Decimal | None:
    """A number with exactly `scale` decimals; None if it has more, or more than 38 digits."""
    number = to_decimal(value)
    try:
        rescaled = number.quantize(Decimal(1).scaleb(-scale), context=_DECIMAL128)
    except InvalidOperation:
        return None
    return rescaled if rescaled.is_finite() and rescaled == number else None


def _fits_double(number: Decimal) -> bool:
    if number.is_finite():
        return number.adjusted() < _DOUBLE_EXPONENT or isfinite(float(number))
    return not number.is_snan()


def _is_kept(number: Decimal) -> bool:
    """Whether a double is this very number."""
    if not number.is_finite():
        return True
    try:
        return Decimal(repr(float(number))) == number
    except OverflowError:
        return False


def _write_digits(number: Decimal) -> str:
    """One text for all numbers that are equal, of any size."""
    sign, digits, exponent = number.as_tuple()
    written = "".join(map(str, digits)).lstrip("0")
    kept = written.rstrip("0")
    return f"{sign} {kept} {int(exponent) + len(written) - len(kept)}"


NUMBER = _Number("number")
