"""What templates of duties say: names of states, units and steps, texts by language, and what a form asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask_babel import format_date, gettext

from opendata.domain.clocks.limits import Limit
from opendata.errors import N_, OpendataError
from opendata.problems import choose_voice
from opendata.services.governance.duties.making import AUTOMATIC
from opendata.services.governance.duties.reading import ObligationView
from opendata.services.governance.offices.passing import CLOSED
from opendata.services.operations.deletion import DELETED
from opendata.web.core.languages import choose_language
from opendata.wording.governance.duties import pick_text, say_limit

STEPS: Mapping[str, tuple[str, str]] = {
    "start": (N_("Say when the clock started"), N_("Save the day")),
    "finish": (N_("Mark as done"), N_("Mark as done")),
    "assign": (N_("Who does it"), N_("Save who does it")),
    "pause": (N_("Pause the clock"), N_("Pause the clock")),
    "resume": (N_("Let the clock run again"), N_("Let the clock run again")),
    "extend": (N_("Extend"), N_("Extend")),
    "waive": (N_("Not needed"), N_("Say that it isn't needed")),
    "rectify": (N_("Order to rectify"), N_("Order to rectify")),
}
"""Step → the heading of its form, and its button."""


def say_text(texts: Mapping[str, str]) -> str:
    """A text of a rule in the language of the page."""
    return pick_text(texts, choose_language())


def say_title(item: ObligationView) -> str:
    """What a duty is called: its rule or its own task, and the period."""
    title = say_text(item.title) if item.rule else item.task
    return f"{title} {item.period}".strip()


def say_about(item: ObligationView) -> str:
    """What was said about a duty of a rule, beyond the title of the rule."""
    return item.task if item.rule else ""


def say_clock(limit: Limit | None) -> str:
    """How long a clock runs."""
    return say_limit(choose_voice(), limit)


def say_reason(text: str) -> str:
    """Why a duty isn't needed, which the portal may have said itself."""
    return str(gettext(text)) if text in (*AUTOMATIC, CLOSED, DELETED) else text


def say_day(day: date | None) -> str:
    """A day as pages write it; empty for none."""
    return str(format_date(day, "long")) if day else ""


def list_open_steps(item: ObligationView, *, decides: bool, is_maintainer: bool) -> Sequence[str]:
    """The steps that somebody can take now with a duty."""
    is_overdue = item.state == "overdue"
    offered = {
        "finish": item.is_open and (item.limit is None or item.trigger is not None),
        "start": item.is_open and item.limit is not None and not item.period and bool(item.starts),
        "assign": decides,
        "resume": item.is_open and item.is_paused,
        "pause": item.is_open and item.can_pause and not item.is_paused and not is_overdue and bool(item.trigger),
        "extend": decides
        and item.is_open
        and not is_overdue
        and item.due is not None
        and len(item.extensions) < item.most_extensions,
        "waive": is_maintainer and item.is_open,
        "rectify": is_maintainer and is_overdue,
    }
    return [name for name, is_offered in offered.items() if is_offered]


def place_faults(error: OpendataError | None) -> dict[str, list[str]]:
    """Each fault beside its field."""
    errors: dict[str, list[str]] = {}
    for item in error.faults if error else ():
        errors.setdefault(item.pointer.strip("/"), []).append(choose_voice().say_fault(item))
    return errors


def say_message(error: OpendataError | None) -> str:
    """What an error says as a whole; empty for none."""
    return choose_voice().say_error(error) if error else ""


HELPERS: Mapping[str, Any] = {
    "say_text": say_text,
    "say_title": say_title,
    "say_about": say_about,
    "say_clock": say_clock,
    "say_day": say_day,
    "say_waived": say_reason,
    "step_names": STEPS,
}
"""What the templates of this room may call."""
