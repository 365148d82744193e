"""The sentences of findings for people: by code what each is called, what is wrong, what to do about it in Excel.

Source: the error types of Frictionless 5.21 and our own. Longer than most modules because it is one table of sentences.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from opendata.errors import N_


class Sentences(NamedTuple):
    """What a finding is called, what is wrong, and how to fix it."""

    title: str
    message: str
    advice: str = ""


CHECK_ADVICE = N_("Check the values of this row together, and correct the one that is wrong")
UNREADABLE = N_("File can't be read")
REPAIR = N_("Repair the file or save it again, then upload it")
CLEAN_UP = N_("Clean the computer the file comes from, then upload a clean file")
SAVE_AS = N_("In Excel choose “Save as”, type “CSV UTF-8 (comma delimited)”, then upload the file")
CORRECT_PACKAGE = N_("Correct this in the package, then try again")

SENTENCES: Mapping[str, Sentences] = {
    # cells
    "type-error": Sentences(N_("Wrong type"), N_("“%(value)s” doesn't have the type “%(type)s”")),
    "array-item-type": Sentences(
        N_("Wrong type"),
        N_("An item of the list “%(value)s” doesn't have the type “%(type)s”"),
        N_("Correct the items of the list"),
    ),
    "unreadable-value": Sentences(
        N_("Wrong type"),
        N_("The rules of the schema can't be applied to “%(value)s”: %(reason)s"),
        N_("Correct the value, or choose another schema"),
    ),
    "integer-too-large": Sentences(
        N_("Wrong type"),
        N_("The number “%(value)s” doesn't fit in 64 bits"),
        N_("If this is a code, declare the column as text (“string”) in the schema. Otherwise, correct the number"),
    ),
    "decimal-too-long": Sentences(
        N_("Wrong type"),
        N_("The number “%(value)s” has more than %(scale)s decimal places, or more than 38 digits"),
        N_("Round the number, or declare more decimal places (“scale”) in the schema"),
    ),
    "double-too-large": Sentences(
        N_("Wrong type"),
        N_("The number “%(value)s” doesn't fit in a 64-bit float"),
        N_("Correct the number, or declare the column as text (“string”) in the schema"),
    ),
    "changed-number": Sentences(
        N_("Wrong type"),
        N_("“%(value)s” has a number, but what is written with it may make it another number"),
        N_(
            "Write the number with the digits 0 to 9 and, if it is negative, a minus sign in front: 120000 instead of"
            " 12万元. Put words such as “about” or “more than” in a column of their own"
        ),
    ),
    "kept-as-text": Sentences(
        N_("Kept as text"),
        N_("The column is kept as text, but %(fits)s of %(of)s values can be read as “%(type)s”. Look at: %(values)s"),
        N_("Choose the type, and say what the other values mean. Or say that the column is meant to be text"),
    ),
    "mixed-units": Sentences(
        N_("Different units in one column"),
        N_("The numbers in this column have different units: %(units)s"),
        N_("Write all numbers in the same unit, or put the unit in a column of its own"),
    ),
    "moment-with-zone": Sentences(
        N_("Wrong type"),
        N_("“%(value)s” has a time zone, but other times in this column don't"),
        N_("Write all times in the column with a time zone, such as +08:00, or all without"),
    ),
    "moment-without-zone": Sentences(
        N_("Wrong type"),
        N_("“%(value)s” has no time zone, but other times in this column do"),
        N_("Write all times in the column with a time zone, such as +08:00, or all without"),
    ),
    "end-of-day": Sentences(
        N_("Wrong type"),
        N_("“%(value)s” is the end of a day. As a time, it would become 00:00:00, the beginning"),
        N_(
            "Write the last time that is meant, such as 23:59:59, or declare the column as text (“string”) in the"
            " schema"
        ),
    ),
    "moment-without-utc": Sentences(
        N_("Wrong type"),
        N_("“%(value)s” has no UTC time between the years 1 and 9999"),
        N_("Correct the date, or its time zone"),
    ),
    "value-like-missing": Sentences(
        N_("Wrong type"),
        N_("When published, “%(value)s” would be written as text that the schema reads as a missing value"),
        N_("Correct the value, or change “missingValues” in the schema"),
    ),
    "constraint-error": Sentences(
        N_("Rule broken"), N_("“%(value)s” breaks a rule of the schema"), N_("Correct the value")
    ),
    "array-item-constraint": Sentences(
        N_("Rule broken"),
        N_("An item of the list “%(value)s” breaks the rule “%(rule)s”: %(limit)s"),
        N_("Correct the items of the list"),
    ),
    "lax-integer": Sentences(
        N_("Whole number in another notation"),
        N_("“%(value)s” is a whole number, but isn't written with only the digits 0 to 9"),
        N_(
            "Remove spaces and other marks, and change full-width digits to ordinary ones. In Excel, “Find &"
            " Replace” removes spaces, and =ASC(A2) changes full-width digits to ordinary ones"
        ),
    ),
    "lax-number": Sentences(
        N_("Number in another notation"),
        N_("“%(value)s” is a number, but isn't written with the digits 0 to 9 and a decimal point"),
        N_(
            "Remove spaces and other marks, and change full-width digits to ordinary ones. In Excel, “Find &"
            " Replace” removes spaces, and =ASC(A2) changes full-width digits to ordinary ones"
        ),
    ),
    "lax-date": Sentences(
        N_("Date in another notation"),
        N_("“%(value)s” is a date, but isn't written as year-month-day with all its digits"),
        N_(
            "Accept the repair on the draft's page, or write it as 2025-03-07. In Excel, “Format Cells” doesn't change"
            " a date kept as text: select the column, choose “Data”, “Text to Columns”, “Finish”, then the format"
            " yyyy-mm-dd"
        ),
    ),
    "lax-year": Sentences(
        N_("Year in another notation"),
        N_("“%(value)s” is a year, but isn't written with four of the digits 0 to 9"),
        N_("Write it as 2025. In Excel, =ASC(A2) changes full-width digits to ordinary ones"),
    ),
    "lax-yearmonth": Sentences(
        N_("Month in another notation"),
        N_("“%(value)s” is a month, but isn't written as year-month with all its digits"),
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
        N_("Web address in another notation"),
        N_("“%(value)s” has characters that aren't allowed in a web address"),
        N_(
            "Remove spaces. Or open the address in a browser and copy it from the address bar, which encodes"
            " all other characters"
        ),
    ),
    "blank-cell": Sentences(
        N_("Only spaces"),
        N_("The cell has only spaces, but a value is required"),
        N_("Spaces don't count. Enter a value"),
    ),
    "category-error": Sentences(
        N_("Not one of the categories"),
        N_("“%(value)s” isn't one of the categories of this column"),
        N_(
            "Use one of the categories, written exactly like this: %(limit)s. In Excel, “Data Validation”"
            " with a list allows nothing else"
        ),
    ),
    "custom-check": Sentences(
        N_("Schema check"), N_("This row doesn't pass a check of the schema: %(rule)s"), CHECK_ADVICE
    ),
    "uscc-check": Sentences(
        N_("Schema check"),
        N_(
            "“%(value)s” isn't a unified social credit code. A code has 18 characters, and the last one is"
            " calculated from the others (GB 32100)"
        ),
        CHECK_ADVICE,
    ),
    "resident-id-check": Sentences(
        N_("Schema check"),
        N_(
            "“%(value)s” isn't a resident identity number. A number has a region, a date of birth, and a"
            " last character that is calculated from them (GB 11643)"
        ),
        CHECK_ADVICE,
    ),
    "luhn-check": Sentences(
        N_("Schema check"), N_("The last digit of “%(value)s” doesn't match the others (Luhn check)"), CHECK_ADVICE
    ),
    "order-check": Sentences(N_("Schema check"), N_("%(fields)s must be in ascending order"), CHECK_ADVICE),
    "strict-order-check": Sentences(
        N_("Schema check"), N_("%(fields)s must be in ascending order and all different"), CHECK_ADVICE
    ),
    "sum-check": Sentences(N_("Schema check"), N_("“%(field)s” must be the sum of %(fields)s"), CHECK_ADVICE),
    "near-sum-check": Sentences(
        N_("Schema check"), N_("“%(field)s” must be the sum of %(fields)s, give or take %(tolerance)s"), CHECK_ADVICE
    ),
    "codes-check": Sentences(
        N_("Schema check"), N_("“%(value)s” isn't a code in the list that is valid on %(day)s"), CHECK_ADVICE
    ),
    "codes-on-check": Sentences(
        N_("Schema check"),
        N_("“%(value)s” isn't a code in the list that is valid on the date in “%(field)s”"),
        CHECK_ADVICE,
    ),
    "condition-check": Sentences(N_("Schema check"), N_("This must hold: %(demand)s"), CHECK_ADVICE),
    "conditional-check": Sentences(
        N_("Schema check"), N_("Where %(premise)s, this must hold: %(demand)s"), CHECK_ADVICE
    ),
    "unique-error": Sentences(
        N_("Duplicate value"),
        N_("“%(value)s” appears more than once in this column. It is already in row %(row)s"),
        N_(
            "Each value can appear only once. Delete the repeated row or correct the value. In Excel,"
            " “Conditional Formatting” shows duplicate values"
        ),
    ),
    "odd-text": Sentences(
        N_("Damaged or wrapped text"), N_("“%(value)s” isn't what was meant"), N_("Correct the value")
    ),
    "broken-text": Sentences(
        N_("Damaged text"),
        N_("“%(value)s” has characters that were lost, or read in a wrong encoding, before the file came here"),
        N_("Export the table again from its source as UTF-8. The lost characters can't be restored from this file"),
    ),
    "lost-digits": Sentences(
        N_("Lost digits"),
        N_("“%(value)s” is a long number that a spreadsheet has rounded. Its last digits are lost"),
        N_("Take the column from its source again, and set it to “Text” before Excel opens it"),
    ),
    "formula-text": Sentences(
        N_("Text in a formula"),
        N_("The value %(value)s is wrapped in a formula, so that a spreadsheet keeps its zeros"),
        N_("Accept the repair, which takes the formula off"),
    ),
    "stray-tab": Sentences(
        N_("Tab beside a value"),
        N_("“%(value)s” has a tab before or after it, which can't be seen"),
        N_("Accept the repair, which removes the tab"),
    ),
    "inner-mark": Sentences(
        N_("Byte order mark in the table"),
        N_("“%(value)s” has an invisible byte order mark, as where files were joined end to end"),
        N_("Accept the repair, which removes the mark"),
    ),
    "repeated-header": Sentences(
        N_("Repeated header"),
        N_("This row is the header again, as where files were joined end to end"),
        N_("Accept the repair, which leaves the row out, or delete it"),
    ),
    "total-row": Sentences(
        N_("Row of totals"),
        N_("The row “%(value)s” is a total of other rows. Who adds up the column counts them twice"),
        N_("Accept the repair, which leaves such rows out, or say in the description that they are there"),
    ),
    # rows
    "primary-key": Sentences(
        N_("Duplicate key"),
        N_("The key of this row already appears in row %(row)s"),
        N_("The key must be different in every row. Delete the repeated row, or correct the key columns"),
    ),
    "empty-primary-key": Sentences(
        N_("Empty key"),
        N_("All key columns of this row are empty"),
        N_("Every row needs a key. Fill in the key columns, or delete the row"),
    ),
    "unique-key": Sentences(
        N_("Duplicate values"),
        N_("Row %(row)s already has the same values in these columns"),
        N_(
            "The combination of these values can appear only once. Delete the repeated row or correct it. In"
            " Excel, sort by these columns to see such rows side by side"
        ),
    ),
    "foreign-key": Sentences(
        N_("Not in the other table"),
        N_("“%(values)s” isn't in the column “%(reference)s” of the table “%(table)s”"),
        N_("Correct the value, or add it to the other table and upload both"),
    ),
    "missing-cell": Sentences(
        N_("Missing cell"),
        N_("The row has fewer cells than the header has columns"),
        N_("Add the missing cells. Even an empty cell needs a separator. Excel adds them when it saves as “CSV UTF-8”"),
    ),
    "extra-cell": Sentences(
        N_("Extra cell"),
        N_("The row has more cells than the header has columns"),
        N_("Delete the extra cell. Put text that contains a comma in quotation marks"),
    ),
    "blank-row": Sentences(
        N_("Empty row"),
        N_("The row has no content"),
        N_("Delete the row. In Excel, right-click its number and choose “Delete”. Don't just clear its cells"),
    ),
    # the header
    "blank-header": Sentences(
        N_("Missing header"),
        N_("Row %(row)s is empty, but it should name the columns"),
        N_("Write the column names in this row"),
    ),
    "blank-label": Sentences(
        N_("Column without a name"),
        N_("The header has no name for column %(number)s"),
        N_("Write the column's name in the first row, or delete the column"),
    ),
    "duplicate-label": Sentences(
        N_("Duplicate column name"),
        N_("The column name “%(label)s” appears more than once"),
        N_("Give each column its own name, or delete the duplicate column"),
    ),
    "missing-label": Sentences(
        N_("Missing column"),
        N_("The schema has a column “%(column)s”, but the file doesn't"),
        N_("Add the column with exactly this name, in the schema's order"),
    ),
    "extra-label": Sentences(
        N_("Extra column"),
        N_("The schema has no column “%(label)s”"),
        N_("Delete the column, or choose a schema that has it"),
    ),
    "incorrect-label": Sentences(
        N_("Wrong column name"),
        N_("The column is called “%(label)s”, but the schema expects “%(column)s”"),
        N_("Rename the column, or put the columns in the schema's order"),
    ),
    "unmatched-header": Sentences(
        N_("No matching column"),
        N_("None of the file's columns is in the schema"),
        N_("Check that the file matches the schema, and that the first row names the columns"),
    ),
    # the file
    "empty-source": Sentences(UNREADABLE, N_("The file is empty"), REPAIR),
    "too-many-cells": Sentences(
        UNREADABLE,
        N_("Row %(row)s has %(count)s cells, but a table can have at most %(limit)s columns"),
        N_("Save the table with fewer columns, or check which character separates them"),
    ),
    "cell-too-long": Sentences(
        UNREADABLE,
        N_("Row %(row)s has a cell of more than %(limit)s characters. Most likely it has an unclosed quote"),
        N_("Close the quotation mark in this row. Excel writes quotation marks correctly when it saves as “CSV UTF-8”"),
    ),
    "line-too-long": Sentences(UNREADABLE, N_("Row %(row)s is a line of more than %(limit)s characters"), REPAIR),
    "unsplittable-row": Sentences(UNREADABLE, N_("Row %(row)s can't be split into cells: %(reason)s"), REPAIR),
    "unclosed-quote": Sentences(
        N_("Unclosed quote"),
        N_("A quotation mark opened in row %(row)s isn't closed, so the rest of the file would become one cell"),
        N_(
            "Close the quotation mark in this row, or write it twice if it belongs to the text. Excel writes"
            " quotation marks correctly when it saves as “CSV UTF-8”"
        ),
    ),
    "nul-byte": Sentences(
        N_("Damaged text"),
        N_("Row %(row)s has a NUL byte, which text never contains. The file is damaged, or isn't a text file"),
        N_("Open the file in Excel, check this row, and save it again as “CSV UTF-8”"),
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
    "format-error": Sentences(N_("This kind of file isn't a table"), "", SAVE_AS),
    "resource-error": Sentences(N_("Table can't be used"), "", CORRECT_PACKAGE),
    "refused-file": Sentences(UNREADABLE, "", REPAIR),
    "infected-file": Sentences(
        N_("Virus found"), N_("“%(file)s” was deleted: the virus scanner found “%(signature)s”"), CLEAN_UP
    ),
    "refused-format": Sentences(N_("This kind of file isn't a table"), "", SAVE_AS),
    "refused-resource": Sentences(N_("Table can't be used"), "", CORRECT_PACKAGE),
    "missing-reference": Sentences(
        N_("Missing table"),
        N_("The table “%(table)s” refers to the table “%(name)s”, which doesn't exist"),
        N_("Upload that table as well"),
    ),
    "missing-reference-field": Sentences(
        N_("Missing table"),
        N_("The table “%(table)s” refers to the column “%(field)s” of “%(name)s”, which doesn't exist"),
        N_("Correct the foreign key in the schema, or upload a table with this column"),
    ),
}
"""Code, or error type as counts have it → its sentences."""

NAMELESS: Mapping[str, str] = {
    "unique-error": N_("The value appears more than once in this column. It is already in row %(row)s"),
}
"""Code → what is wrong, where the cell isn't kept with the finding."""
