"""What the engine says is wrong with a query, as our errors: by kind, with the names that the reader used."""

from __future__ import annotations

import re
from collections.abc import Collection

from opendata.errors import N_, InputError, Listed
from opendata.query.near import find_near
from opendata.query.values import ROW, Statement

_MOST_SHOWN = 300
_COLUMN = re.compile(r"[Rr]eferenced column \"(.*?)\" (?:not|was not) found")
_NO_COLUMN = re.compile(r"does not have a column named \"(.*?)\"")
_TABLE = re.compile(r"[Rr]eferenced table \"(.*?)\" not found")
_PATH = re.compile(r"\S*/\S*")
_UNGROUPED = re.compile(r"column \"?(.*?)\"? must appear in the GROUP BY")
_CONVERSION = re.compile(r"Could not convert string (['\"])(.*?)\1 to ([A-Z0-9]+)", re.DOTALL)
_FUNCTION = re.compile(r"No function matches the given name and argument types '(.*?)'", re.DOTALL)
_COMPARE = re.compile(r"Cannot compare values of type (\S+) and type (\S+?) ")

_NEAR = N_("There is no column “%(column)s”. Did you mean %(near)s?")
_UNKNOWN = N_(
    "There is no column “%(column)s”. If it is a text, put it in single quotes: '%(column)s'. Columns: %(columns)s"
)
_NO_TABLE = N_("“%(table)s” isn't a table or an alias of this query")
_GROUP = N_("“%(column)s” is neither in “group by” nor summed up. Add it there, or wrap it in a function such as max()")
_VALUE = N_(
    "“%(value)s” can't be read as %(type)s. Compare a text with a value in single quotes, a number with a number"
)
_TYPES = N_("There is no function %(call)s for values of these types. Convert them with CAST(… AS …)")
_COMPARED = N_("Values of the types %(one)s and %(other)s can't be compared. Convert one with CAST(… AS …)")
_YEARS = N_("This answer has a date or time that isn't in the years 1 to 9999")
_OTHER = N_("The query can't be run: %(reason)s")


def explain(code: str, text: str, statement: Statement) -> InputError:
    """The error that stands for a message of the engine."""
    known = [name for table in statement.tables for name in table.columns]
    first = text.split("\n\n")[0]
    if code == "CalendarError":
        return InputError(_YEARS)
    if found := _COLUMN.search(first) or _NO_COLUMN.search(first):
        return _explain_column(found[1], known)
    if found := _TABLE.search(first):
        return InputError(_NO_TABLE, table=found[1][:60])
    if found := _UNGROUPED.search(first):
        return InputError(_GROUP, column="*" if found[1] == ROW else found[1][:60])
    if found := _CONVERSION.search(first):
        return InputError(_VALUE, value=found[2][:60], type=found[3])
    if found := _FUNCTION.search(first):
        return InputError(_TYPES, call=found[1][:100])
    if found := _COMPARE.search(first):
        return InputError(_COMPARED, one=found[1], other=found[2])
    reason = _PATH.sub("…", first.splitlines()[0].partition(": ")[2] or code)
    return InputError(_OTHER, reason=reason[:_MOST_SHOWN])


def _explain_column(name: str, known: Collection[str]) -> InputError:
    near = find_near(name, known)
    if near:
        return InputError(_NEAR, column=name[:60], near=Listed(f"“{item}”" for item in near))
    return InputError(_UNKNOWN, column=name[:60], columns=Listed(list(known)[:20]))
