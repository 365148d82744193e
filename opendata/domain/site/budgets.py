"""Where a dataset belongs in the budget column: level of government, year, budget or final accounts.

Source: 地方预决算公开操作规程 (财预〔2016〕143号): budgets and final accounts are shown together, by level,
department and year. What the metadata don't say is `None`, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from opendata.errors import N_


class Level(StrEnum):
    """A level of government."""

    NATION = "nation"
    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    TOWN = "town"


class BudgetKind(StrEnum):
    """What is disclosed: what is planned, or what was spent."""

    BUDGET = "budget"
    ACCOUNTS = "accounts"


LEVEL_WORDS: dict[Level, tuple[str, ...]] = {
    Level.NATION: ("中央", "国家级"),
    Level.PROVINCE: ("省级", "自治区级", "直辖市级"),
    Level.CITY: ("市级", "地级", "州级"),
    Level.COUNTY: ("县级", "区级", "旗级", "县市区级"),
    Level.TOWN: ("乡级", "镇级", "乡镇级", "街道"),
}
"""Level → the keywords that say it."""

_YEAR = re.compile(r"(?<![0-9])((?:19|20)[0-9]{2})(?![0-9])")


@dataclass(frozen=True, slots=True)
class BudgetPlace:
    """Where a dataset belongs; None for what its metadata don't say."""

    level: Level | None
    year: str | None
    kind: BudgetKind | None

    def list_missing(self) -> Sequence[str]:
        """What its editors have to say for it to find its place."""
        return [
            text
            for found, text in (
                (self.level, N_("the code of its area (“spatial”), or a keyword such as 县级")),
                (self.year, N_("the time it covers (“temporal”), such as 2025")),
                (self.kind, N_("the keyword 预算 or 决算")),
            )
            if found is None
        ]


def find_budget_place(*, title: str, keywords: Sequence[str], temporal: str, area: str) -> BudgetPlace:
    """Where a dataset belongs by its metadata; `area` is a code by GB/T 2260 or of a town, which has nine digits."""
    return BudgetPlace(_find_level(keywords, area), find_year(temporal), _find_kind(title, keywords))


def find_year(temporal: str) -> str | None:
    """The last year of a period: that of `2025`, `2024/2025`, `2025-01/2025-12`."""
    found = _YEAR.findall(temporal)
    return found[-1] if found else None


def _find_level(keywords: Sequence[str], area: str) -> Level | None:
    for level, words in LEVEL_WORDS.items():
        if any(word in keywords for word in words):
            return level
    if not area.isascii() or not area.isdigit() or len(area) < 6:
        return None
    if area[6:].strip("0"):
        return Level.TOWN
    if area[:6] in ("100000", "000000"):
        return Level.NATION
    return Level.PROVINCE if area[2:6] == "0000" else Level.CITY if area[4:6] == "00" else Level.COUNTY


def _find_kind(title: str, keywords: Sequence[str]) -> BudgetKind | None:
    """By the keywords, else by the title. 预决算 alone says neither."""
    for texts in (keywords, (title,)):
        joined = " ".join(texts).replace("预决算", "")
        found = [kind for kind, word in ((BudgetKind.BUDGET, "预算"), (BudgetKind.ACCOUNTS, "决算")) if word in joined]
        if len(found) == 1:
            return found[0]
    return None
