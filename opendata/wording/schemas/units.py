"""Units as people read them: the symbol of a UCUM code where that looks different, and its name in words."""

from __future__ import annotations

from collections.abc import Mapping

from opendata.errors import N_
from opendata.wording.voice import voice_of

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
UNITS: Mapping[str, str] = {
    "t": N_("tonnes"),
    "kg": N_("kilograms"),
    "g": N_("grams"),
    "mg": N_("milligrams"),
    "km": N_("kilometres"),
    "m": N_("metres"),
    "cm": N_("centimetres"),
    "mm": N_("millimetres"),
    "km2": N_("square kilometres"),
    "m2": N_("square metres"),
    "m3": N_("cubic metres"),
    "har": N_("hectares"),
    "L": N_("litres"),
    "mL": N_("millilitres"),
    "kW": N_("kilowatts"),
    "MW": N_("megawatts"),
    "kW.h": N_("kilowatt-hours"),
    "Cel": N_("degrees Celsius"),
    "mg/m3": N_("milligrams per cubic metre"),
    "ug/m3": N_("micrograms per cubic metre"),
    "mg/L": N_("milligrams per litre"),
}
"""UCUM code → its name, which readers know better."""


def show_unit(unit: str, language: str = "") -> str:
    """What readers of a language call a unit: 吨 for the code t. Its symbol where no language is named."""
    if language and unit in UNITS:
        return voice_of(language).translate(UNITS[unit])
    return _SYMBOLS.get(unit, unit)
