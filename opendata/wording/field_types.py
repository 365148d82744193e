"""The types of fields in the reader's words."""

from __future__ import annotations

from collections.abc import Mapping

from opendata.errors import N_

TYPES: Mapping[str, str] = {
    "any": N_("Any value"),
    "array": N_("JSON list"),
    "boolean": N_("Yes or no"),
    "date": N_("Date"),
    "datetime": N_("Date and time"),
    "duration": N_("Duration"),
    "geojson": N_("GeoJSON"),
    "geopoint": N_("Point on the map"),
    "integer": N_("Whole number"),
    "list": N_("List"),
    "number": N_("Number"),
    "object": N_("JSON object"),
    "string": N_("Text"),
    "time": N_("Time of day"),
    "year": N_("Year"),
    "yearmonth": N_("Year and month"),
}
"""Type → its name."""
