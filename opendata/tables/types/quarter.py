"""Quarters of a year, as 2025-Q3."""

from __future__ import annotations

import re
from typing import Any

from opendata.tables.types.field_type import Field, FieldType, Mend, Reads

_CHINESE = re.compile(r"([0-9]{4}) ?年 ?第?([1-4一二三四]) ?季度")
_DIGITS = str.maketrans("一二三四", "1234")


class _Quarter(FieldType):
    is_native = is_own = True
    strict = re.compile(r"[0-9]{4}-Q[1-4]")

    def parse(self, text: str, field: Field) -> Any:
        year, quarter = text.upper().split("-Q")
        return (int(year), int(quarter)) if 1 <= int(quarter) <= 4 else None

    def write_key(self, value: Any, source: str | None) -> str | None:
        return "{:04}-Q{}".format(*value)

    def list_mends(self, field: Field, reads: Reads) -> dict[str, Mend]:
        return {**super().list_mends(field, reads), "date-form": _rewrite}


def _rewrite(text: str) -> str | None:
    found = _CHINESE.fullmatch(text)
    return found and f"{found[1]}-Q{found[2].translate(_DIGITS)}"


QUARTER = _Quarter("quarter")
