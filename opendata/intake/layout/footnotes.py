"""Where a table ends: the notes, sources and blank rows below its last row; and the totals among its rows."""

from __future__ import annotations

import re
from collections.abc import Sequence

from opendata.errors import N_
from opendata.intake.understanding import Decision, Layout
from opendata.tables.notation.totals import is_total

_NOTE = re.compile(
    r"\W*(?:附?注|註|附註|备注|備註|说明|說明|(?:资料|資料|数据|數據|信息)(?:来源|來源)|来源|來源|填表说明|指标解释"
    r"|sources?|data sources?|notes?|remarks?|footnotes?|fuente|quelle|nota|erläuterung)"
    r"\s*(?:\d{0,2}\s*[:：.、]|\s\d\s).*"
    r"|(?:摘编自|摘自|引自|转引自).+",
    re.IGNORECASE | re.DOTALL,
)
_FORM_FOOT = re.compile(
    r"\W*(?:(?:单位|部门|统计)?负责人|(?:填表|制表|审核|复核|报送|经办|联系)人|审核|复核|制表|填表|联系(?:电话|方式)|电话"
    r"|(?:填报|填表|制表|报出|报送|上报)(?:单位|部门|机关|日期|时间))\s*(?:[（(][^()（）]{1,8}[)）])?\s*[:：].*",
    re.DOTALL,
)
"""What stands at the foot of a form: who filled it in, who checked it, when."""

_SENTENCE = re.compile(r".*[。；;.][”」』)）\"]?\s*", re.DOTALL)
_MARKED = re.compile(r"[*＊※†①②③④].{6,}", re.DOTALL)
_WORDS = re.compile(r"[^\W\d_]")
_LONG = 30
_SHORT = 10
_LOOK = 200


def find_footnotes(
    tail: Sequence[tuple[int, Sequence[str]]], layout: Layout, body: Sequence[Sequence[str]]
) -> tuple[int | None, tuple[str, ...], list[Decision]]:
    """The last row of the table, the notes below it, and why; None where the table goes to the end.

    `tail` are the last rows with their numbers, `body` rows of the table to compare with. Only what says that it is
    a note begins the notes: a last row with missing cells is data. Rows of totals are data as well, only mentioned.
    """
    rows = [(number, _cut(row, layout)) for number, row in tail if number >= layout.first_row]
    decisions: list[Decision] = []
    sample = [_cut(row, layout) for row in body]
    width = max((len(_filled(row)) for row in sample), default=0)
    width = max(width, max((len(_filled(row)) for _, row in rows), default=0))
    end = len(rows)
    if width > 1:
        while end and not _filled(rows[end - 1][1]):
            end -= 1
    blank = len(rows) - end
    start = _find_start(rows[:end], sample, width, layout.first_row) if width > 1 else end
    notes = tuple(" ".join(map(_tidy, filter(str.strip, row))) for _, row in rows[start:end] if _filled(row))
    if start < end:
        text = N_("Below the table, not part of it: %(lines)s")
        details = {"count": len(notes), "lines": " / ".join(notes)}
        decisions.append(Decision(rule="footnotes", text=text, details=details, sure=0.92))
        while start and not _filled(rows[start - 1][1]):
            start -= 1
    elif blank and end:
        text = N_("Blank rows after the last row are left out: %(count)s")
        decisions.append(Decision(rule="blank-rows", text=text, details={"count": blank}))
    if end == 0 or (start == 0 and rows[0][0] > layout.first_row):
        return None, (), []  # nothing but notes within reach: it is unclear where they begin
    decisions += _find_totals(rows[:start], layout, body)
    last = rows[start - 1][0] if start else layout.first_row - 1
    return (last if start < len(rows) else None), notes, decisions


def is_note(text: str) -> bool:
    """Whether a text is worded like a note below a table: its source, a remark."""
    start = text[:_LOOK]
    return bool(_NOTE.match(start) or _FORM_FOOT.match(start) or _MARKED.fullmatch(start))


def is_prose(rows: Sequence[Sequence[str]]) -> bool:
    """Whether rows are lines of text, not a table: one cell each, all below the first like notes or sentences.

    A single short line may be the name of a column without values.
    """
    lines = [[cell.strip() for cell in row if cell.strip()] for row in rows]
    lines = [line for line in lines if line]
    if not lines or any(len(line) > 1 for line in lines):
        return False
    texts = [line[0] for line in lines]
    if len(texts) == 1:
        return len(texts[0]) > _SHORT or is_note(texts[0])
    return all(is_note(text) or _SENTENCE.fullmatch(text) for text in texts[1:])


def _find_start(
    rows: Sequence[tuple[int, Sequence[str]]], body: Sequence[Sequence[str]], width: int, first_row: int
) -> int:
    """The index of the first row of notes in what may be notes: the rows at the end that fill hardly a cell."""
    top = len(rows)
    most = 2 if width > 3 else 1
    while top and (len(_filled(rows[top - 1][1])) <= most or _is_form_foot(rows[top - 1][1])):
        top -= 1
    above = body[: rows[top][0] - first_row] if top < len(rows) else body
    body = above or body  # in a small table the notes themselves are among the rows to compare with
    lengths = [len(row[0].strip()) for row in body if row]
    usual = max(lengths, default=0)
    sparse = sum(len(_filled(row)) < 2 for row in body) * 5 > len(body)
    start = len(rows)
    for index in reversed(range(top, len(rows))):
        row = rows[index][1]
        filled = _filled(row)
        if not filled:
            continue
        text = row[filled[0]].strip()
        alone = len(filled) == 1
        apart = index > 0 and not _filled(rows[index - 1][1])
        wide = alone and width > 2 and len(text) > max(_LONG, 3 * usual) and (apart or bool(_SENTENCE.fullmatch(text)))
        if filled[0] < 2 and (
            _NOTE.match(text[:_LOOK])
            or _is_form_foot(row)
            or (not sparse and (wide or (alone and _MARKED.fullmatch(text))))
        ):
            start = index
        elif not alone or sparse or not _WORDS.search(text):
            break  # data, so that nothing above it is a note below the table
    return start


def _is_form_foot(row: Sequence[str]) -> bool:
    """Whether each cell of a row is one of those at the foot of a form."""
    cells = [cell.strip()[:_LOOK] for cell in row if cell.strip()]
    return bool(cells) and all(map(_FORM_FOOT.fullmatch, cells))


def _find_totals(
    rows: Sequence[tuple[int, Sequence[str]]], layout: Layout, body: Sequence[Sequence[str]]
) -> list[Decision]:
    first = [(layout.first_row + index, _cut(row, layout)) for index, row in enumerate(body[:1])]
    found = {
        number: label
        for number, row in [*first, *rows[-3:]]
        if len(_filled(row)) > 1
        for cell in list(row)[:2]
        if is_total(label := "".join(cell[:_LOOK].split()))
    }
    if not found:
        return []
    text = N_("Totals of other rows are kept as data: row %(rows)s (%(labels)s)")
    details = {"rows": ", ".join(map(str, sorted(found))), "labels": ", ".join(sorted(set(found.values())))}
    return [Decision(rule="total-row", text=text, details=details, sure=0.9)]


def _cut(row: Sequence[str], layout: Layout) -> Sequence[str]:
    return row[layout.first_column - 1 : layout.last_column]


def _filled(row: Sequence[str]) -> list[int]:
    return [index for index, cell in enumerate(row) if cell and not cell.isspace()]


def _tidy(cell: str) -> str:
    return " ".join(cell.split())
