"""The patterns learned from the rows of a sheet take whole blocks: full rows, and those with cells left empty."""

from __future__ import annotations

import pytest

from opendata.intake.workbook.xlsx_form import RowForm, learn_form


def learn() -> RowForm:
    cells = [(1, "n", "", "", "1", False), (2, "s", "3", 's="3" t="s"', "0", False)]
    form = learn_form([cells, cells], {3}, lambda cell_type, _: "s" if cell_type == "s" else "number")
    assert form is not None
    return form


def write(number: int, *cells: str) -> str:
    return f'<row r="{number}">{"".join(cell.format(n=number) for cell in cells)}</row>'


NUMBER = '<c r="A{n}"><v>7</v></c>'
TEXT = '<c r="B{n}" s="3" t="s"><v>5</v></c>'
EMPTY = '<c r="{column}{{n}}" s="3"/>'


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        ((NUMBER, TEXT), ("7", "5")),
        ((NUMBER, TEXT, EMPTY.format(column="C")), ("7", "5")),
        ((NUMBER, EMPTY.format(column="B")), ("7", "")),
        ((EMPTY.format(column="A"), TEXT), ("", "5")),
        ((TEXT,), ("", "5")),
        ((), ("", "")),
    ],
)
def test_a_block_is_taken_whole_with_cells_that_have_a_format_and_no_value(
    cells: tuple[str, ...], values: tuple[str, str]
) -> None:
    form, text = learn(), write(1, NUMBER, TEXT) + write(2, *cells)
    found = form.take(text, 0, text.rfind("</row>"))
    assert [row[1] for row in found] == ["1", "2"]
    assert [row[3:] for row in found] == [("7", "5"), values]


def test_a_block_with_something_else_between_is_not_taken() -> None:
    text = write(1, NUMBER, TEXT) + "<!-- -->" + write(2, NUMBER, TEXT)
    assert learn().take(text, 0, text.rfind("</row>")) == []
