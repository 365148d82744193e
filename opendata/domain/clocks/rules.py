"""Rules: what starts a clock, how long it runs, and where that is written. They are data, in `rules.json`.

The rules of the release can be switched off, but not changed. An instance adds its own, in versions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from opendata.domain.clocks.cycles import Cycle, Repetition
from opendata.domain.clocks.limits import Limit, Unit
from opendata.domain.moments import read_day
from opendata.errors import N_, Fault, fault

_FILE = Path(__file__).with_name("rules.json")
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{1,39}")
_LANGUAGES = ("zh", "en")
_LONGEST = 1000
_MOST_DAYS = 3660
_MOST_EXTENSIONS = 9


class Trigger(StrEnum):
    """What starts a clock.

    `date`: a day that somebody enters. `publication`: a new version of a dataset. `period`: the end of a period.
    `update`: the end of a period of a dataset's update cycle.
    """

    DATE = "date"
    PUBLICATION = "publication"
    PERIOD = "period"
    UPDATE = "update"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule. Texts are by language (`zh`, `en`): its title, its clause, what to know, what the first day is called.

    Without a `limit`, the due day is entered for each case. An extension is at most as long as `extension`, and there
    are at most `extensions` of them. `is_own`: the instance added it.
    """

    id: str
    title: Mapping[str, str]
    clause: Mapping[str, str]
    trigger: Trigger
    limit: Limit | None
    note: Mapping[str, str]
    starts: Mapping[str, str]
    repetition: Repetition | None = None
    pauses: bool = False
    extensions: int = 1
    extension: Limit | None = None
    version: int = 1
    is_own: bool = False

    def to_json(self) -> dict[str, Any]:
        """The rule as the file has it."""
        found: dict[str, Any] = {
            "id": self.id,
            "title": dict(self.title),
            "clause": dict(self.clause),
            "note": dict(self.note),
            "starts": dict(self.starts),
            "trigger": str(self.trigger),
            "limit": _write_limit(self.limit),
            "pauses": self.pauses,
            "extensions": self.extensions,
            "extension": _write_limit(self.extension),
        }
        if self.repetition is not None:
            found["period"] = str(self.repetition.cycle)
            if self.repetition.cycle == Cycle.DAYS:
                found["days"] = self.repetition.days
        return found


@dataclass(frozen=True, slots=True)
class NotComputed:
    """A duty that no clock can count, and why."""

    id: str
    title: Mapping[str, str]
    clause: Mapping[str, str]
    why: Mapping[str, str]


def read_rule(found: Mapping[str, Any], *, version: int = 1, is_own: bool = True) -> Rule:
    """A rule that `list_rule_faults` finds nothing wrong with."""
    period = found.get("period")
    return Rule(
        id=found["id"],
        title=_read_texts(found.get("title")),
        clause=_read_texts(found.get("clause")),
        note=_read_texts(found.get("note")),
        starts=_read_texts(found.get("starts")),
        trigger=Trigger(found["trigger"]),
        limit=_read_limit(found.get("limit")),
        repetition=Repetition(Cycle(period), int(found.get("days") or 0)) if period else None,
        pauses=bool(found.get("pauses", False)),
        extensions=int(found.get("extensions", 1)),
        extension=_read_limit(found.get("extension")),
        version=version,
        is_own=is_own,
    )


def list_rule_faults(found: Mapping[str, Any]) -> Sequence[Fault]:
    """What is wrong with a rule that an instance wants to add."""
    faults: list[Fault] = []
    if not isinstance(found.get("id"), str) or not _ID.fullmatch(found["id"]):
        faults.append(fault("/id", N_("Enter a short name of 2 to 40 lowercase letters, digits, “-” and “_”")))
    for name, missing in (
        ("title", N_("Name the duty in Chinese or English")),
        ("clause", N_("Name the document and clause that the duty comes from")),
    ):
        if not any(_read_texts(found.get(name)).values()):
            faults.append(fault(f"/{name}", missing))
    for name in ("title", "clause", "note", "starts"):
        if any(len(text) > _LONGEST for text in _read_texts(found.get(name)).values()):
            faults.append(fault(f"/{name}", N_("The text is longer than %(limit)s characters"), limit=_LONGEST))
    trigger = found.get("trigger")
    if trigger not in list(Trigger):
        faults.append(fault("/trigger", N_("Choose what starts the clock: %(names)s"), names=", ".join(Trigger)))
    repeats = trigger in (Trigger.PERIOD, Trigger.UPDATE)
    if repeats and found.get("period") not in list(Cycle):
        faults.append(fault("/period", N_("Choose a period: %(names)s"), names=", ".join(Cycle)))
    if trigger == Trigger.UPDATE and found.get("period") == Cycle.DAYS:
        faults.append(fault("/period", N_("Datasets have no update cycle of a number of days. Choose another period")))
    if repeats and found.get("period") == Cycle.DAYS and not _is_whole(found.get("days"), 1, _MOST_DAYS):
        faults.append(fault("/days", N_("Enter a number of days from 1 to %(most)s"), most=_MOST_DAYS))
    if found.get("limit") is None and trigger in (Trigger.PERIOD, Trigger.UPDATE, Trigger.PUBLICATION):
        faults.append(fault("/limit", N_("Enter a limit: nobody is there to enter the due day of each case")))
    for name in ("limit", "extension"):
        faults.extend(_find_limit_faults(f"/{name}", found.get(name)))
    if not _is_whole(found.get("extensions", 1), 0, _MOST_EXTENSIONS):
        faults.append(fault("/extensions", N_("Enter a number from 0 to %(most)s"), most=_MOST_EXTENSIONS))
    return faults


@cache
def load_rules() -> Mapping[str, Rule]:
    """The rules of this release, by their ids."""
    return {found["id"]: read_rule(found, is_own=False) for found in _load()["rules"]}


@cache
def load_not_computed() -> Sequence[NotComputed]:
    """The duties of the documents that no clock can count."""
    return [NotComputed(found["id"], found["title"], found["clause"], found["why"]) for found in _load()["notComputed"]]


def _load() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return found


def _read_texts(found: Any) -> Mapping[str, str]:
    if isinstance(found, str):
        found = {"zh": found}
    if not isinstance(found, Mapping):
        return {}
    return {
        name: found[name].strip() for name in _LANGUAGES if isinstance(found.get(name), str) and found[name].strip()
    }


def _read_limit(found: Any) -> Limit | None:
    return Limit(int(found["number"]), Unit(found["unit"])) if found else None


def _write_limit(limit: Limit | None) -> dict[str, Any] | None:
    return None if limit is None else {"number": limit.number, "unit": str(limit.unit)}


def _find_limit_faults(place: str, found: Any) -> Sequence[Fault]:
    if found is None:
        return []
    if not isinstance(found, Mapping) or found.get("unit") not in list(Unit):
        return [fault(place, N_("Choose a unit: %(names)s"), names=", ".join(Unit))]
    number: Any = found.get("number")
    if found["unit"] == Unit.FIXED_DATE:
        if place == "/extension":
            return [fault(place, N_("An extension is a number of days, working days or months"))]
        is_day = _is_whole(number, 101, 1231) and read_day(f"2025-{number // 100:02}-{number % 100:02}") is not None
        note = N_("Write a day of the year as month and day, such as 131 for 31 January")
        return [] if is_day else [fault(place, note)]
    if not _is_whole(number, 0 if place == "/limit" else 1, _MOST_DAYS):
        return [fault(place, N_("Enter a number of days or months up to %(most)s"), most=_MOST_DAYS)]
    if found["unit"] == Unit.MONTH and number > 120:
        return [fault(place, N_("Enter a number of days or months up to %(most)s"), most=120)]
    return []


def _is_whole(found: Any, least: int, most: int) -> bool:
    return isinstance(found, int) and not isinstance(found, bool) and least <= found <= most
