"""When something of the basic catalogue must be public: the time limit as people write it, and what can be computed.

信息形成或者变更之日起20个工作日内 → 20 working days after the information is made or changes. What isn't understood is
said so, and never guessed.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from opendata.domain.clocks.limits import Limit, Unit
from opendata.errors import N_


class Kind(StrEnum):
    """What kind of time limit it is."""

    WITHIN = "within"
    YEARLY = "yearly"
    PERIODIC = "periodic"
    PROMPT = "prompt"
    LASTING = "lasting"
    UNKNOWN = "unknown"
    NONE = "none"


class Trigger(StrEnum):
    """What starts the clock."""

    FORMED = "formed"
    DOCUMENT = "document"
    DECIDED = "decided"
    OTHER = "other"
    UNSTATED = "unstated"


class Doubt(StrEnum):
    """Why a time limit isn't computed."""

    SEVERAL = "several"
    BEFORE = "before"
    NOT_UNDERSTOOD = "not-understood"


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """A time limit: `limit` where it can be counted, from `trigger` on; `doubt` says why it can't be."""

    text: str
    kind: Kind
    trigger: Trigger = Trigger.UNSTATED
    limit: Limit | None = None
    doubt: Doubt | None = None

    @property
    def is_understood(self) -> bool:
        """Whether we know what the text means."""
        return self.doubt is None


KINDS = {
    Kind.WITHIN: N_("within a time limit"),
    Kind.YEARLY: N_("by a day of each year"),
    Kind.PERIODIC: N_("each period"),
    Kind.PROMPT: N_("promptly"),
    Kind.LASTING: N_("lasting"),
    Kind.UNKNOWN: N_("not understood"),
    Kind.NONE: N_("not stated"),
}
TRIGGERS = {
    Trigger.FORMED: N_("after the information is made or changes"),
    Trigger.DOCUMENT: N_("after the document it belongs to is published"),
    Trigger.DECIDED: N_("after the decision"),
    Trigger.OTHER: N_("after another event"),
    Trigger.UNSTATED: N_("the start isn't stated"),
}
DOUBTS = {
    Doubt.SEVERAL: N_("The text has several time limits"),
    Doubt.BEFORE: N_("The time limit ends before an event"),
    Doubt.NOT_UNDERSTOOD: N_("The text isn't understood as a time limit"),
}

_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_NUMBER = r"(?:\d{1,4}|[零〇一二两三四五六七八九十百]{1,5})"
_COUNT = re.compile(rf"({_NUMBER})(个?)(工作日|自然日|小时|日|天|月|年)((?:以|之)?内)?")
_YEARLY = re.compile(rf"(?:每年|次年|下一?年|年度)(?:度)?({_NUMBER})月({_NUMBER}日|底|末)(?:之?前|以前)?")
_PERIODIC = re.compile(r"每(?:个)?(?:日|天|周|月|季|季度|半年|年|年度|学期)|(?:按|逐)(?:日|周|月|季|季度|年|年度)")
_PROMPT = re.compile(r"及时|实时|即时|立即|随时|当[日天]|第一时间|同步")
_LASTING = re.compile(r"长期|永久|常年|持续|动态|始终|固定|全年")
_BEFORE = re.compile(
    r"提前|(?:开始|召开|举行|实施|决策|施工|审批|批准|投票|到期|生效|施行)前|(?:工作日|日|天|月)(?:之|以)?前"
)
_FORMED = re.compile(r"形成|变更|产生|制作|生成|更新|获取|变动|变化")
_DOCUMENT = re.compile(r"规范性文件|文件(?:公开|印发|出台|发布|公布)|印发|政策(?:公开|出台|发布)")
_DECIDED = re.compile(r"批准|审批|批复|核准|通过|作出|做出|决定|确定|审定|办结|认定")
_DATES = re.compile(rf"{_NUMBER}月{_NUMBER}日")
_LAST_DAYS = {2: 28, 4: 30, 6: 30, 9: 30, 11: 30}


@lru_cache(maxsize=10_000)  # a catalogue has a few texts, each in many entries
def parse_time_limit(text: str) -> TimeLimit:
    """The time limit that a text states."""
    plain = "".join(unicodedata.normalize("NFKC", text).split())
    if not plain:
        return TimeLimit(text, Kind.NONE, doubt=Doubt.NOT_UNDERSTOOD)
    days = {_read_day(match) for match in _YEARLY.finditer(plain)}
    yearly = {day for day in days if day is not None}
    plain = _DATES.sub("#", _YEARLY.sub("#", plain))
    limits = {found for match in _COUNT.finditer(plain) if (found := _read_limit(match)) is not None}
    if days and not yearly:
        return TimeLimit(text, Kind.UNKNOWN, doubt=Doubt.NOT_UNDERSTOOD)
    if len(yearly) + len(limits) > 1:
        return TimeLimit(text, Kind.UNKNOWN, doubt=Doubt.SEVERAL)
    if yearly:
        return TimeLimit(text, Kind.YEARLY, limit=Limit(yearly.pop(), Unit.FIXED_DATE))
    if limits:
        if _BEFORE.search(plain):
            return TimeLimit(text, Kind.UNKNOWN, doubt=Doubt.BEFORE)
        return TimeLimit(text, Kind.WITHIN, _find_trigger(plain), limits.pop())
    for pattern, kind in ((_PROMPT, Kind.PROMPT), (_PERIODIC, Kind.PERIODIC), (_LASTING, Kind.LASTING)):
        if pattern.search(plain):
            return TimeLimit(text, kind, _find_trigger(plain))
    doubt = Doubt.BEFORE if _BEFORE.search(plain) else Doubt.NOT_UNDERSTOOD
    return TimeLimit(text, Kind.UNKNOWN, doubt=doubt)


def _find_trigger(text: str) -> Trigger:
    for pattern, trigger in ((_DOCUMENT, Trigger.DOCUMENT), (_FORMED, Trigger.FORMED), (_DECIDED, Trigger.DECIDED)):
        if pattern.search(text):
            return trigger
    return Trigger.OTHER if re.search(r"起|后", text) else Trigger.UNSTATED


def _read_limit(match: re.Match[str]) -> Limit | None:
    number, unit = _read_number(match[1]), match[3]
    if not number or (unit in ("日", "天", "月", "年") and not match[2] and not match[4]):
        return None  # such as the second month, not two months
    match unit:
        case "工作日":
            return Limit(number, Unit.WORKING_DAY)
        case "小时":
            return Limit(number // 24, Unit.DAY) if number % 24 == 0 else None
        case "月":
            return Limit(number, Unit.MONTH)
        case "年":
            return Limit(number * 12, Unit.MONTH) if number < 100 else None
        case _:
            return Limit(number, Unit.DAY)


def _read_day(match: re.Match[str]) -> int | None:
    month = _read_number(match[1]) or 0
    last = _LAST_DAYS.get(month, 31)
    day = last if match[2] in ("底", "末") else _read_number(match[2].removesuffix("日")) or 0
    return month * 100 + day if 1 <= month <= 12 and 1 <= day <= last else None


def _read_number(text: str) -> int | None:
    """A number in digits, or in Chinese up to 999: 二十, 十五, 一百二十."""
    if text.isascii():
        return int(text)
    total = part = 0
    for letter in text:
        if letter in "十百":
            total += (part or 1) * (10 if letter == "十" else 100)
            part = 0
        else:
            part = _DIGITS[letter]
    return total + part
