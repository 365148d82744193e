"""Whole numbers.

Valid: `12`, `-7`, `+7`. Lax, and repaired: full-width digits. Wrong: `1.0`, `1 200`, what doesn't fit 64 bits.
Source: Table Schema v2, `integer`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from opendata.domain.findings import Problem
from opendata.domain.schema import Field
from opendata.tables.arrow.masks import blank_out
from opendata.tables.arrow.shapes import DIGITS, Matcher, find_lengths, is_of_bytes, leads_with_zero
from opendata.tables.notation.amounts import rewrite_magnitude, rewrite_sign
from opendata.tables.notation.chinese_numbers import rewrite_chinese_number
from opendata.tables.notation.numbers import find_unit, is_changed, unwrap_number
from opendata.tables.notation.spellings import ungroup
from opendata.tables.types.field_type import UNIT, Cast, FieldType, Mend, Note, Reads

if TYPE_CHECKING:
    import pyarrow as pa

INT64 = (-(2**63), 2**63 - 1)
_CERTAIN = Matcher("[+-]?[0-9]{1,18}", DIGITS)


class _Integer(FieldType):
    is_native = is_rewritten = has_typed_keys = is_castable = True
    arrow = "int64"
    proposed = r"^(0|-?[1-9][0-9]{0,14})$"
    enum_kind = int
    strict = re.compile(r"[+-]?[0-9]+")

    def parse(self, text: str, field: Field) -> Any:
        return int(self.unwrap(text.strip(), field))

    def unwrap(self, text: str, field: Field) -> str:
        return unwrap_number(text, field)

    def find_refusal(self, text: str, field: Field) -> Problem | None:
        return Problem("changed-number", "type") if is_changed(text, field) else None

    def find_note(self, value: Any, text: str, field: Field) -> Note | None:
        return Note(UNIT, find_unit(text, field)) if field.descriptor.get("bareNumber", True) is False else None

    def read_bound(self, bound: Any, field: Field) -> Any:
        if isinstance(bound, float):
            return int(bound) if bound.is_integer() else None
        return bound if type(bound) is int else super().read_bound(bound, field)

    def find_overflow(self, value: Any, field: Field) -> Problem | None:
        return None if INT64[0] <= value <= INT64[1] else Problem("integer-too-large", "type")

    def write_key(self, value: Any, source: str | None) -> str | None:
        return None if INT64[0] <= value <= INT64[1] else str(value)

    def cast(self, text: pa.Array, wanted: pa.DataType) -> Cast:
        import pyarrow as pa
        import pyarrow.compute as pc

        doubt = None
        lengths = find_lengths(text)
        if not is_of_bytes(text, 48, 57) or lengths.max(initial=0) > 18 or lengths.min(initial=1) < 1:
            doubt = _CERTAIN.find_others(text)
            text = blank_out(text, doubt)
        rewritten = leads_with_zero(text)
        if not is_of_bytes(text, 45, 57):
            text = pc.utf8_ltrim(text, "+")
            rewritten = True
        typed = pc.cast(text, wanted)
        return Cast(typed, pc.cast(typed, pa.string()) if rewritten else text, doubt)

    def choose_limit(self, bound: Any, field: Field) -> Any:
        return bound if isinstance(bound, int) and INT64[0] <= bound <= INT64[1] else None

    def list_mends(self, field: Field, reads: Reads) -> dict[str, Mend]:
        mends = super().list_mends(field, reads)
        return {
            **mends,
            "thousands-separators": ungroup(field),
            "sign": rewrite_sign,
            "magnitude": rewrite_magnitude,
            "chinese-number": rewrite_chinese_number,
        }


INTEGER = _Integer("integer")
