"""What the columns of a table are to a chart: times, quantities, categories, coordinates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from opendata.domain.profile import ColumnProfile
from opendata.domain.schema import Field, TableSchema

_TIMES = ("date", "datetime", "year", "yearmonth")
_NUMBERS = ("integer", "number")
_YEAR_NAMES = re.compile(r"year|年|年份|年度", re.IGNORECASE)
_LONGITUDE = re.compile(r"lon|lng|long|longitude|经度|.*_(lon|lng|longitude)|.*经度", re.IGNORECASE)
_LATITUDE = re.compile(r"lat|latitude|纬度|.*_(lat|latitude)|.*纬度", re.IGNORECASE)
_UNIT = re.compile(r"[（(][^（）()]*[）)]\s*$")
_CODES = re.compile(
    r"(.*_)?(code|id|no|number|level|zip|postcode|tel|phone)|.*(代码|编码|编号|序号|号码|邮编|电话|区划|级别|等级)",
    re.IGNORECASE,
)
_YEARS = (1000, 2999)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartColumn:
    """A column and what it can be in a chart.

    `distinct` counts its different values where the profile knows. `is_code` marks codes and numbers that name things.
    """

    field: Field
    is_time: bool
    is_number: bool
    is_code: bool
    is_longitude: bool
    is_latitude: bool
    distinct: int | None
    profile: ColumnProfile | None

    @property
    def name(self) -> str:
        """The name of the field."""
        return self.field.name

    @property
    def label(self) -> str:
        """What messages call it."""
        return self.field.title or self.name

    @property
    def is_measure(self) -> bool:
        """Whether it has quantities worth drawing: numbers that don't name or place things."""
        return self.is_number and not (self.is_code or self.is_time or self.is_longitude or self.is_latitude)

    @property
    def is_category(self) -> bool:
        """Whether its values name things."""
        return not (self.is_time or self.is_measure or self.is_longitude or self.is_latitude)

    @property
    def is_percent(self) -> bool:
        """Whether its values are shares or percentages, which nobody adds."""
        unit = self.field.own.get("unit")
        return self.field.own.get("percent") is True or (isinstance(unit, str) and unit.strip() in ("%", "‰", "％"))

    @property
    def is_ordered(self) -> bool:
        """Whether its values have an order of their own: times, numbers, yes and no, listed categories."""
        return self.is_time or self.is_number or self.field.type == "boolean" or bool(self.order)

    @property
    def order(self) -> Sequence[object]:
        """Its values in the order of the schema, where that lists them as ordered categories."""
        return (self.field.categories or ()) if self.field.descriptor.get("categoriesOrdered") is True else ()

    @property
    def labels(self) -> Mapping[object, str]:
        """Code → label, where the schema has labelled categories."""
        found = self.field.descriptor.get("categories") or ()
        return {
            item["value"]: item["label"]
            for item in found
            if isinstance(item, Mapping) and isinstance(item.get("label"), str) and "value" in item
        }


def read_columns(schema: TableSchema, profiles: Iterable[ColumnProfile] = ()) -> Mapping[str, ChartColumn]:
    """The columns of a table by name, in their order."""
    known = {item["name"]: item for item in profiles}
    return {field.name: _read_column(field, schema, known.get(field.name)) for field in schema.fields}


def _read_column(field: Field, schema: TableSchema, profile: ColumnProfile | None) -> ChartColumn:
    names = [_UNIT.sub("", text).strip() for text in (field.name, field.title) if text]
    is_number = field.type in _NUMBERS
    is_year = field.type == "integer" and _is_any(names, _YEAR_NAMES) and _has_years(profile)
    return ChartColumn(
        field=field,
        is_time=field.type in _TIMES or is_year,
        is_number=is_number,
        is_code=_is_code(field, schema, names),
        is_longitude=is_number and _is_any(names, _LONGITUDE) and _is_within(profile, 180),
        is_latitude=is_number and _is_any(names, _LATITUDE) and _is_within(profile, 90),
        distinct=profile["distinct"]["count"] if profile else None,
        profile=profile,
    )


def _is_code(field: Field, schema: TableSchema, names: Sequence[str]) -> bool:
    """What names things: numbers that are keys, references or listed values, and all that is called so."""
    if field.type == "string":
        return _is_any(names, _CODES)
    if field.type != "integer" or field.own.get("unit"):
        return False
    is_key = (field.name,) in ((schema.primary_key), *schema.unique_keys)
    refers = any(field.name in key.fields for key in schema.foreign_keys)
    is_listed = field.categories is not None or "enum" in field.constraints
    return is_key or refers or is_listed or _is_any(names, _CODES)


def _is_any(names: Iterable[str], pattern: re.Pattern[str]) -> bool:
    return any(pattern.fullmatch(name) for name in names)


def _has_years(profile: ColumnProfile | None) -> bool:
    """Whether whole numbers can be years; without a profile their name decides."""
    if profile is None or "least" not in profile:
        return True
    return all(isinstance(end, int) and _YEARS[0] <= end <= _YEARS[1] for end in _list_ends(profile))


def _is_within(profile: ColumnProfile | None, most: float) -> bool:
    """Whether numbers can be degrees; without a profile their name decides."""
    if profile is None or "least" not in profile:
        return True
    return all(isinstance(end, int | float) and abs(end) <= most for end in _list_ends(profile))


def _list_ends(profile: ColumnProfile) -> tuple[object, object]:
    return profile["least"], profile["greatest"]
