"""Moments: a day and a time of day, with a zone or without.

Valid: `2025-03-07T09:30:00`, with a space for the T, with a fraction, with `Z` or `+08:00`. Wrong: without seconds.
Source: Table Schema v2, `datetime`; ISO 8601.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from opendata.domain.findings import Problem
from opendata.domain.schema import Field
from opendata.tables.arrow.arrays import make_text
from opendata.tables.arrow.masks import blank_out, either, only
from opendata.tables.arrow.shapes import DIGITS, Matcher, is_of_bytes
from opendata.tables.types.field_type import Cast, FieldType, Mend, Reads
from opendata.tables.types.moments import read_moment, read_serial, write_moment

if TYPE_CHECKING:
    import pyarrow as pa

_CERTAIN = Matcher("[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}", DIGITS)


class _Datetime(FieldType):
    is_native = is_rewritten = has_typed_keys = is_castable = True
    arrow = "timestamp[us]"
    proposed = r"^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$"

    def parse(self, text: str, field: Field) -> Any:
        """ISO 8601 with seconds, with or without fractions and zone; any one character between day and time."""
        from dateutil.parser import isoparse

        return isoparse(text) if len(text) >= 19 and text[16] == ":" else None

    def read_bound(self, bound: Any, field: Field) -> Any:
        return bound if isinstance(bound, date) else super().read_bound(bound, field)

    def find_overflow(self, value: Any, field: Field) -> Problem | None:
        try:
            value.astimezone(UTC) if value.tzinfo is not None else value
        except OverflowError:
            return Problem("moment-without-utc", "type")
        return None

    def write_key(self, value: Any, source: str | None) -> str | None:
        return "Z" if value.tzinfo is not None else None

    def prepare(self, values: Sequence[datetime | None], wanted: pa.DataType) -> Sequence[Any]:
        return [value.astimezone(UTC).replace(tzinfo=None) if value and value.tzinfo else value for value in values]

    def cast(self, text: pa.Array, wanted: pa.DataType) -> Cast:
        import pyarrow as pa
        import pyarrow.compute as pc

        doubt = _CERTAIN.find_others(text)
        sure = blank_out(text, doubt)
        spaced = 0
        if not is_of_bytes(sure, 0x21, 0x7F):
            spaced = pc.sum(pc.count_substring(sure, " ")).as_py() or 0
            text = sure = pc.replace_substring(sure, " ", "T")
        early = only(pc.less(sure, make_text("0001")))
        doubt, sure = either(doubt, early), blank_out(sure, early)
        try:
            typed = pc.cast(sure, wanted)
        except pa.ArrowInvalid:
            found = pc.strptime(sure, format="%Y-%m-%dT%H:%M:%S", unit="s", error_is_null=True)
            lost = pc.and_(found.is_null(), sure.is_valid())
            back = pc.replace_substring(pc.cast(found, pa.string()), " ", "T")
            doubt = either(doubt, only(pc.or_kleene(pc.not_equal(back, sure), lost)))
            typed = pc.cast(found, wanted)
        return Cast(typed, text, doubt, spaced)

    def list_mends(self, field: Field, reads: Reads) -> dict[str, Mend]:
        return {
            **super().list_mends(field, reads),
            "date-form": lambda text: write_moment(field, read_moment(text, is_day=False)),
            "excel-date": lambda text: write_moment(field, read_serial(text, is_day=False)),
        }


DATETIME = _Datetime("datetime")
