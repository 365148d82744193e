"""The cells of a column in a workbook of XML as texts, by their type and the format of their style.

In, a column of one kind:    "=000000", cells "123" and "45"       "date", cells "45292" and ""
Out, its texts:              "000123" and "000045"                 "2024-01-01" and ""

What the cells give away on the way is noted in the facts of the sheet and in what its formats show.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, cast

from opendata.errors import N_
from opendata.intake.layout.workbook_facts import NumberMeasures, SheetFacts
from opendata.intake.workbook.cell_text import PARTS, iso_text, number_text, serial_texts
from opendata.intake.workbook.number_formats import PLAIN, NumberFormat
from opendata.intake.workbook.shown_formats import ShownFormats
from opendata.intake.workbook.xlsx_package import damaged, xml_text
from opendata.tables.arrow.compiled import find_compiled

# A column of numbers that are already written the shortest way; longer ones are looked at one by one.
_PLAIN_NUMBERS = re.compile(r"(?:(?:-?(?:0|[1-9]\d*)(?:\.\d*[1-9])?)?\n)*+")
_MINUS_ZERO = "-0\n"
_DIGITS_KEPT = 15


class CellValues:
    """Converts the cells of one sheet; `place` names it where a cell is damaged."""

    def __init__(
        self,
        place: str,
        styles: Sequence[NumberFormat],
        facts: SheetFacts,
        shown: ShownFormats,
        *,
        strings: Sequence[str] = (),
        epoch_1904: bool = False,
    ) -> None:
        self._place, self._strings = place, strings
        # A number that shows more than itself is of a kind that is named by its format.
        self._styles = [item.kind if item.is_plain or item.kind != "number" else f"={item.code}" for item in styles]
        self._formats = {kind: item for kind, item in zip(self._styles, styles, strict=True) if kind.startswith("=")}
        self._epoch_1904, self._facts, self._shown = epoch_1904, facts, shown

    def kind_of(self, cell_type: str, style: str) -> str:
        """What a cell holds: s, text, b, e, a kind of styles, or `=` and the format of a number that shows more."""
        if cell_type not in ("n", "d"):
            return {"inlineStr": "text", "str": "text"}.get(cell_type, cell_type)
        at = int(style) if style.isdigit() and len(style) < 9 else 0
        kind = self._styles[at] if at < len(self._styles) else "number"
        return kind if cell_type == "n" else f"iso {kind}"

    def convert(
        self, kind: str, column: int, rows: Sequence[int], raw: Sequence[str], *, escaped: bool = False
    ) -> Sequence[str]:
        """The texts of a column of one kind; empty values stay empty. With `escaped`, entities are resolved.

        Raises `UnreadableFileError` for a value that isn't of its kind.
        """
        try:
            if kind == "number" or kind.startswith("="):
                measured = _measure(raw)
                if len(raw) == 1:
                    texts: Sequence[str] = [number_text(raw[0]) if raw[0] else ""]
                elif not measured and not _are_plain("\n".join([*raw, ""])):
                    texts = [number_text(value) if value else "" for value in raw]
                elif (measured.longest if measured else max(map(len, raw))) > _DIGITS_KEPT:
                    texts = _shortest(raw)
                else:
                    texts = raw
                shown = self._formats.get(kind, PLAIN)
                if not shown.zeros:
                    self._facts.numbers(column, rows, texts, measured if texts is raw else _measure(texts))
                return self._shown.take(column, rows, texts, shown)
            if kind == "s":
                texts = self._shared(raw)
            elif kind == "text":
                joined = "\n".join(raw) if escaped else ""
                texts = [xml_text(value) for value in raw] if "&" in joined or "_x" in joined else raw
            elif kind == "b":
                texts = ["" if not value else "true" if value in {"1", "true"} else "false" for value in raw]
            elif kind == "e":
                for row, value in zip(rows, raw, strict=True):
                    if value:
                        self._facts.note("error-cell", row, column, value)
                texts = raw
            elif kind.startswith("iso "):
                style = kind.removeprefix("iso ")
                texts = [iso_text(value, style) for value in raw]
                return self._shown.cut_dates(column, rows, texts, PARTS[style]) if style in PARTS else texts
            else:
                return self._dates(kind, column, rows, raw)
        except (ValueError, IndexError) as error:
            raise damaged(f"{self._place}, {N_('column')} {column}, {N_('row')} {rows[0]}") from error
        self._facts.texts(column, rows, texts)
        return texts

    def _shared(self, raw: Sequence[str]) -> list[str]:
        strings = self._strings
        if "" in raw:
            return [strings[int(value)] if value else "" for value in raw]
        return [*map(strings.__getitem__, map(int, raw))]

    def _dates(self, kind: Any, column: int, rows: Sequence[int], raw: Sequence[str]) -> Sequence[str]:
        found = serial_texts(raw, "date" if kind in PARTS else kind, self._epoch_1904)
        if kind in PARTS:
            found = self._shown.cut_dates(column, rows, found, PARTS[kind])
        texts = [text for text in found if text is not None]
        if kind != "duration" and len(texts) == len(found):
            return texts
        for row, value, text in zip(rows, raw, found, strict=True):
            if value and (kind == "duration" or text is None):
                self._facts.note("duration" if text else "invalid-date", row, column, text or value)
        return [number_text(value) if text is None else text for value, text in zip(raw, found, strict=True)]


def _measure(texts: Sequence[str]) -> NumberMeasures | None:
    measure = find_compiled("measure_numbers") if isinstance(texts, list) and len(texts) > 1 else None
    found = measure(texts) if measure else None
    return NumberMeasures(*found) if found else None


def _are_plain(lines: str) -> bool:
    """Whether numbers, one a line, are all written as they shall be, but for needless digits."""
    if "\n0" not in lines and not lines.startswith("0") and lines.replace("\n", "").isdecimal() and lines.isascii():
        return True
    return bool(_PLAIN_NUMBERS.fullmatch(lines)) and _MINUS_ZERO not in lines


def _shortest(raw: Sequence[str]) -> list[str]:
    """Numbers written plainly but some of them at length, each in its shortest form."""
    shorten = find_compiled("shorten_numbers") if isinstance(raw, list) else None
    if shorten and (found := shorten(raw, _DIGITS_KEPT)):
        return cast(list[str], found)
    texts = [*raw]
    for place, size in enumerate(map(len, raw)):
        if size > _DIGITS_KEPT and not (value := raw[place]).isdigit():
            texts[place] = text = repr(float(value))
            if "e" in text or text.endswith(".0"):
                return [number_text(v) if v else "" for v in raw]
    return texts
