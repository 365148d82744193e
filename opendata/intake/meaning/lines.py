"""The lines above and below a table, taken apart into what they say: `填报单位：…　2026年9月　单位：万元` is three.

What names a person (who filled the form in, who checked it, whom to call) is dropped here: it is never published.
Source: the heads and feet of forms in the Chinese system of statistical reports, and of tables in yearbooks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest

from opendata.intake.meaning.periods import find_period
from opendata.intake.meaning.units import is_unit


class Part(StrEnum):
    """What a part of a line says."""

    TITLE = "title"
    NAMED_TITLE = "named-title"
    UNIT = "unit"
    PERIOD = "period"
    SOURCE = "source"
    OFFICE = "office"
    NOTE = "note"
    DROPPED = "dropped"
    TEXT = "text"


_LABELS: Mapping[Part, str] = {
    Part.DROPPED: r"制表人|填表人|填报人|上报人|编制人|制单人|录入人|记录人|签发人|统计员|审核人|审批人|复核人?|审核"
    r"|校对|(?:单位|统计|部门)?负责人|分管领导"
    r"|联系人|经办人|报送人|联系(?:电话|方式)|电话|手机|邮箱|地址|传真"
    r"|(?:填报|填表|制表|报出|报送|上报|打印|编制|发布|更新|导出)(?:日期|时间)"
    r"|表\s*号|文\s*号|批准文号|备案文号|批准机关|备案机关|制定机关|有效期至?|数据库|密级|页码"
    r"|统一社会信用代码|组织机构代码",
    Part.OFFICE: r"(?:填报|填表|编报|编制|制表|上报|报送|发布|统计|公布|主办|提供)(?:单位|部门|机构|机关)(?:名称)?"
    r"|制表|填报|编制",
    Part.UNIT: r"(?:计量|数量|金额|货币)?(?:单\s*位|單\s*位)|units?(?:\s+of\s+measure)?",
    Part.SOURCE: r"(?:资料|資料|数据|數據|信息)(?:来源|來源|提供)|来源|來源|data sources?|sources?",
    Part.PERIOD: r"(?:统计|报告|数据|所属)?(?:时间|時間|时期|期间|年月|年度|月份)|报告期别?|统计期|所属期|期别"
    r"|reference period|period",
    Part.NAMED_TITLE: r"指标(?:名称)?|表\s*名|标题|题名|title",
    Part.NOTE: r"(?:附?注|註|附註|备\s*注|備註|说\s*明|說明|填表说明|指标解释|附注说明|notes?|remarks?|footnotes?)"
    r"\s*\d{0,2}",
}
_LABEL = re.compile(
    r"(?:^|(?<=[\s\u3000，,；;（(【\[、|]))"
    + "(?:"
    + "|".join(f"(?P<{part.name}>{words})" for part, words in _LABELS.items())
    + r")\s*[:：]\s*",
    re.IGNORECASE,
)
_NOTE_START = re.compile(r"(?:附?注|註|备注|说明|notes?)\s*(?:\d{1,2}\s*)?[、.．\s]\s*(?=\S)", re.IGNORECASE)
_TAKEN_FROM = re.compile(r"(?:摘编自|摘自|引自|转引自|来源于|资料来自|数据来自)\s*[:：]?\s*(.+)", re.DOTALL)
_BRACKETED = re.compile(r"[（(\[【]\s*([^（）()\[\]【】]{1,30})\s*[)）\]】]")
_ORGANISATION = re.compile(
    r"(?:.*(?:局|委|委员会|办|办公室|厅|政府|部|处|科|站|中心|院|所|公司|总队|大队|支队|队|社|银行|协会|学会|学校|大学|医院|署"
    r"|海关|集团|管委会|工信|统计|Bureau|Department|Office|Ministry|Agency)(?:[（(].*[)）])?)",
    re.IGNORECASE | re.DOTALL,
)
_ATTACHED = re.compile(r"(?:附[件表录錄]?|附件表|续表|續表)\s*[\d一二三四五六七八九十]*(?:[-—.]\d+)?\s*[:：]?")
_NUMBERED = re.compile(
    r"^\s*(?:附[件表录]\s*[\d一二三四五六七八九十]*\s*[-—.]?\d*\s*[:：、.]?\s*|(?:表|table)\s*\d+(?:\s*[-—.－]\s*\d+)*"
    r"\s*[:：、.]?\s*"
    r"|\d{1,3}(?:\s*[-—－]\s*\d{1,3})+\s*[、.]?\s*(?!年|月|日|\d)|\d{1,2}[、.．]\s*(?=\D)|[一二三四五六七八九十]{1,3}、\s*)",
    re.IGNORECASE,
)
_CONTINUED = re.compile(r"(?:续|續)\s*表|continued", re.IGNORECASE)
_LONGEST = 1000

MARK = re.compile(r"[*＊※†‡①②③④⑤⑥⑦⑧⑨⑩]{1,3}|[（(][1-9][)）](?=\D)|\[[1-9]\]")


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that a line says; `line` is the whole of it. `is_labelled` tells that a label names what it is."""

    part: Part
    text: str
    line: str
    is_labelled: bool = True


def read_above(lines: Sequence[str]) -> Iterator[Said]:
    """What the lines above the header say."""
    in_note = False
    for line in lines:
        for said in _split(line):
            if in_note and not said.is_labelled and said.part == Part.TEXT:
                said = Said(Part.NOTE, said.text, line)
            in_note = said.part == Part.NOTE
            yield said


def read_below(lines: Sequence[str]) -> Iterator[Said]:
    """What the lines below the table say; what nothing labels is a note."""
    for line in lines:
        taken = _TAKEN_FROM.fullmatch(line.strip(" \u3000（）()"))
        if taken is not None:
            yield Said(Part.SOURCE, taken[1].strip(), line, is_labelled=False)
            continue
        if _is_note(line):
            yield Said(Part.NOTE, _NOTE_START.sub("", _drop_label(line), count=1).strip(), line)
            continue
        for said in _split(line):
            if said.part in (Part.TEXT, Part.TITLE, Part.NAMED_TITLE, Part.PERIOD):
                yield Said(Part.NOTE, said.text if said.part == Part.TEXT else said.line, line, is_labelled=False)
            else:
                yield said


def strip_number(title: str) -> str:
    """A title without the number of the table or the attachment before it; empty where it is nothing but that."""
    return "" if _ATTACHED.fullmatch(title.strip()) else _NUMBERED.sub("", title, count=1).strip()


def is_continued(title: str) -> bool:
    """Whether a line only says that the table goes on."""
    return bool(_CONTINUED.search(title))


def is_organisation(text: str) -> bool:
    """Whether a text is the name of an office, not of a person."""
    return len(text) > 2 and bool(_ORGANISATION.fullmatch(text.strip()))


def find_bracketed(text: str) -> str:
    """What a line in brackets has in them, empty for any other line."""
    match = _BRACKETED.fullmatch(text.strip())
    return match[1].strip() if match else ""


def split_mark(note: str) -> tuple[str, str]:
    """The footnote mark that a note begins with, and the rest."""
    match = MARK.match(note.strip())
    return (match[0], note.strip()[match.end() :].strip()) if match else ("", note.strip())


def _is_note(line: str) -> bool:
    """Whether a line begins as a note: whatever looks like a label in it is part of its sentence."""
    label = _LABEL.match(line.strip())
    return (label is not None and label.lastgroup == Part.NOTE.name) or bool(_NOTE_START.match(line.strip()))


def _drop_label(line: str) -> str:
    label = _LABEL.match(line.strip())
    return line.strip()[label.end() :] if label is not None and label.lastgroup == Part.NOTE.name else line.strip()


def _split(line: str) -> Iterator[Said]:
    """A line by its labels; what comes before the first is free text. Very long lines are notes."""
    if _is_note(line) or len(line) > _LONGEST:
        yield Said(Part.NOTE, _NOTE_START.sub("", _drop_label(line), count=1).strip(), line)
        return
    found = list(_LABEL.finditer(line))
    free = line[: found[0].start()] if found else line
    if free.strip(" \u3000()（）【】[]"):
        yield Said(Part.TEXT, free.strip(), line, is_labelled=False)
    for match, after in zip_longest(found, found[1:]):
        text = line[match.end() : after.start() if after else None].strip(" \u3000，,；;、|")
        part = Part[str(match.lastgroup)]
        if _opens(line, match.start()):
            text = text.removesuffix(")").removesuffix("）").removesuffix("]").removesuffix("】").strip()
        if (
            part in (Part.OFFICE, Part.UNIT)
            and (seen := find_period(text)) is not None
            and text[: seen.start][-1:].isspace()
        ):
            yield Said(Part.TEXT, text[seen.start :], line, is_labelled=False)
            text = text[: seen.start].strip()
        if text:
            yield Said(_settle(part, text, match[0]), text, line)


def _settle(part: Part, text: str, label: str) -> Part:
    """What a labelled text is, where its label has two meanings: `单位` is a unit or an office."""
    if part == Part.UNIT and not is_unit(text) and is_organisation(text):
        return Part.OFFICE
    if part == Part.OFFICE and not is_organisation(text) and not re.search("单位|部门|机构|机关", label):
        return Part.DROPPED  # `制表：` names a person as often as an office
    return part


def _opens(line: str, place: int) -> bool:
    return line[:place].rstrip()[-1:] in "（([【" if place else False
