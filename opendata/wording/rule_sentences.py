"""The sentences of broken constraints, and of the warnings of a report."""

from __future__ import annotations

from collections.abc import Mapping

from opendata.errors import N_
from opendata.wording.finding_sentences import Sentences

WARNINGS: Mapping[str, str] = {
    "capped-list": N_("%(listed)s of %(total)s errors are listed. The counts are exact"),
    "rounded-numbers": N_(
        "Column “%(field)s”: %(count)s numbers have more digits than a 64-bit float keeps. The CSV has all digits, the"
        " Parquet file has the nearest float"
    ),
    "spaced-moments": N_(
        "Column “%(field)s”: %(count)s cells have a space between date and time. They are published with a “T”"
    ),
    "cut-moments": N_(
        "Column “%(field)s”: %(count)s times are finer than a microsecond. They are published without the digits"
        " beyond. To keep these, declare the column as text (“string”) in the schema"
    ),
    "bare-returns": N_("The lines end in CR alone, as in old Macintosh files. They can still be read"),
    "unchecked-tables": N_("The schema is for one table. These tables weren't checked: %(names)s"),
    "open-question": N_("Check how the file was read. %(message)s"),
    "unchecked-key": N_("The key to “%(target)s” isn't checked: there is no instance to look it up in"),
}
"""Code → the warning of a report."""

CONSTRAINTS: Mapping[str, Sentences] = {
    "required": Sentences(
        N_("Missing value"),
        N_("The cell is empty"),
        N_(
            "Enter a value. This column can't be empty. In Excel, filter the column by “(Blanks)” to see all"
            " empty cells"
        ),
    ),
    "unique": Sentences(
        N_("Duplicate value"),
        N_("“%(value)s” appears more than once in this column"),
        N_("Each value can appear only once"),
    ),
    "enum": Sentences(
        N_("Value not allowed"),
        N_("“%(value)s” isn't one of the allowed values"),
        N_("Use one of %(limit)s"),
    ),
    "pattern": Sentences(
        N_("Pattern not matched"),
        N_("“%(value)s” doesn't match the pattern %(limit)s"),
        N_(
            "Write the value as the schema requires. If Excel has removed the leading zeros of a code, set"
            " the column to “Text” first, then write it again"
        ),
    ),
    "minimum": Sentences(
        N_("Too small"),
        N_("“%(value)s” is less than %(limit)s"),
        N_("The value must be at least %(limit)s"),
    ),
    "maximum": Sentences(
        N_("Too large"),
        N_("“%(value)s” is more than %(limit)s"),
        N_("The value must be at most %(limit)s"),
    ),
    "exclusiveMinimum": Sentences(
        N_("Too small"),
        N_("“%(value)s” isn't more than %(limit)s"),
        N_("The value must be more than %(limit)s"),
    ),
    "exclusiveMaximum": Sentences(
        N_("Too large"),
        N_("“%(value)s” isn't less than %(limit)s"),
        N_("The value must be less than %(limit)s"),
    ),
    "minLength": Sentences(
        N_("Too short"),
        N_("“%(value)s” is too short"),
        N_("At least %(limit)s characters are required"),
    ),
    "maxLength": Sentences(
        N_("Too long"),
        N_("“%(value)s” is too long"),
        N_("At most %(limit)s characters are allowed"),
    ),
    "jsonSchema": Sentences(
        N_("JSON with another structure"),
        N_("“%(value)s” is JSON, but doesn't have the structure that the schema requires"),
        N_("Compare it with the same cell of a correct row, and correct it"),
    ),
}
"""Constraint → its sentences."""
