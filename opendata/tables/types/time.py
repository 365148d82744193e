"""Times of day, with a zone or without.

Valid: `09:30:00`, `09:30:00Z`. Wrong: `9:30`; `24:00:00`, which isn't the beginning of a day.
Source: Table Schema v2, `time`; ISO 8601.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from opendata.domain.findings import Problem
from opendata.domain.schema import Field
from opendata.tables.types.datetime import is_cut
from opendata.tables.types.field_type import CUT, FieldType, Mend, Note, Reads

_END_OF_DAY = re.compile("24")


class _Time(FieldType):
    is_rewritten = True

    def find_laxity(self, text: str, field: Field) -> Problem | None:
        return Problem("end-of-day", "type") if _END_OF_DAY.match(text.strip()) else None

    def find_note(self, value: Any, text: str, field: Field) -> Note | None:
        return Note(CUT) if is_cut(text) else None

    def write_key(self, value: Any, source: str | None) -> str | None:
        offset = value.utcoffset()
        if offset is None:
            return str(value.isoformat())
        clock = timedelta(hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond)
        return f"{clock - offset}Z"

    def list_mends(self, field: Field, reads: Reads) -> dict[str, Mend]:
        mends = super().list_mends(field, reads)
        del mends["number-text"]  # a fraction of a second may be zero
        return mends


TIME = _Time("time")
