"""Years, and months of a year.

Valid: `2025`; `2025-03`. Lax, and repaired: `２０２５`, `2025-3`. Wrong: `25`.
Source: Table Schema v2, `year` and `yearmonth`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from opendata.domain.schema import Field
from opendata.tables.arrow.masks import blank_out
from opendata.tables.arrow.shapes import DIGITS, Matcher
from opendata.tables.notation.chinese_numbers import rewrite_chinese_number
from opendata.tables.types.field_type import Cast, FieldType, Mend, Reads

if TYPE_CHECKING:
    import pyarrow as pa

_CERTAIN = Matcher("[0-9]{4}", DIGITS)
_YEAR = re.compile(r"([0-9]{4}) ?年")
_MONTHS = (
    re.compile(r"([0-9]{4})[-/]([0-9]{1,2})"),
    re.compile(r"([0-9]{4})\.([0-9]{2}|[2-9])"),  # 2016.1 may be October, its zero lost
    re.compile(r"([0-9]{4}) ?年 ?([0-9]{1,2}) ?月"),
    re.compile(r"([0-9]{4})([0-9]{2})"),
)


class _Year(FieldType):
    is_native = is_rewritten = has_typed_keys = is_castable = True
    arrow = "int32"
    strict = re.compile("[0-9]{4}")

    def parse(self, text: str, field: Field) -> Any:
        value = int(text) if len(text) == 4 else -1
        return value if 0 <= value <= 9999 else None

    def read_bound(self, bound: Any, field: Field) -> Any:
        return bound if type(bound) is int else super().read_bound(bound, field)

    def write(self, value: Any) -> str:
        return f"{value:04}"

    def write_key(self, value: Any, source: str | None) -> str | None:
        return None

    def cast(self, text: pa.Array, wanted: pa.DataType) -> Cast:
        import pyarrow.compute as pc

        doubt = _CERTAIN.find_others(text)
        return Cast(pc.cast(blank_out(text, doubt), wanted), text, doubt)

    def choose_limit(self, bound: Any, field: Field) -> Any:
        return bound if isinstance(bound, int) and 0 <= bound <= 9999 else None

    def list_mends(self, field: Field, reads: Reads) -> dict[str, Mend]:
        return {
            **super().list_mends(field, reads),
            "date-form": _rewrite_year,
            "chinese-number": rewrite_chinese_number,
        }


class _YearMonth(FieldType):
    is_native = True
    proposed = r"^(19|20)[0-9]{2}-(0[1-9]|1[0-2])$"
    strict = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")

    def parse(self, text: str, field: Field) -> Any:
        year, month = map(int, text.split("-"))
        return (year, month) if 1 <= month <= 12 else None

    def write_key(self, value: Any, source: str | None) -> str | None:
        return "-".join(map(str, value))

    def list_mends(self, field: Field, reads: Reads) -> dict[str, Mend]:
        return {**super().list_mends(field, reads), "date-form": _rewrite_month}


def _rewrite_year(text: str) -> str | None:
    """The year of a text such as 2018年."""
    found = _YEAR.fullmatch(text)
    return found and found[1]


def _rewrite_month(text: str) -> str | None:
    """A year and month in some form as YYYY-MM."""
    for form in _MONTHS:
        found = form.fullmatch(text)
        if found and 1 <= int(found[2]) <= 12:
            return f"{found[1]}-{int(found[2]):02}"
    return None


YEAR = _Year("year")
YEARMONTH = _YearMonth("yearmonth")
