"""Values with parts: lists, arrays, objects, places, durations. They are kept as the texts they came as.

Valid: `a,b`; `[1, 2]`; `{"a": 1}`; `120.15, 30.28`; `P1D`, `PT30M`. Lax: `PT`. Source: Table Schema v2; ISO 8601.
"""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

from opendata.domain.findings import Problem
from opendata.domain.schema import Field
from opendata.tables.notation.spellings import narrow
from opendata.tables.types.field_type import FieldType, Mend, Reads

_LETTER_AT_END = re.compile(r"[PT]$")


class _Structured(FieldType):
    def list_mends(self, field: Field, reads: Reads) -> dict[str, Mend]:
        mends = super().list_mends(field, reads)
        del mends["number-text"]  # zeros behind a point may belong to the value
        return mends


class _Nested(_Structured):
    def list_mends(self, field: Field, reads: Reads) -> dict[str, Mend]:
        mends = super().list_mends(field, reads)
        del mends["full-width"]  # texts within it may be right in full width
        return mends


class _List(_Structured):
    def list_mends(self, field: Field, reads: Reads) -> dict[str, Mend]:
        return {**super().list_mends(field, reads), "full-width": narrow}


class _Duration(_Structured):
    def find_laxity(self, text: str, field: Field) -> Problem | None:
        return self.lax if _LETTER_AT_END.search(text) else None

    def write_key(self, value: Any, source: str | None) -> str | None:
        if isinstance(value, timedelta):
            return str(value.total_seconds())
        return f"{value.years * 12 + value.months} {value.tdelta.total_seconds()}"


class _Geopoint(_Structured):
    def write_key(self, value: Any, source: str | None) -> str | None:
        return ",".join(str(Decimal(part).normalize()) for part in value)


ARRAY = _Nested("array")
OBJECT = _Nested("object")
GEOJSON = _Nested("geojson")
LIST = _List("list")
DURATION = _Duration("duration")
GEOPOINT = _Geopoint("geopoint")
