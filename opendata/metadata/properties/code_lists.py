"""The code lists of the profile, each a file of its own; those of the platform's own rules are in `codes`.

Source: themes after 政务信息资源目录编制指南（试行） (发改高技术〔2017〕1272号), where the name is the code, since
that document numbers none; sections of GB/T 4754-2017; provinces and cities of GB/T 2260; languages after ISO 639-1.
Counties of GB/T 2260 as they were at the end of 2024: they are named, but too many to choose from.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from opendata.metadata.codes import DISCLOSURES, LICENSES, SCOPES, UPDATE_CYCLES, Code

FOLDER = Path(__file__).with_name("codes")

_BUILT_IN: Mapping[str, Mapping[str, Code]] = {
    "disclosures": DISCLOSURES,
    "licenses": LICENSES,
    "scopes": SCOPES,
    "updateCycles": UPDATE_CYCLES,
}


@cache
def find_codes(name: str) -> Mapping[str, Code]:
    """A code list by its name. Raises `FileNotFoundError` for a name that no list has."""
    if name in _BUILT_IN:
        return _BUILT_IN[name]
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["code"]: Code(row["code"], row["en"] or row["zh"], names={"zh": row["zh"]})
            for row in csv.DictReader(file)
        }


@cache
def find_short_names() -> Mapping[str, str]:
    """The short names of regions: code → what titles write instead of the whole name."""
    with (FOLDER / "regions.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: row["short"] for row in csv.DictReader(file)}


@cache
def find_counties() -> Mapping[str, str]:
    """The names of counties and districts, by their codes."""
    with (FOLDER / "counties.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: row["zh"] for row in csv.DictReader(file)}


def name_region(code: str, language: str) -> str:
    """The name of a division, after those of its province and its city; empty where no list has it.

    Of a code that isn't in the lists, such as one of a county of the past, its province and city are named.
    """
    regions = find_codes("regions")
    if not is_region(code):
        return ""
    chain = dict.fromkeys((f"{code[:2]}0000", f"{code[:4]}00", code))
    names = [regions[item].title(language) for item in chain if item in regions]
    return " ".join([*names, *filter(None, [find_counties().get(code)])])


def is_region(code: str) -> bool:
    """Whether a text can be a code of GB/T 2260: six digits in a province. Codes of counties, also old ones, count."""
    return len(code) == 6 and code.isascii() and code.isdigit() and f"{code[:2]}0000" in find_codes("regions")


def is_division(code: str) -> bool:
    """Whether a text can be the code of a division: of GB/T 2260, or of a town or village in it (GB/T 10114)."""
    return len(code) in (6, 9, 12) and code.isascii() and code.isdigit() and is_region(code[:6])
