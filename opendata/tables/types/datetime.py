"""Moments: a day and a time of day, with a zone or without.

Valid: `2025-03-07T09:30:00`, with a space for the T, with a fraction, with `Z` or `+08:00`. Wrong: without seconds.
Moments with a zone are instants: they are kept, and written, in UTC. A column has either instants or local times; its
field says which (`"opendata": {"zone": "UTC"}` or `"local"`), or the file does.
Source: Table Schema v2, `datetime`; ISO 8601.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from opendata.domain.findings import Problem
from opendata.domain.schema import Field
from opendata.tables.arrow.arrays import make_text
from opendata.tables.arrow.masks import blank_out, either, only
from opendata.tables.arrow.shapes import DIGITS, Matcher, is_of_bytes
from opendata.tables.notation.moments import read_moment, read_serial, write_moment
from opendata.tables.types.canonical import write_column
from opendata.tables.types.field_type import CUT, ZONE, Cast, FieldType, Mend, Note, Reads

if TYPE_CHECKING:
    import pyarrow as pa

UTC_ZONE = "UTC"
"""What a field says whose moments are instants."""

LOCAL_ZONE = "local"
"""What a field says whose moments have no zone."""

ZONES = (UTC_ZONE, LOCAL_ZONE)

_CLOCK = "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}"
_CERTAIN = Matcher(_CLOCK, DIGITS)
_CERTAIN_INSTANT = Matcher(_CLOCK + "(Z|[+-](0[0-9]|1[0-4]):?[0-5][0-9])", DIGITS)
_FRACTION = re.compile(r"[.,]([0-9]{6})([0-9]+)")


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
        zone = field.own.get("zone")
        if zone is not None and (value.tzinfo is not None) != (zone == UTC_ZONE):
            return Problem("moment-without-zone" if zone == UTC_ZONE else "moment-with-zone", "type")
        try:
            value.astimezone(UTC) if value.tzinfo is not None else value
        except OverflowError:
            return Problem("moment-without-utc", "type")
        return None

    def find_note(self, value: Any, text: str, field: Field) -> Note | None:
        if value.tzinfo is not None and "zone" not in field.own:
            return Note(ZONE)
        return Note(CUT) if is_cut(text) else None

    def write_key(self, value: Any, source: str | None) -> str | None:
        return None

    def arrow_type(self, field: Field) -> pa.DataType:
        import pyarrow as pa

        return pa.timestamp("us", UTC_ZONE if field.own.get("zone") == UTC_ZONE else None)

    def is_usual(self, field: Field) -> bool:
        return field.own.get("zone") != UTC_ZONE

    def prepare(self, values: Sequence[datetime | None], wanted: pa.DataType) -> Sequence[Any]:
        return [value.astimezone(UTC).replace(tzinfo=None) if value and value.tzinfo else value for value in values]

    def cast(self, text: pa.Array, wanted: pa.DataType) -> Cast:
        import pyarrow.compute as pc

        doubt = (_CERTAIN if wanted.tz is None else _CERTAIN_INSTANT).find_others(text)
        sure = blank_out(text, doubt)
        spaced = 0
        if not is_of_bytes(sure, 0x21, 0x7F):
            spaced = pc.sum(pc.count_substring(sure, " ")).as_py() or 0
            text = sure = pc.replace_substring(sure, " ", "T")
        early = only(pc.less(sure, make_text("0001-01-02")))
        doubt, sure = either(doubt, early), blank_out(sure, early)
        if wanted.tz is not None:
            return _cast_instants(sure, wanted, doubt, spaced)
        return _cast_local(text, sure, wanted, doubt, spaced)

    def list_mends(self, field: Field, reads: Reads) -> dict[str, Mend]:
        return {
            **super().list_mends(field, reads),
            "date-form": lambda text: write_moment(field, read_moment(text, is_day=False)),
            "excel-date": lambda text: write_moment(field, read_serial(text, is_day=False)),
        }


def _cast_local(text: pa.Array, sure: pa.Array, wanted: pa.DataType, doubt: pa.Array | None, spaced: int) -> Cast:
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        typed = pc.cast(sure, wanted)
    except pa.ArrowInvalid:
        found = pc.strptime(sure, format="%Y-%m-%dT%H:%M:%S", unit="s", error_is_null=True)
        lost = pc.and_(found.is_null(), sure.is_valid())
        back = pc.replace_substring(pc.cast(found, pa.string()), " ", "T")
        doubt = either(doubt, only(pc.or_kleene(pc.not_equal(back, sure), lost)))
        typed = pc.cast(found, wanted)
    return Cast(typed, text, doubt, spaced)


def _cast_instants(sure: pa.Array, wanted: pa.DataType, doubt: pa.Array | None, spaced: int) -> Cast:
    """Moments with a zone; all of a batch are doubtful where one of them isn't a moment."""
    import pyarrow as pa
    import pyarrow.compute as pc

    late = only(pc.greater_equal(sure, make_text("9999-12-31")))
    doubt, sure = either(doubt, late), blank_out(sure, late)
    try:
        typed = pc.cast(sure, wanted)
    except pa.ArrowInvalid:
        return Cast(
            pa.nulls(len(sure), wanted), pa.nulls(len(sure), pa.string()), either(doubt, sure.is_valid()), spaced
        )
    return Cast(typed, write_column(typed), doubt, spaced)


def is_cut(text: str) -> bool:
    """Whether a text has digits of a second beyond the sixth, which aren't all zero."""
    found = _FRACTION.search(text)
    return bool(found) and bool(found[2].strip("0")) if found else False


DATETIME = _Datetime("datetime")
