"""What a file says about one of its tables, put together from its lines, header, sheet and name: each with how sure.

What is less sure than `CERTAIN` is a question to a person; nothing here decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from opendata.domain.meaning.periods import Period, join_periods, period_of, read_period
from opendata.domain.meaning.table_meaning import CERTAIN, FoundMeaning, FoundNote, FoundText, Place
from opendata.intake.meaning.lines import (
    MARK,
    Part,
    Said,
    find_bracketed,
    is_continued,
    read_above,
    read_below,
    split_mark,
    strip_number,
)
from opendata.intake.meaning.periods import find_partial, find_period, strip_period
from opendata.intake.meaning.units import find_unit, is_one_unit, is_unit

_MOST_NOTES = 20
_MOST_LINES = 60
_LONGEST_NOTE = 5000
_LONGEST_TITLE = 120
_LONGEST_LINE = 1000
"""No more of a line is looked at: patterns may take time that grows faster than the text."""

_LONGEST_UNIT = 40
_COPY = re.compile(r"(?:\s*[-—_]?\s*(?:副本|copy)|\s*[（(]\d{1,2}[)）])+$", re.IGNORECASE)
_HAN = re.compile(r"[\u3400-\u9fff]")
_LATIN = re.compile(r"[A-Za-z]{2}")
_GENERIC_SHEET = re.compile(r"(?:sheet|工作表|表|raw|data|数据)?[\s_-]*\d*", re.IGNORECASE)
_SAME_LINE = re.compile(r"\s{2,}|\u3000+")


def find_meaning(
    *,
    file: str,
    sheet: str | None,
    above: Sequence[str],
    below: Sequence[str],
    labels: Sequence[str],
    profile: Sequence[Mapping[str, Any]] = (),
    is_named: bool = True,
) -> FoundMeaning:
    """What the lines above and below a table say, its sheet and its file's name, the labels and profile of columns.

    `file` is the name of the file without its suffix, `labels` are the names of the columns as the file has them. A
    table without a title gets the Chinese name of its file, unless it has a name (`is_named`).
    """
    heads = list(read_above([line[:_LONGEST_LINE] for line in above]))
    feet = list(read_below([line[: _LONGEST_NOTE + 100] for line in below[:_MOST_LINES]]))
    file, sheet = file[:_LONGEST_LINE], sheet[:_LONGEST_LINE] if sheet else None
    title, english = _find_title(heads)
    if title is None and not is_named and _HAN.search(file):
        title = FoundText(describe_names(file), Place.FILE, file, CERTAIN)
    return FoundMeaning(
        title=title,
        title_en=english,
        unit=_find_table_unit(heads, feet),
        units=find_units(labels),
        period=_find_period(heads, title, file, sheet, profile),
        source=_find_labelled([*feet, *heads], Part.SOURCE, len(feet)),
        office=_find_labelled([*heads, *feet], Part.OFFICE, -len(heads)),
        notes=tuple(_list_notes(heads, feet, labels)),
    )


def find_units(labels: Sequence[str]) -> Mapping[str, str]:
    """The units that the names of columns state, by these names."""
    return {label: unit for label in labels if (unit := find_unit(label))}


def describe_names(file: str) -> str:
    """The name of a file as the name of its table: without period, without the number of the table or of a copy."""
    stem = _COPY.sub("", file) or file
    stem = strip_number(stem) or stem
    stripped = strip_number(strip_period(stem)) or strip_period(stem)
    return stripped if len(stripped) > 1 else file


def _find_title(heads: Sequence[Said]) -> tuple[FoundText | None, FoundText | None]:
    """The title of a table without its period, and the one in English below it."""
    named = [said for said in heads if said.part == Part.NAMED_TITLE]
    free = [said for said in heads if said.part == Part.TEXT and not find_bracketed(said.text)]
    texts = []
    for said in (*named, *free):
        text = strip_period(_drop_unit(strip_number(said.text)))
        if text and not is_continued(said.text) and not is_unit(text) and len(text) > 1 and re.search(r"[^\W\d]", text):
            texts.append((said, text))
    if not texts:
        return None, None
    said, text = texts[0]
    sure = (
        0.95
        if len(text) <= _LONGEST_TITLE and (said.is_labelled or said.line == heads[0].line or len(texts) < 3)
        else 0.8
    )
    title = FoundText(text, Place.ABOVE, said.line, sure)
    if not _HAN.search(text):
        return title, None
    english = next(
        ((other, words) for other, words in texts[1:] if _LATIN.search(words) and not _HAN.search(words)), None
    )
    return title, FoundText(english[1], Place.ABOVE, english[0].line, 0.9) if english else None


def _drop_unit(title: str) -> str:
    """A title without the unit in brackets at its end."""
    head, opened, tail = title.replace("（", "(").rpartition("(")
    inside = tail.rstrip(" )）")
    return title[: len(head)].strip() if opened and head and is_one_unit(inside) else title


def _find_table_unit(heads: Sequence[Said], feet: Sequence[Said]) -> FoundText | None:
    for said in (*heads, *feet):
        if said.part == Part.UNIT and len(said.text) <= _LONGEST_UNIT:
            where = Place.ABOVE if said in heads else Place.BELOW
            return FoundText(said.text, where, said.line, 1.0 if is_unit(said.text) else 0.8)
    for said in heads:
        if said.part == Part.TEXT and is_unit(inside := find_bracketed(said.text)):
            return FoundText(inside, Place.ABOVE, said.line, 0.95)
    for said in heads:
        if said.part in (Part.NAMED_TITLE, Part.TEXT) and (unit := find_unit(strip_period(said.text))):
            return FoundText(unit, Place.ABOVE, said.line, 0.95)
    return None


def _find_labelled(said: Iterable[Said], part: Part, first: int) -> FoundText | None:
    """The first text that a label names; `first` many of the lines are below the table (negative: above)."""
    for number, item in enumerate(said):
        if item.part == part and len(item.text) <= 300:
            is_below = number < first if first >= 0 else number >= -first
            text = item.text.rstrip("。. ")
            return FoundText(
                text, Place.BELOW if is_below else Place.ABOVE, item.line, 0.97 if item.is_labelled else 0.92
            )
    return None


def _list_notes(heads: Sequence[Said], feet: Sequence[Said], labels: Sequence[str]) -> Iterator[FoundNote]:
    notes = [(Place.ABOVE, said) for said in heads if said.part == Part.NOTE]
    notes += [(Place.BELOW, said) for said in feet if said.part == Part.NOTE]
    for place, said in [item for item in notes if 0 < len(item[1].text) <= _LONGEST_NOTE][:_MOST_NOTES]:
        mark, text = split_mark(said.text)
        columns = tuple(label for label in labels if mark and mark in MARK.findall(label))
        if re.search(r"[^\W\d]", text):  # not the number alone of a line whose source was taken
            yield FoundNote(text, place, 0.95, mark, columns)


def _find_period(
    heads: Sequence[Said],
    title: FoundText | None,
    file: str,
    sheet: str | None,
    profile: Sequence[Mapping[str, Any]],
) -> FoundText | None:
    """The period of a table. Where two places say the same it is sure, where they differ it is a question."""
    found = list(_list_periods(heads, title, file, sheet))
    if not found:
        return _find_period_of_columns(profile)
    best, period = max(found, key=lambda item: item[0].sure)
    for other, again in found:
        if other is best or again.text == period.text:
            continue
        if again.contains(period) or (period.is_interval and period.contains(again)):
            continue
        if period.contains(again):
            return FoundText(again.text, other.where, other.line, 0.8)
        return FoundText(best.value, best.where, best.line, min(best.sure, 0.6), other.value)
    agreed = sum(again.text == period.text for _, again in found) > 1
    return FoundText(best.value, best.where, best.line, 0.98) if agreed else best


def _list_periods(
    heads: Sequence[Said], title: FoundText | None, file: str, sheet: str | None
) -> Iterator[tuple[FoundText, Period]]:
    labelled = [said for said in heads if said.part == Part.PERIOD]
    free = [said for said in heads if said.part in (Part.TEXT, Part.NAMED_TITLE)]
    names = [(Place.SHEET, sheet or ""), (Place.FILE, file)]
    for said in labelled[:1]:
        if (seen := find_period(said.text)) is not None:
            yield FoundText(seen.period.text, Place.ABOVE, said.line, 0.97), seen.period
    for said in free:
        if (seen := find_period(said.text)) is not None:
            is_title = title is not None and said.line == title.line
            sure = (0.8 if seen.is_plain else 0.95) if is_title or said.text.strip() == said.line.strip() else 0.93
            yield FoundText(seen.period.text, Place.ABOVE, said.line, sure), seen.period
            break
    for where, name in names:
        if (seen := find_period(name)) is not None:
            yield FoundText(seen.period.text, where, name, 0.7 if seen.is_plain else 0.85), seen.period
    years = {seen.period.start.year for name in (file, sheet or "") if (seen := find_period(name)) is not None}
    for where, name in names:
        if len(years) == 1 and (part := find_partial(name, *years)) is not None and find_period(name) is None:
            yield FoundText(part.period.text, where, name, 0.75), part.period


def _find_period_of_columns(profile: Sequence[Mapping[str, Any]]) -> FoundText | None:
    """From the least to the greatest of the only column of days, months or years, as a question."""
    spans = [(str(item.get("name", "")), span) for item in profile if (span := _span(item)) is not None]
    if len(spans) != 1:
        return None
    name, span = spans[0]
    return FoundText(span.text, Place.DATA, name, 0.5)


def _span(column: Mapping[str, Any]) -> Period | None:
    if column.get("type") not in ("date", "year", "yearmonth"):
        return None
    first, last = (read_period(str(column.get(name, ""))[:10]) for name in ("least", "greatest"))
    if first is None or last is None or first.kind != last.kind:
        return None
    whole = join_periods(first, last)
    for kind in ("month", "quarter", "year"):
        if whole is not None and (round_one := period_of(whole.start, kind)).end == whole.end:
            whole = round_one if round_one.start == whole.start else whole
    return whole
