"""Index numbers (索引号): how one is written from the code of its office, the day and a serial number.

Source: patterns seen on Chinese government sites, such as 11332500MB1601924J/2021-36824. No national structure exists.
"""

from __future__ import annotations

import re
from datetime import date

from opendata.setting_values import INDEX_PARTS


def write_index_number(pattern: str, code: str, day: date, serial: int) -> str:
    """An index number by the pattern of the setting `OPENDATA_INDEX_NUMBER`."""
    values = {
        "uscc": code,
        "organisation": find_organisation(code),
        "year": f"{day.year}",
        "month": f"{day.month:02}",
        "serial": f"{serial:05}",
    }
    return INDEX_PARTS.sub(lambda found: values[found[1]], pattern)


def find_organisation(code: str) -> str:
    """The nine characters of the organisation inside a unified social credit code (GB 32100)."""
    return code[8:17] if len(code) == 18 else code


def find_prefix(number: str) -> str:
    """What a number begins with, up to the first sign between its groups."""
    return re.split(r"[/\-]", number, maxsplit=1)[0]


def is_own_number(number: str, code: str) -> bool:
    """Whether a number begins with the code of its office, whole or that of its organisation alone."""
    return find_prefix(number) in (code, find_organisation(code))
