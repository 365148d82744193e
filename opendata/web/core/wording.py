"""Sentences that engine and services write in English, found again and said in the reader's language.

A template stands for every sentence that fits it; what fits none is shown as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from flask_babel import gettext

from opendata.errors import N_
from opendata.services.work.work import PHRASES
from opendata.tables.check.checks import NOTES
from opendata.web.core.languages import choose_language, list_languages

TEMPLATES = (
    # what the decoder says about bytes that are no table
    N_("the source is empty"),
    N_("row %(row)s is blank, but the names of the columns belong there"),
    N_("row %(row)s has %(count)s cells; a table may have at most %(limit)s columns"),
    N_("row %(row)s has a cell of more than %(limit)s characters; most likely a quotation mark in it is never closed"),
    N_("row %(row)s cannot be split into cells: %(reason)s"),
    N_(
        "a quotation mark opened in row %(row)s is never closed, so the rest of the file would become one cell;"
        " close it, or write it twice if it belongs to the text"
    ),
    N_("row %(row)s is a line of more than %(limit)s characters"),
    N_(
        "row %(row)s contains a NUL byte, which no text has; the file is damaged or not a text file:"
        " save it again as “CSV UTF-8”"
    ),
    N_(
        "line %(line)s (byte %(byte)s of the file) is not %(encoding)s; it looks like %(guess)s."
        " In Excel choose “Save as”, type “CSV UTF-8 (comma delimited)”"
    ),
    N_(
        "line %(line)s (byte %(byte)s of the file) is not %(encoding)s."
        " In Excel choose “Save as”, type “CSV UTF-8 (comma delimited)”"
    ),
    # what the check says about values
    N_("row %(row)s cannot be checked by the schema's rules: %(reason)s"),
    N_("written in canonical form it is a text that the schema takes for a missing value"),
    N_('the number does not fit 64 bits; declare the field as "string" if it is a code'),
    N_('the number does not fit a 64-bit float; declare the field as "string"'),
    N_('the number has more than %(scale)s decimals or more than 38 digits (the schema says "scale": %(declared)s)'),
    N_("the same as in the row at position %(row)s"),
    N_("the schema's rules cannot be applied to it: %(reason)s"),
    N_('cells composing the primary keys are all "None"'),
    N_('for "%(fields)s": values "%(values)s" not found in the lookup table "%(table)s" as "%(reference)s"'),
    N_('failed to handle a foreign key for resource "%(table)s" as resource "%(name)s" has no field "%(field)s"'),
    N_('failed to handle a foreign key for resource "%(table)s" as resource "%(name)s" does not exist'),
    # what the checks say that a schema declares
    *NOTES.values(),
    # warnings of a report
    N_("%(listed)s of %(total)s errors are listed; the counts are exact"),
    N_(
        'field "%(field)s": %(count)s numbers have more digits than a 64-bit float keeps;'
        " the CSV has them all, the Parquet file the nearest float"
    ),
    N_('field "%(field)s": %(count)s moments have a blank between date and time; a "T" is published'),
    N_("the lines end in CR alone, as of old Macintosh files; they are read all the same"),
    # why a version has its number
    N_("first version"),
    N_("resource %(name)s removed"),
    N_("resource %(name)s added"),
    N_("schema of %(name)s changed"),
    N_("rows of %(name)s changed"),
    N_("metadata of %(name)s changed"),
    N_("order of resources changed"),
    N_("metadata changed"),
    # how far the work on a draft is
    N_("check %(name)s"),
    N_("store %(name)s"),
    N_("keys"),
    N_("publish"),
    # why it was stopped
    *PHRASES,
)


def translate_phrase(text: str) -> str:
    """The sentence in the reader's language."""
    for template, pattern in _compile():
        match = pattern.fullmatch(text)
        if match:
            translated: str = gettext(template)
            return translated % match.groupdict() if match.groupdict() else translated
    return text


def say_reason(reason: str | Mapping[str, Any]) -> str:
    """Why a version has its number, in the reader's language.

    A reason is a sentence in English, or an object whose `text` has it by language; of that the portal's default
    language is taken where the reader's is not given, else any.
    """
    if isinstance(reason, str):
        return translate_phrase(reason)
    texts = reason.get("text") or {}
    languages = (choose_language(), *list_languages(), *texts)
    return next((str(texts[language]) for language in languages if texts.get(language)), "")


@cache
def _compile() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The templates with the pattern of each, in order: the first that fits is taken."""
    return tuple((template, re.compile(_write_pattern(template), re.DOTALL)) for template in TEMPLATES)


def _write_pattern(template: str) -> str:
    parts = re.split(r"%\((\w+)\)s", template)
    return "".join(f"(?P<{part}>.+?)" if number % 2 else re.escape(part) for number, part in enumerate(parts))
