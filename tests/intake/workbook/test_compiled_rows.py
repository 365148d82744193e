"""Rows of sheets that the compiled module takes: the same cells, facts and errors as the regular expressions give."""

from __future__ import annotations

import datetime as dt
import io
import random
from typing import Any

import pytest

from opendata.errors import OpendataError
from opendata.intake.layout.workbook_facts import SheetFacts
from opendata.intake.workbook import cell_values, xlsx_form
from opendata.intake.workbook.cell_values import CellValues
from opendata.intake.workbook.number_formats import PLAIN, find_format
from opendata.intake.workbook.shown_formats import ShownFormats
from opendata.intake.workbook.xlsx_rows import SheetRows
from opendata.tables.arrow.compiled import find_compiled

STRINGS = ["Hamburg", "", "备注\n1", "12345", "-", *(f"n{at}" for at in range(20))]
STYLES = [PLAIN, find_format(14, None), find_format(0, "000000"), find_format(9, None)]
TEXTS = ["a", "", " ", "第5号", "a&amp;b", "&#x4e2d;", "_x000D_", "𠀀", "\u00a0x", "1 &lt; 2", "x" * 60, "甲" * 20]
NUMBERS = ["0", "7", "1.5", "-2", "45292", "12345678901", "1E3", "0.30000000000000004", "007", "1.50", "-0"]
ODD = [
    '<c r="{ref}"/>',
    '<c r="{ref}" s="1" />',
    '<c r="{ref}"></c>',
    '<c r="{ref}" t="inlineStr"><is><r><t>rich</t></r><r><t>er</t></r></is></c>',
    '<c r="{ref}" t="str"><v/></c>',
    '<c r="{ref}" t="str"><v xml:space="preserve"> x </v></c>',
    '<c r="{ref}" t="str"><f>A1&amp;""</f><v>made</v></c>',
    '<c r="{ref}"><f t="shared" si="0"/><v>3</v></c>',
    '<c r="{ref}"><f>1+1</f></c>',
    '<c r="{ref}" t="inlineStr"><is><t><![CDATA[<b>]]></t></is></c>',
    '<c r="{ref}"><!-- none --><v>4</v></c>',
    "<c r='{ref}'><v>5</v></c>",
    '<c  r="{ref}"><v>6</v></c>',
    '<c s="0" r="{ref}"><v>8</v></c>',
    '<c r="{ref}" a="&gt;/>"><v>8</v></c>',
    '<c r="{ref}" a=">"><v>8</v></c>',
    '<c r="{ref}" t="b"><v>1</v></c>',
    '<c r="{ref}" t="e"><v>#DIV/0!</v></c>',
    '<c r="{ref}" t="s"><v>999999</v></c>',
    '<c r="{ref}" t="s"><v>-1</v></c>',
    '<c r="{ref}" t="s"><v> 2 </v></c>',
    '<c r="{ref}" t="s"><v>٣</v></c>',
    '<c r="{ref}"><v>x</v></c>',
    '<c r="{ref}"><v></v></c>',
    '<c r="{ref}"> <v>9</v> </c>',
    '<c r="{ref}"><v>9</v><extLst/></c>',
    '<c r="{ref}"><v>9</v></c>\n',
    "",
]  # fmt: skip


def write_cell(chance: random.Random, kind: int, ref: str) -> str:
    """A cell as the kind of its column is usually written."""
    if kind < 2:
        return f'<c r="{ref}"><v>{chance.choice(NUMBERS[: 5 + 6 * kind])}</v></c>'
    if kind < 4:
        return f'<c r="{ref}" s="{chance.choice("0123")}"><v>{chance.choice(NUMBERS[:5])}</v></c>'
    if kind == 4:
        return f'<c r="{ref}" t="s"><v>{chance.randrange(len(STRINGS))}</v></c>'
    if kind == 5:
        space = chance.choice(["", ' xml:space="preserve"'])
        return f'<c r="{ref}" t="inlineStr"><is><t{space}>{chance.choice(TEXTS)}</t></is></c>'
    if kind == 6:
        return f'<c r="{ref}" t="str"><v>{chance.choice(TEXTS)}</v></c>'
    return f'<c r="{ref}" s="1"/>'


def write_sheet(chance: random.Random) -> bytes:
    """A sheet of which most rows are written alike."""
    kinds = [chance.randrange(8) for _ in range(chance.randrange(1, 6))]
    lost, oddity = chance.choice([0, 0, 0.1]), chance.choice([0, 0, 0.003, 0.03])
    rows, number = [], 0
    for _ in range(chance.randrange(90)):
        number += 1 if chance.random() < 0.98 else chance.randrange(4)
        cells = []
        for column, kind in enumerate(kinds):
            ref = f"{'ABCDEFG'[column]}{number}"
            if chance.random() < oddity:
                cells.append(chance.choice(ODD).format(ref=ref))
            elif chance.random() >= lost:
                cells.append(write_cell(chance, kind, ref))
        more = chance.choice(['hidden="1"', "x=''", "/", "  "]) if chance.random() < oddity else 'spans="1:9"'
        rows.append(f'<row r="{number}" {more}>{"".join(cells)}</row>')
        if chance.random() < oddity:
            rows.append(chance.choice(["\r\n", " ", "\u00a0", "<!-- -->", "<row/>", '<row r="9999999"></row>']))
    return f"<worksheet><sheetData>{''.join(rows)}</sheetData></worksheet>".encode()


class Slow(io.BytesIO):
    """A stream of short pieces, so that what earlier ones taught is used."""

    def read(self, _: int | None = -1) -> bytes:
        """The next piece."""
        return super().read(700)


def read_sheet(sheet: bytes) -> tuple[list[list[str]], Any]:
    """The rows before an error, and the facts, or the error."""
    facts, shown, rows = SheetFacts(), ShownFormats(), list[list[str]]()
    try:
        for block in SheetRows(Slow(sheet), "sheet", STRINGS, STYLES, False, facts, shown):
            rows += [list(row) for row in block.rows]
    except OpendataError as error:
        return [], type(error)
    shown.settle(1)
    width = max(map(len, rows), default=0)
    return [row + [""] * (width - len(row)) for row in rows], (facts.decisions(), [*shown.decisions()], shown.marks())


@pytest.mark.skipif(find_compiled("take_rows") is None, reason="the compiled module isn't built")
def test_compiled_rows_are_those_of_the_patterns(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = refused = 0

    def count(*arguments: Any) -> Any:
        nonlocal taken, refused
        found = find_compiled("take_rows")(*arguments)
        taken, refused = taken + (found is not None), refused + (found is None)
        return found

    for seed in range(120):
        sheet = write_sheet(random.Random(seed))
        monkeypatch.setattr(xlsx_form, "find_compiled", lambda _: count)
        monkeypatch.setattr(cell_values, "find_compiled", find_compiled)
        compiled = read_sheet(sheet)
        monkeypatch.setattr(xlsx_form, "find_compiled", lambda _: None)
        monkeypatch.setattr(cell_values, "find_compiled", lambda _: None)
        assert compiled == read_sheet(sheet), seed
    assert taken > 200
    assert refused > 300


@pytest.mark.skipif(find_compiled("measure_numbers") is None, reason="the compiled module isn't built")
def test_measured_numbers_tell_the_facts_that_searches_find(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = [*NUMBERS[:6], "", "1234567890123456", "-1234567890", "60000", "2024.1", "2024.12", "1.1399999999999999"]
    for seed in range(400):
        chance = random.Random(seed)
        among = chance.sample(plain, chance.randrange(1, 8)) + chance.choice([[], [], [chance.choice(NUMBERS)]])
        raw, told = chance.choices(among, k=chance.randrange(1, 20)), []
        for find in (find_compiled, lambda _: None):
            monkeypatch.setattr(cell_values, "find_compiled", find)
            facts = SheetFacts()
            facts.texts(1, [1], [("日期", "")[seed % 2]])
            texts = CellValues("sheet", [], facts, ShownFormats()).convert("number", 1, range(2, 2 + len(raw)), raw)
            told.append((list(texts), facts.decisions()))
        assert told[0] == told[1], raw


@pytest.mark.skipif(find_compiled("write_days") is None, reason="the compiled module isn't built")
def test_compiled_days_are_those_of_the_calendar() -> None:
    start = dt.date(1899, 12, 30)
    days = [*range(-1, 800), *range(36000, 37600), *range(73000, 73200), *range(2958000, 2958470)]
    for number in [*days, *random.Random(1).choices(range(2958466), k=20_000)]:
        text = (start + dt.timedelta(number)).isoformat() if 61 <= number < 2958466 else None
        assert find_compiled("write_days")(["", str(number)]) == (["", text] if text else None)
    for odd in ("045292", "45292.5", "4.5e4", "-45292", "４５２９２", "45292 ", "9" * 40):
        assert find_compiled("write_days")(["45292", odd]) is None
    assert find_compiled("write_days")(["1900", ""]) == ["1905-03-14", ""]


@pytest.mark.skipif(find_compiled("shorten_numbers") is None, reason="the compiled module isn't built")
def test_compiled_numbers_are_as_short_as_those_of_python() -> None:
    chance = random.Random(1)
    for _ in range(20_000):
        digits = "".join(chance.choices("0123456789", k=chance.randrange(16, 40)))
        cut = chance.randrange(1, len(digits))
        text = chance.choice(["", "-"]) + (digits[:cut].lstrip("0") or "0") + "." + digits[cut:].rstrip("0") + "7"
        shortest = repr(float(text))
        is_plain = "e" not in shortest and not shortest.endswith(".0")
        expected = shortest if is_plain and len(text) > 15 else None if len(text) > 15 else text
        found = find_compiled("shorten_numbers")([text, "1.5", "", "1234567890123456789"], 15)
        assert found == (None if expected is None else [expected, "1.5", "", "1234567890123456789"])
