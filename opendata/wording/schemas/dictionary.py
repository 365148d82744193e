"""The words of a schema as a workbook or a grid: what its cells are called, and how a clerk fills them in."""

from __future__ import annotations

from collections.abc import Mapping

from opendata.errors import N_

CELL_TITLES: Mapping[str, str] = {
    "title": N_("Title"),
    "name": N_("Name"),
    "type": N_("Type"),
    "required": N_("Must be filled in"),
    "key": N_("In the key"),
    "unit": N_("Unit"),
    "description": N_("Description"),
    "codes": N_("Code list"),
    "missing": N_("Texts that mean “no value”"),
    "unique": N_("No duplicates"),
    "minimum": N_("Smallest value"),
    "maximum": N_("Largest value"),
    "minLength": N_("Fewest characters"),
    "maxLength": N_("Most characters"),
    "pattern": N_("Pattern"),
    "format": N_("Format"),
    "aliases": N_("Other names of the column"),
    "example": N_("Example"),
    "rest": N_("Other properties (JSON)"),
}
"""The cells of a field, in the order of the columns of a workbook."""

CELL_HINTS: Mapping[str, str] = {
    "title": N_("What readers see above the column"),
    "name": N_("What the column is called in the published file. No two columns have the same name"),
    "type": N_("What kind of values the column has. Choose one from the list"),
    "required": N_("Write “yes” if no cell may be empty"),
    "key": N_(
        "Write 1 in the column that identifies a row, such as a code. If it takes several columns, write 1, 2 and so on"
    ),
    "unit": N_("Such as metres, yuan or persons"),
    "description": N_("What the values mean, and how they were collected"),
    "codes": N_("The values that are allowed, one on each line. To say what a code means, write: 1 = male"),
    "missing": N_('One on each line, such as - or N/A. Two quotation marks ("") stand for an empty cell'),
    "unique": N_("Write “yes” if no value may appear more than once"),
    "minimum": N_("The smallest number or the first date that is allowed"),
    "maximum": N_("The largest number or the last date that is allowed"),
    "minLength": N_("A whole number, for texts"),
    "maxLength": N_("A whole number, for texts"),
    "pattern": N_("A regular expression for the whole cell, such as [A-Z][0-9]{3}"),
    "format": N_("How values are written, such as %%d.%%m.%%Y for a date or email for a text"),
    "aliases": N_("Names that the column has in other files, one on each line"),
    "example": N_("One value, as it is written in the file"),
    "rest": N_("For experts. It has what no other cell shows. Leave it as it is"),
}

TABLE_TITLES: Mapping[str, str] = {
    "title": N_("Title of the schema"),
    "description": N_("Description"),
    "fieldsMatch": N_("Which columns the file must have"),
    "missing": N_("Texts that mean “no value”, in every column"),
    "rest": N_("Other properties (JSON)"),
}

MATCHES: Mapping[str, str] = {
    "exact": N_("The file has exactly these columns, in this order"),
    "equal": N_("The file has exactly these columns, in any order"),
    "subset": N_("The file has these columns and may have others"),
    "superset": N_("The file has no other columns, but some of these may be missing"),
    "partial": N_("The file has at least one of these columns, and may have others"),
}

SHEETS: Mapping[str, str] = {
    "columns": N_("Columns"),
    "table": N_("The table as a whole"),
    "help": N_("How to fill it in"),
}
YES = N_("yes")
