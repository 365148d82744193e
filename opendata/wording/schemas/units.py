"""Units as people read them: the symbol of a UCUM code where that looks different."""

from __future__ import annotations

from collections.abc import Mapping

_SYMBOLS: Mapping[str, str] = {
    "m2": "m²",
    "km2": "km²",
    "m3": "m³",
    "har": "ha",
    "kW.h": "kWh",
    "Cel": "°C",
    "mg/m3": "mg/m³",
    "ug/m3": "μg/m³",
}


def show_unit(unit: str) -> str:
    """The symbol of a unit."""
    return _SYMBOLS.get(unit, unit)
