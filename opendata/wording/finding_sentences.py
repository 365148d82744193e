"""The sentences of findings for people: by code what each is called, what is wrong, what to do about it in Excel.

Source: the error types of Frictionless 5.21 and our own. Longer than most modules because it is one table of sentences.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from opendata.errors import N_


class Sentences(NamedTuple):
    """What a finding is called, what is wrong, and how to put it right."""

    title: str
    message: str
    advice: str = ""


CHECK_ADVICE = N_("Look at the values of this row together, and correct the one that is wrong")
UNREADABLE = N_("File can't be read")
REPAIR = N_("Repair the file or save it again, then upload it")
SAVE_AS = N_("In Excel choose “Save as”, type “CSV UTF-8 (comma delimited)”, then upload the file")
CORRECT_PACKAGE = N_("Correct this in the package, then try again")

SENTENCES: Mapping[str, Sentences] = {
    # cells
    "type-error": Sentences(N_("Wrong type"), N_("“%(value)s” is not of the type “%(type)s”")),
    "unreadable-value": Sentences(
        N_("Wrong type"),
        N_("The rules of the schema can't be applied to “%(value)s”: %(reason)s"),
        N_("Correct the value, or choose another schema"),
    ),
    "integer-too-large": Sentences(
        N_("Wrong type"),
        N_("The number “%(value)s” doesn't fit 64 bits"),
        N_("If this is a code, declare the column as text (“string”) in the schema; else correct the number"),
    ),
    "decimal-too-long": Sentences(
        N_("Wrong type"),
        N_("The number “%(value)s” has more than %(scale)s decimal places, or more than 38 digits"),
        N_("Round the number, or declare more decimal places (“scale”) in the schema"),
    ),
    "double-too-large": Sentences(
        N_("Wrong type"),
        N_("The number “%(value)s” doesn't fit a 64-bit float"),
        N_("Correct the number, or declare the column as text (“string”) in the schema"),
    ),
    "moment-without-utc": Sentences(
        N_("Wrong type"),
        N_("“%(value)s” has no UTC time between the years 1 and 9999"),
        N_("Correct the date, or its time zone"),
    ),
    "value-like-missing": Sentences(
        N_("Wrong type"),
        N_("Published, “%(value)s” would be written as a text that the schema reads as a missing value"),
        N_("Correct the value, or change “missingValues” in the schema"),
    ),
    "constraint-error": Sentences(
        N_("Rule broken"), N_("“%(value)s” breaks a rule of the schema"), N_("Correct the value")
    ),
    "lax-integer": Sentences(
        N_("Whole number in another form"),
        N_("“%(value)s” is a whole number, but not in the digits 0 to 9 alone"),
        N_(
            "Take out blanks and other marks, and write full-width digits as ordinary ones. In Excel, “Find & Replace”"
            " takes out blanks, and =ASC(A2) makes full-width digits ordinary"
        ),
    ),
    "lax-number": Sentences(
        N_("Number in another form"),
        N_("“%(value)s” is a number, but not in the digits 0 to 9 with a decimal point"),
        N_(
            "Take out blanks and other marks, and write full-width digits as ordinary ones. In Excel, “Find & Replace”"
            " takes out blanks, and =ASC(A2) makes full-width digits ordinary"
        ),
    ),
    "lax-date": Sentences(
        N_("Date in another form"),
        N_("“%(value)s” is a date, but not written as year-month-day with all its digits"),
        N_(
            "Write it as 2025-03-07. In Excel, select the column, choose “Format Cells”, “Custom”, type yyyy-mm-dd,"
            " and save as “CSV UTF-8”"
        ),
    ),
    "lax-yearmonth": Sentences(
        N_("Month in another form"),
        N_("“%(value)s” is a month, but not written as year-month with all its digits"),
        N_(
            "Write it as 2025-03. In Excel, select the column, choose “Format Cells”, “Custom”, type yyyy-mm,"
            " and save as “CSV UTF-8”"
        ),
    ),
    "lax-duration": Sentences(
        N_("Duration without a number"),
        N_("“%(value)s” names a unit of time without a number"),
        N_("Write a number before each letter, such as P1D for a day or PT30M for 30 minutes, or leave the cell empty"),
    ),
    "lax-uri": Sentences(
        N_("Address in another form"),
        N_("“%(value)s” has characters that a web address may not have"),
        N_(
            "Take out blanks; open the address in a browser and copy it from the address bar, which encodes all other"
            " characters"
        ),
    ),
    "blank-cell": Sentences(
        N_("Only blanks"),
        N_("The cell has only blanks, but a value is needed"),
        N_("Blanks are no value: write the value into the cell"),
    ),
    "category-error": Sentences(
        N_("Not one of the categories"),
        N_("“%(value)s” is none of the categories of this column"),
        N_(
            "Use one of the categories, written exactly so: %(limit)s. In Excel, “Data Validation” with a list offers"
            " nothing else"
        ),
    ),
    "custom-check": Sentences(
        N_("Schema check"), N_("This row doesn't pass a check of the schema: %(rule)s"), CHECK_ADVICE
    ),
    "uscc-check": Sentences(
        N_("Schema check"),
        N_(
            "“%(value)s” isn't a unified social credit code: it has 18 characters, and the last one follows from the"
            " others (GB 32100)"
        ),
        CHECK_ADVICE,
    ),
    "resident-id-check": Sentences(
        N_("Schema check"),
        N_(
            "“%(value)s” isn't a resident identity number: it has a region, a day of birth, and a last character that"
            " follows from them (GB 11643)"
        ),
        CHECK_ADVICE,
    ),
    "luhn-check": Sentences(
        N_("Schema check"), N_("The last digit of “%(value)s” doesn't follow from the others (Luhn)"), CHECK_ADVICE
    ),
    "order-check": Sentences(N_("Schema check"), N_("%(fields)s must be in ascending order"), CHECK_ADVICE),
    "strict-order-check": Sentences(
        N_("Schema check"), N_("%(fields)s must be in ascending order, and no two of them the same"), CHECK_ADVICE
    ),
    "sum-check": Sentences(N_("Schema check"), N_("“%(field)s” must be the sum of %(fields)s"), CHECK_ADVICE),
    "near-sum-check": Sentences(
        N_("Schema check"), N_("“%(field)s” must be the sum of %(fields)s, give or take %(tolerance)s"), CHECK_ADVICE
    ),
    "codes-check": Sentences(
        N_("Schema check"), N_("“%(value)s” isn't a code of the list that is valid on %(day)s"), CHECK_ADVICE
    ),
    "codes-on-check": Sentences(
        N_("Schema check"),
        N_("“%(value)s” isn't a code of the list that is valid on the day in “%(field)s”"),
        CHECK_ADVICE,
    ),
    "condition-check": Sentences(N_("Schema check"), N_("This must hold: %(demand)s"), CHECK_ADVICE),
    "conditional-check": Sentences(
        N_("Schema check"), N_("Where %(premise)s, this must hold: %(demand)s"), CHECK_ADVICE
    ),
    "unique-error": Sentences(
        N_("Duplicate value"),
        N_("“%(value)s” appears more than once in this column: it is in row %(row)s already"),
        N_(
            "Each value may occur once: delete the repeated row or correct the value. In Excel, “Conditional"
            " Formatting” shows duplicate values"
        ),
    ),
    # rows
    "primary-key": Sentences(
        N_("Duplicate key"),
        N_("The key of this row is in row %(row)s already"),
        N_("The key tells rows apart: delete the repeated row, or correct the key columns"),
    ),
    "empty-primary-key": Sentences(
        N_("Empty key"),
        N_("All key columns of this row are empty"),
        N_("The key tells rows apart: fill in the key columns, or delete the row"),
    ),
    "unique-key": Sentences(
        N_("Duplicate values"),
        N_("Row %(row)s has the same values in these columns already"),
        N_(
            "Together they may occur once: delete the repeated row or correct it. In Excel, sort by these columns to"
            " see such rows side by side"
        ),
    ),
    "foreign-key": Sentences(
        N_("Not in the other table"),
        N_("“%(values)s” isn't in the column “%(reference)s” of the table “%(table)s”"),
        N_("Correct the value, or add it to the other table and upload both"),
    ),
    "missing-cell": Sentences(
        N_("Cell missing"),
        N_("The row has fewer cells than the header has columns"),
        N_(
            "Add the missing cells; a separator is needed even for an empty one. Excel adds them when it saves as"
            " “CSV UTF-8”"
        ),
    ),
    "extra-cell": Sentences(
        N_("Cell too many"),
        N_("The row has more cells than the header has columns"),
        N_("Delete the extra cell; a text with a comma in it has to stand in quotation marks"),
    ),
    "blank-row": Sentences(
        N_("Empty row"),
        N_("The row has no content"),
        N_("Delete the row: in Excel with “Delete” on its number, not by emptying its cells"),
    ),
    # the header
    "blank-header": Sentences(
        N_("Missing header"),
        N_("Row %(row)s is empty, but it should name the columns"),
        N_("Write the names of the columns into this row"),
    ),
    "blank-label": Sentences(
        N_("Column without a name"),
        N_("The header has no name for column %(number)s"),
        N_("Write the column's name into the first row, or delete the column"),
    ),
    "duplicate-label": Sentences(
        N_("Column name twice"),
        N_("The column name “%(label)s” occurs more than once"),
        N_("Give each column a name of its own, or delete the column that is there twice"),
    ),
    "missing-label": Sentences(
        N_("Column missing"),
        N_("The schema has a column “%(column)s” that the file lacks"),
        N_("Add the column with exactly this name, in the schema's order"),
    ),
    "extra-label": Sentences(
        N_("Column too many"),
        N_("The schema knows no column “%(label)s”"),
        N_("Delete the column, or choose a schema that has it"),
    ),
    "incorrect-label": Sentences(
        N_("Wrong column name"),
        N_("The column is called “%(label)s”, the schema expects “%(column)s”"),
        N_("Rename the column, or put the columns into the schema's order"),
    ),
    "unmatched-header": Sentences(
        N_("No column known"),
        N_("No column of the file is in the schema"),
        N_("Check that the file and the schema belong together, and that the first row names the columns"),
    ),
    # the file
    "empty-source": Sentences(UNREADABLE, N_("The file is empty"), REPAIR),
    "too-many-cells": Sentences(
        UNREADABLE,
        N_("Row %(row)s has %(count)s cells, but a table may have at most %(limit)s columns"),
        N_("Save the table with fewer columns, or check which character separates them"),
    ),
    "cell-too-long": Sentences(
        UNREADABLE,
        N_("Row %(row)s has a cell of more than %(limit)s characters. Most likely it has an unclosed quote"),
        N_("Close the quotation mark at this row. Excel writes them correctly when it saves as “CSV UTF-8”"),
    ),
    "line-too-long": Sentences(UNREADABLE, N_("Row %(row)s is a line of more than %(limit)s characters"), REPAIR),
    "unsplittable-row": Sentences(UNREADABLE, N_("Row %(row)s can't be split into cells: %(reason)s"), REPAIR),
    "unclosed-quote": Sentences(
        N_("Unclosed quote"),
        N_("A quotation mark opened in row %(row)s is never closed, so the rest of the file would become one cell"),
        N_(
            "Close the quotation mark at this row, or write it twice if it belongs to the text. Excel writes them"
            " correctly when it saves as “CSV UTF-8”"
        ),
    ),
    "nul-byte": Sentences(
        N_("Damaged text"),
        N_("Row %(row)s has a NUL byte, which no text has: the file is damaged, or isn't a text file"),
        N_("Open the file in Excel, look at this row, and save it again as “CSV UTF-8”"),
    ),
    "encoding-error": Sentences(
        N_("Wrong encoding"),
        N_("Line %(line)s (byte %(byte)s of the file) isn't %(encoding)s"),
        SAVE_AS,
    ),
    "mistaken-encoding": Sentences(
        N_("Wrong encoding"),
        N_("Line %(line)s (byte %(byte)s of the file) isn't %(encoding)s. It looks like %(guess)s"),
        SAVE_AS,
    ),
    "source-error": Sentences(UNREADABLE, "", REPAIR),
    "format-error": Sentences(N_("This kind of file is not a table"), "", SAVE_AS),
    "resource-error": Sentences(N_("Table can't be used"), "", CORRECT_PACKAGE),
    "refused-file": Sentences(UNREADABLE, "", REPAIR),
    "refused-format": Sentences(N_("This kind of file is not a table"), "", SAVE_AS),
    "refused-resource": Sentences(N_("Table can't be used"), "", CORRECT_PACKAGE),
    "missing-reference": Sentences(
        N_("Table missing"),
        N_("The table “%(table)s” refers to the table “%(name)s”, which doesn't exist"),
        N_("Upload the table that is referred to as well"),
    ),
    "missing-reference-field": Sentences(
        N_("Table missing"),
        N_("The table “%(table)s” refers to the column “%(field)s” of “%(name)s”, which doesn't exist"),
        N_("Correct the foreign key in the schema, or upload a table with this column"),
    ),
}
"""Code, or error type as counts have it → its sentences."""

NAMELESS: Mapping[str, str] = {
    "unique-error": N_("The value appears more than once in this column: it is in row %(row)s already"),
}
"""Code → what is wrong, where the cell isn't kept with the finding."""

WARNINGS: Mapping[str, str] = {
    "capped-list": N_("%(listed)s of %(total)s errors are listed. The counts are exact"),
    "rounded-numbers": N_(
        "Column “%(field)s”: %(count)s numbers have more digits than a 64-bit float keeps. The CSV has all digits, the"
        " Parquet file has the nearest float"
    ),
    "spaced-moments": N_(
        "Column “%(field)s”: %(count)s times have a space between date and time. They are published with a “T”"
    ),
    "bare-returns": N_("The lines end in CR alone, as in old Macintosh files. They are read all the same"),
    "unchecked-tables": N_("The schema is for one table. These tables weren't checked: %(names)s"),
    "unchecked-key": N_("The key into “%(target)s” isn't checked: there is no instance to look in"),
}
"""Code → the warning of a report."""

TYPE_ADVICE: Mapping[str, str] = {
    "integer": N_(
        "Write a whole number in digits only, such as 1200: no spaces, thousands separators or units. In Excel, choose"
        " “Format Cells”, “Number”, without decimals or separator"
    ),
    "number": N_(
        "Write a number such as 12.5: no spaces, thousands separators or units. In Excel, choose “Format Cells”,"
        " “Number”, without the separator"
    ),
    "date": N_(
        "Write the date as year-month-day, such as 2025-03-07. In Excel, choose “Format Cells”, “Custom”, and type"
        " yyyy-mm-dd"
    ),
    "datetime": N_("Write date and time as 2025-03-07T09:30:00"),
    "time": N_("Write the time as 09:30:00"),
    "year": N_("Write the year in four digits, such as 2025"),
    "yearmonth": N_("Write year and month as 2025-03. In Excel, choose “Format Cells”, “Custom”, and type yyyy-mm"),
    "boolean": N_("Write true or false"),
    "geopoint": N_("Write longitude and latitude as 120.15, 30.28"),
    "duration": N_("Write the duration as P1D for a day or PT30M for 30 minutes"),
    "object": N_('Write a JSON object, such as {"a": 1}, with straight quotation marks'),
    "array": N_("Write a JSON list, such as [1, 2], with straight quotation marks"),
    "list": N_("Write the items one after the other, with the separator that the schema asks for"),
    "geojson": N_("Write a GeoJSON object; a map program exports it"),
    "email": N_("Write an e-mail address such as name@example.org, without blanks"),
    "uri": N_("Write the whole web address, with https:// and without blanks"),
    "uuid": N_("Write the identifier in the form 123e4567-e89b-12d3-a456-426614174000"),
    "binary": N_("Write the bytes in Base64, without blanks"),
}
"""Type, or format of a text → how to write it."""

CONSTRAINTS: Mapping[str, Sentences] = {
    "required": Sentences(
        N_("Value missing"),
        N_("The cell is empty"),
        N_(
            "Fill in the value; this column may not be empty. In Excel, filter the column by “(Blanks)” to see them all"
        ),
    ),
    "unique": Sentences(
        N_("Duplicate value"), N_("“%(value)s” appears more than once in this column"), N_("Each value may occur once")
    ),
    "enum": Sentences(
        N_("Value not allowed"),
        N_("“%(value)s” is not one of the values allowed"),
        N_("Use one of %(limit)s"),
    ),
    "pattern": Sentences(
        N_("Wrong form"),
        N_("“%(value)s” does not have the form %(limit)s"),
        N_(
            "Write the value in the form the schema asks for. Where Excel has taken the zeros from a code, set the"
            " column to “Text” first, then write it again"
        ),
    ),
    "minimum": Sentences(
        N_("Too small"),
        N_("“%(value)s” is less than %(limit)s"),
        N_("The value has to be at least %(limit)s"),
    ),
    "maximum": Sentences(
        N_("Too large"),
        N_("“%(value)s” is more than %(limit)s"),
        N_("The value may be at most %(limit)s"),
    ),
    "exclusiveMinimum": Sentences(
        N_("Too small"),
        N_("“%(value)s” is not more than %(limit)s"),
        N_("The value has to be more than %(limit)s"),
    ),
    "exclusiveMaximum": Sentences(
        N_("Too large"),
        N_("“%(value)s” is not less than %(limit)s"),
        N_("The value has to be less than %(limit)s"),
    ),
    "minLength": Sentences(
        N_("Too short"),
        N_("“%(value)s” is too short"),
        N_("At least %(limit)s characters are needed"),
    ),
    "maxLength": Sentences(
        N_("Too long"),
        N_("“%(value)s” is too long"),
        N_("At most %(limit)s characters are allowed"),
    ),
    "jsonSchema": Sentences(
        N_("JSON of another form"),
        N_("“%(value)s” is JSON, but not of the form the schema asks for"),
        N_("Compare it with the same cell of a row that is in order, and correct it"),
    ),
}
"""Constraint → its sentences."""
