"""What all pages of requests say alike: names of words, the state of a clock, tables as files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flask import Response
from flask_babel import format_date, gettext

from opendata.domain.requests.kinds import RequestKind
from opendata.domain.requests.steps import RequestState
from opendata.errors import N_, InputError
from opendata.services.governance.requests.values import RequestView
from opendata.tables.forms.csv_lines import write_csv_line
from opendata.wording.governance import requests as words

"""What a spreadsheet takes for the beginning of a formula."""

NAMES = {
    "kinds": words.KINDS,
    "purposes": words.PURPOSES,
    "states": words.STATES,
    "steps": words.STEPS,
    "happened": words.HAPPENED,
    "applicants": words.APPLICANTS,
    "forms": words.FORMS,
    "outcomes": words.OUTCOME_NAMES,
}
"""What templates look words up in: a list → code → its name, to be translated."""


def say_clock(item: RequestView) -> str:
    """By when the reply is due, or how long it took, in a sentence."""
    clock = item.clock
    if item.outcome:
        if item.is_on_time is None:
            return str(gettext("The reply took %(count)s days", count=item.days))
        if item.is_on_time:
            return str(gettext("The reply took %(count)s days and came in time", count=item.days))
        return str(gettext("The reply took %(count)s days and came too late", count=item.days))
    if not item.is_open:
        return ""
    if clock.unknown_year is not None:
        return str(
            gettext(
                "The reply is due %(count)s working days after %(day)s. The working days of %(year)s aren't announced"
                " yet, so the last day can't be computed",
                count=clock.days,
                day=format_date(clock.start, "long"),
                year=clock.unknown_year,
            )
        )
    if clock.due is None:
        return str(gettext("The clock stands still until the answer is there"))
    if item.is_overdue:
        return str(gettext("The reply was due on %(day)s and is late", day=format_date(clock.due, "long")))
    return str(gettext("The reply is due by %(day)s", day=format_date(clock.due, "long")))


def read_word(words: type[RequestKind] | type[RequestState], text: str) -> RequestKind | RequestState | None:
    """The word that an address names; None for an empty one. Raises `InputError` for one that isn't there."""
    if not text:
        return None
    try:
        return words(text)
    except ValueError:
        choices = ", ".join(words)
        raise InputError(N_("“%(value)s” isn't one of %(choices)s"), value=text[:100], choices=choices) from None


def read_year(text: str) -> int | None:
    """The year that an address names; None for an empty one. Raises `InputError`."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 4):
        raise InputError(N_("“%(value)s” isn't a year. Write it like 2026"), value=text[:100])
    return int(text)


def send_csv(name: str, rows: Iterable[Sequence[object]], *, private: bool = False) -> Response:
    """A table as a CSV file for spreadsheets. A text that one would take for a formula is quoted."""
    text = "".join(write_csv_line(row, "\r\n") for row in rows)
    headers = {"Content-Disposition": f"attachment; filename={name}.csv"}
    if private:
        headers["Cache-Control"] = "private, no-store"
    return Response("\ufeff" + text, mimetype="text/csv", headers=headers)
