"""Which columns may be quasi-identifiers or sensitive: candidates, for a person to confirm.

Source: GB/T 42460-2023, annexes B and C (quasi-identifiers and how to find them); Personal Information Protection Law,
article 28 (sensitive personal information).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from opendata.domain.profile import ColumnProfile
from opendata.domain.schema import Field


class Role(StrEnum):
    """What a column may be in a table about persons."""

    QUASI = "quasi-identifier"
    SENSITIVE = "sensitive"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A column that a person is asked about; `word` is what its name says, empty if only its values speak for it."""

    field: str
    role: Role
    word: str = ""


_QUASI = re.compile(
    "性别|年龄|出生|生日|民族|职业|岗位|职务|职称|工作单位|单位|学校|学历|文化程度|婚姻|邮编|邮政编码|村|社区|乡镇|街道|居委|户籍|籍贯|"
    "住院日期|入院|就诊|领取日期|发放日期|家庭人口|人口数|政治面貌|国籍|身高|"
    "sex|gender|age$|^age|birth|ethnic|nationality|occupation|education|marital|postcode|zip|village|township",
    re.IGNORECASE,
)
_SENSITIVE = re.compile(
    "疾病|病种|病名|诊断|残疾|伤残|宗教|信仰|犯罪|违法|处罚|收入|工资|存款|账户余额|补贴金额|补助金额|救助|低保|困难类别|致贫|健康|"
    "感染|艾滋|精神|吸毒|disease|diagnosis|disab|religio|income|salary|crime|health",
    re.IGNORECASE,
)
_TYPES = ("string", "any", "integer", "boolean", "date", "year", "yearmonth")
_MOST_DISTINCT = 1000
_LEAST_DISTINCT = 2


def suggest_candidates(fields: Sequence[Field], profiles: Sequence[ColumnProfile] = ()) -> list[Candidate]:
    """The columns that may be quasi-identifiers or sensitive, in their order.

    By name; and by profile, if a column's different values are few and each occurs often enough to describe a group.
    """
    known: Mapping[str, ColumnProfile] = {item["name"]: item for item in profiles}
    found = []
    for field in fields:
        text = f"{field.name} {field.title}"
        sensitive, quasi = _SENSITIVE.search(text), _QUASI.search(text)
        if sensitive:
            found.append(Candidate(field.name, Role.SENSITIVE, sensitive[0]))
        elif quasi:
            found.append(Candidate(field.name, Role.QUASI, quasi[0]))
        elif field.name in known and field.type in _TYPES and _describes_groups(known[field.name]):
            found.append(Candidate(field.name, Role.QUASI))
    return found


def _describes_groups(profile: ColumnProfile) -> bool:
    distinct = profile["distinct"]["count"]
    return _LEAST_DISTINCT <= distinct <= _MOST_DISTINCT and 10 * distinct <= profile["count"]
