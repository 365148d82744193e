"""What the cells of a column tell of themselves on the way."""

from __future__ import annotations

from opendata.intake.layout.workbook_facts import SheetFacts
from opendata.intake.workbook.cell_values import CellValues
from opendata.intake.workbook.shown_formats import ShownFormats


def test_dates_beside_an_impossible_one_are_no_durations() -> None:
    facts = SheetFacts()
    cells = CellValues("sheet", [], facts, ShownFormats())
    assert cells.convert("date", 1, [30, 31, 32], ["45292", "-2", ""]) == ["2024-01-01", "-2", ""]
    assert [(found.rule, found.details["count"]) for found in facts.decisions()] == [("invalid-date", 1)]
