"""Duties in words: their states, units, triggers, periods, and the lines of a reminder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from opendata.domain.clocks.cycles import Cycle
from opendata.domain.clocks.limits import Limit, Unit
from opendata.domain.clocks.obligations import DutyState
from opendata.domain.clocks.rules import Trigger
from opendata.errors import N_
from opendata.wording.voice import Voice, voice_of

STATE_NAMES: Mapping[str, str] = {
    DutyState.RUNNING: N_("running"),
    DutyState.DONE: N_("done in time"),
    DutyState.LATE: N_("done late"),
    DutyState.OVERDUE: N_("overdue"),
    DutyState.WAIVED: N_("not needed"),
}
"""State of a duty → its name."""

TRIGGER_NAMES: Mapping[str, str] = {
    Trigger.DATE: N_("A day that somebody enters"),
    Trigger.PUBLICATION: N_("Publication of a version of a dataset"),
    Trigger.PERIOD: N_("The end of a period"),
    Trigger.UPDATE: N_("The end of a period of a dataset's update cycle"),
}
"""What starts a clock → its name."""

PERIOD_NAMES: Mapping[str, str] = {
    Cycle.DAY: N_("every day"),
    Cycle.WEEK: N_("every week"),
    Cycle.MONTH: N_("every month"),
    Cycle.QUARTER: N_("every quarter"),
    Cycle.HALF: N_("every half-year"),
    Cycle.YEAR: N_("every year"),
    Cycle.DAYS: N_("every so many days"),
}
"""Cycle → its name."""

UNIT_NAMES: Mapping[str, str] = {
    Unit.DAY: N_("days"),
    Unit.WORKING_DAY: N_("working days"),
    Unit.MONTH: N_("months"),
    Unit.FIXED_DATE: N_("day of the next year"),
}
"""Unit of a limit → its name."""

_LONGEST_LIST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyLine:
    """A duty in a reminder: its title by language, the dataset and period it is about, and when it is or was due."""

    title: Mapping[str, str]
    about: str
    due: date
    is_overdue: bool


def say_limit(voice: Voice, limit: Limit | None) -> str:
    """How long a clock runs."""
    if limit is None:
        return voice.translate(N_("entered for each case"))
    if limit.unit == Unit.FIXED_DATE:
        text = voice.translate(N_("until %(month)s-%(day)s of the next year"))
        return text % {"month": f"{limit.number // 100:02}", "day": f"{limit.number % 100:02}"}
    texts = {
        Unit.DAY: (N_("%(num)s day"), N_("%(num)s days")),
        Unit.WORKING_DAY: (N_("%(num)s working day"), N_("%(num)s working days")),
        Unit.MONTH: (N_("%(num)s month"), N_("%(num)s months")),
    }[limit.unit]
    return voice.translate(texts[limit.number != 1]) % {"num": limit.number}


def pick_text(texts: Mapping[str, str], language: str) -> str:
    """A text in a language, or in whichever it has."""
    return texts.get(language) or next(iter(texts.values()), "")


def say_lines(language: str, lines: Sequence[DutyLine]) -> str:
    """The list of a reminder: what is overdue first."""
    voice = voice_of(language)
    late, soon = N_("· %(title)s: was due on %(day)s, and is overdue"), N_("· %(title)s: due on %(day)s")
    found = []
    for line in sorted(lines, key=lambda item: (not item.is_overdue, item.due))[:_LONGEST_LIST]:
        title = " ".join(f"{pick_text(line.title, language)} {line.about}".split())
        found.append(voice.translate(late if line.is_overdue else soon) % {"title": title, "day": line.due.isoformat()})
    if len(lines) > _LONGEST_LIST:
        found.append(voice.translate(N_("· and %(num)s more")) % {"num": len(lines) - _LONGEST_LIST})
    return "\n".join(found)
