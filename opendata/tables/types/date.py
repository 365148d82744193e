"""Days of the calendar.

Valid: `2025-03-07`. Lax, and repaired: `2025-3-7`. Wrong: `2025-02-30`, `20250307`. Source: Table Schema v2, `date`.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from opendata.domain.schema import Field
from opendata.tables.arrow.arrays import make_scalar
from opendata.tables.arrow.masks import blank_out, either, only
from opendata.tables.arrow.shapes import DIGITS, Matcher
from opendata.tables.notation.moments import read_moment, read_serial, write_moment
from opendata.tables.types.field_type import Cast, FieldType, Mend, Reads

if TYPE_CHECKING:
    import pyarrow as pa

_CERTAIN = Matcher("[0-9]{4}-[0-9]{2}-[0-9]{2}", DIGITS)


class _Date(FieldType):
    is_native = is_rewritten = has_typed_keys = is_castable = True
    arrow = "date32"
    strict = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
    proposed = r"^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}$"

    def parse(self, text: str, field: Field) -> Any:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone

    def read_bound(self, bound: Any, field: Field) -> Any:
        return bound if isinstance(bound, date) else super().read_bound(bound, field)

    def write_key(self, value: Any, source: str | None) -> str | None:
        return None

    def cast(self, text: pa.Array, wanted: pa.DataType) -> Cast:
        import pyarrow as pa
        import pyarrow.compute as pc

        doubt = _CERTAIN.find_others(text)
        sure = blank_out(text, doubt)
        try:
            typed = pc.cast(sure, wanted)
        except pa.ArrowInvalid:  # a day that is none, such as the 30th of February: it comes back as another
            typed = pc.cast(pc.strptime(sure, format="%Y-%m-%d", unit="s", error_is_null=True), wanted)
            lost = pc.and_(typed.is_null(), sure.is_valid())
            doubt = either(doubt, only(pc.or_kleene(pc.not_equal(pc.cast(typed, pa.string()), sure), lost)))
        return Cast(typed, text, either(doubt, only(pc.less(typed, make_scalar(date.min, wanted)))))

    def choose_limit(self, bound: Any, field: Field) -> Any:
        return bound if isinstance(bound, date) else None

    def list_mends(self, field: Field, reads: Reads) -> dict[str, Mend]:
        return {
            **super().list_mends(field, reads),
            "date-form": lambda text: write_moment(field, read_moment(text, is_day=True)),
            "excel-date": lambda text: write_moment(field, read_serial(text, is_day=True)),
        }


DATE = _Date("date")
