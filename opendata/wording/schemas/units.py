"""Units as people read them: in Chinese the name of a UCUM code, else its symbol where that looks different."""

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

_CHINESE: Mapping[str, str] = {
    "t": "吨",
    "kg": "千克",
    "g": "克",
    "mg": "毫克",
    "km": "千米",
    "m": "米",
    "cm": "厘米",
    "mm": "毫米",
    "km2": "平方千米",
    "m2": "平方米",
    "m3": "立方米",
    "har": "公顷",
    "L": "升",
    "mL": "毫升",
    "kW": "千瓦",
    "MW": "兆瓦",
    "kW.h": "千瓦时",
    "Cel": "℃",
    "mg/m3": "毫克/立方米",
    "ug/m3": "微克/立方米",
    "mg/L": "毫克/升",
}
"""Code → its name in GB 3100 to 3102, as Chinese offices write it."""


def show_unit(unit: str, language: str = "") -> str:
    """What readers of a language call a unit; its symbol where no language is named."""
    return (_CHINESE if language == "zh" else _SYMBOLS).get(unit, unit)
