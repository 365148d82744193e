"""Code lists of the platform: disclosure attributes, update cycles, licences, each with Chinese and English names.

Source: the Regulations on Open Government Information (Decree 711), articles 13 to 16; EU frequency authority list
for the cycles' meaning; SPDX for licence identifiers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """One entry of a code list."""

    id: str
    zh: str
    en: str
    path: str = ""

    def title(self, language: str) -> str:
        """The name in a language (`zh` or another)."""
        return self.zh if language.startswith("zh") else self.en


DISCLOSURES: Mapping[str, Code] = {
    code.id: code
    for code in (
        Code("open", "主动公开（无条件开放）", "Open"),
        Code("conditional", "依申请公开（有条件开放）", "Conditional, on application"),
        Code("closed", "不予公开", "Not disclosed"),
    )
}

UPDATE_CYCLES: Mapping[str, Code] = {
    code.id: code
    for code in (
        Code("realtime", "实时", "Real time"),
        Code("daily", "每日", "Daily"),
        Code("weekly", "每周", "Weekly"),
        Code("monthly", "每月", "Monthly"),
        Code("quarterly", "每季度", "Quarterly"),
        Code("semiannual", "每半年", "Twice a year"),
        Code("annual", "每年", "Annual"),
        Code("irregular", "不定期", "Irregular"),
        Code("never", "不再更新", "Not updated any more"),
    )
}

LICENSES: Mapping[str, Code] = {
    code.id: code
    for code in (
        Code(
            "CC-BY-4.0",
            "知识共享 署名 4.0 国际",
            "Creative Commons Attribution 4.0",
            "https://creativecommons.org/licenses/by/4.0/",
        ),
        Code(
            "CC0-1.0",
            "CC0 1.0 通用公共领域贡献",
            "CC0 1.0 Universal",
            "https://creativecommons.org/publicdomain/zero/1.0/",
        ),
        Code(
            "ODC-By-1.0",
            "开放数据共用 署名 1.0",
            "Open Data Commons Attribution 1.0",
            "https://opendatacommons.org/licenses/by/1-0/",
        ),
        Code(
            "ODC-PDDL-1.0",
            "开放数据共用 公共领域 1.0",
            "Open Data Commons Public Domain 1.0",
            "https://opendatacommons.org/licenses/pddl/1-0/",
        ),
    )
}
