"""What parsers of others say is wrong, as texts of ours, which are translated where somebody reads them."""

from __future__ import annotations

import json

from opendata.errors import N_

JSON_FAULTS = {
    "Expecting value": N_("a value is missing or isn't in quotation marks"),
    "Expecting property name enclosed in double quotes": N_("a name in double quotation marks is missing"),
    "Expecting ':' delimiter": N_("a colon is missing after the name"),
    "Expecting ',' delimiter": N_("a comma or a closing bracket is missing"),
    "Unterminated string starting at": N_("a text has no closing quotation mark"),
    "Invalid control character at": N_("a text contains a line break, a tab or another control character"),
    "Invalid \\escape": N_("a backslash is followed by a character that it can't precede"),
    "Invalid \\uXXXX escape": N_("“\\u” isn't followed by four hexadecimal digits"),
    "Extra data": N_("there is more text after the end"),
    "Illegal trailing comma before end of object": N_("a comma is followed by nothing"),
    "Illegal trailing comma before end of array": N_("a comma is followed by nothing"),
    "Unexpected UTF-8 BOM (decode using utf-8-sig)": N_("it begins with a byte order mark"),
}
"""What Python's parser says, without place → what we say."""

PATTERN_FAULTS = {
    "invalid escape sequence": N_("a backslash is followed by a character that means nothing"),
    "invalid character class": N_("what is in square brackets isn't valid"),
    "invalid character class range": N_("a range in square brackets is the wrong way round"),
    "missing ]": N_("a closing square bracket is missing"),
    "missing )": N_("a closing bracket is missing"),
    "no argument for repetition operator": N_("there is nothing to repeat before “*”, “+” or “?”"),
    "unexpected )": N_("there is a closing bracket without an opening one"),
    "trailing \\": N_("it ends with a backslash"),
    "invalid repetition size": N_("a number of repetitions is too large or the wrong way round"),
    "bad repetition operator": N_("two signs of repetition follow each other"),
    "invalid perl operator": N_("a group begins with a sign that isn't allowed"),
    "invalid named capture group": N_("the name of a group isn't valid"),
    "pattern too large": N_("it is too large"),
}
"""What RE2 says, without the part it is about → what we say."""

_UNCLEAR = N_("it can't be read")


def explain_json(error: ValueError | RecursionError) -> str:
    """Why a text isn't JSON, without the place."""
    if isinstance(error, json.JSONDecodeError):
        return JSON_FAULTS.get(error.msg, _UNCLEAR)
    return N_("it is nested too deeply") if isinstance(error, RecursionError) else _UNCLEAR


def explain_pattern(error: Exception) -> str:
    """Why a pattern can't be run."""
    said = error.args[0] if error.args else ""
    text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    return next((ours for theirs, ours in PATTERN_FAULTS.items() if text.startswith(theirs)), _UNCLEAR)
