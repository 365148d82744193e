"""Rows as GeoJSON points, where a table says in which columns they are.

Source: RFC 7946 (GeoJSON); Table Schema, `geopoint`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from opendata.domain.schema import Field
from opendata.tables.arrow.parquet import open_parquet
from opendata.tables.forms.form_numbers import find_wide_columns
from opendata.tables.forms.json_form import join_rows, join_texts

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH_ROWS = 8192
_LONGITUDES = ("经度", frozenset(["lon", "lng", "long", "longitude"]))
_LATITUDES = ("纬度", frozenset(["lat", "latitude"]))
_UNITS = {"degrees_east": True, "degrees_north": False}
_WORDS = re.compile(r"[a-z]+")
_NUMBERS = ("number", "integer")
_NUMBER = r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
_PAIR = re.compile(rf"\s*\[?\s*({_NUMBER})\s*,\s*({_NUMBER})\s*\]?\s*")
_NAMED = re.compile(rf'\s*\{{\s*"(lon|lat)"\s*:\s*"?({_NUMBER})"?\s*,\s*"(lon|lat)"\s*:\s*"?({_NUMBER})"?\s*\}}\s*')
_SAME = re.compile(r"(?i)(urn:ogc:def:crs:)?(OGC:?:?1?\.?3?:?CRS84|EPSG:{1,2}(4326|4490)|WGS ?_?84|CGCS ?2000)")


@dataclass(frozen=True, slots=True)
class PointColumns:
    """Where the points of a table are: in two columns, or in one whose values have both (`latitude` is empty then).

    `crs` is the reference system that the columns name, if it isn't the one of GeoJSON.
    """

    longitude: str
    latitude: str = ""
    crs: str = ""


def find_points(names: Sequence[str], fields: Sequence[Field | None]) -> PointColumns | None:
    """The columns that have points: by type, unit, name or title. None where there are none, or several."""
    known = [(name, field) for name, field in zip(names, fields, strict=True)]
    typed = [(name, field) for name, field in known if field is not None and field.type == "geopoint"]
    if len(typed) == 1:
        return PointColumns(typed[0][0], crs=_find_other_crs(typed[0][1]))
    east = [(name, field) for name, field in known if _is_axis(name, field, east=True)]
    north = [(name, field) for name, field in known if _is_axis(name, field, east=False)]
    if len(east) == len(north) == 1:
        return PointColumns(east[0][0], north[0][0], _find_other_crs(east[0][1]) or _find_other_crs(north[0][1]))
    return None


def write_geojson(parquet: Path, target: Path, points: PointColumns) -> None:
    """Write the rows as one `FeatureCollection`; a row without a point has a null geometry."""

    with open_parquet(parquet) as file, target.open("wb") as out:
        wide = find_wide_columns(file) - {points.longitude, points.latitude}
        mark = b'{"type":"FeatureCollection","features":['
        for batch in file.iter_batches(batch_size=_BATCH_ROWS):
            out.write(mark + b"\n")
            out.write(join_texts(_join_features(batch, wide, points), ",\n"))
            mark = b","
        out.write((mark if mark != b"," else b"") + b"\n]}\n")


def _join_features(batch: pa.RecordBatch, wide: frozenset[str], points: PointColumns) -> pa.Array:
    import pyarrow.compute as pc

    parts = ('{"type":"Feature","geometry":', _spell_points(batch, points), ',"properties":', join_rows(batch, wide))
    return pc.binary_join_element_wise(*parts, "}", "")


def _spell_points(batch: pa.RecordBatch, points: PointColumns) -> pa.Array:
    import pyarrow as pa

    def column(name: str) -> list[object]:
        return list(batch.column(batch.schema.get_field_index(name)).to_pylist())

    if not points.latitude:
        pairs = [_read_pair(value) for value in column(points.longitude)]
    else:
        pairs = list(zip(map(_read, column(points.longitude)), map(_read, column(points.latitude)), strict=True))
    return pa.array([_spell_point(*pair) for pair in pairs], pa.string())


def _read(value: object) -> float | None:
    try:
        return None if value is None else float(value)  # type: ignore[arg-type]  # text too: it may be no number
    except (TypeError, ValueError):
        return None


def _read_pair(value: object) -> tuple[float | None, float | None]:
    if not isinstance(value, str):
        return None, None
    if found := _PAIR.fullmatch(value):
        return float(found[1]), float(found[2])
    found = _NAMED.fullmatch(value)
    if found is None or found[1] == found[3]:
        return None, None
    one, other = float(found[2]), float(found[4])
    return (one, other) if found[1] == "lon" else (other, one)


def _spell_point(longitude: float | None, latitude: float | None) -> str:
    """A geometry, null where a number is missing or off the globe."""
    if longitude is None or latitude is None or not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
        return "null"
    return f'{{"type":"Point","coordinates":[{longitude!r},{latitude!r}]}}'


def _is_axis(name: str, field: Field | None, *, east: bool) -> bool:
    if field is not None and field.type not in _NUMBERS:
        return False
    unit = field.own.get("unit") if field is not None else None
    if isinstance(unit, str) and unit in _UNITS:
        return _UNITS[unit] is east
    (chinese, words), (other, _) = (_LONGITUDES, _LATITUDES) if east else (_LATITUDES, _LONGITUDES)
    texts = (name, field.title if field is not None else "")
    return any(
        (chinese in text and other not in text) or not words.isdisjoint(_WORDS.findall(text.lower())) for text in texts
    )


def _find_other_crs(field: Field | None) -> str:
    """The reference system of a column, where it isn't the one of GeoJSON or one that differs by centimetres."""
    crs = field.own.get("crs") if field is not None else None
    return "" if not crs or (isinstance(crs, str) and _SAME.search(crs)) else str(crs)[:60]
