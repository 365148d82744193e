"""What templates of the basic catalogue call: names of domains and codes, time limits in words, filters of lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request
from flask_babel import gettext

from opendata.domain.basics.codes import DOMAINS, NAMES
from opendata.domain.basics.entries import LISTS, TITLES, Entry
from opendata.domain.basics.timing import DOUBTS, KINDS, TRIGGERS, Trigger
from opendata.domain.clocks.limits import Unit
from opendata.errors import N_
from opendata.services.governance.basics.drafting import INCOMPLETE
from opendata.services.governance.basics.table import name_domain
from opendata.services.governance.basics.values import NOBODY, OVERDUE, State, Wanted
from opendata.web.core.languages import choose_language, choose_separator
from opendata.web.core.numbers import read_number

STATES: Mapping[str, str] = {
    State.PUBLISHED: N_("Published"),
    State.PLANNED: N_("Planned only"),
    State.GAP: N_("Gap"),
    OVERDUE: N_("Overdue"),
}
DRAFT_STATES: Mapping[str, str] = {
    INCOMPLETE: N_("Incomplete"),
    "added": N_("New"),
    "changed": N_("Amended"),
    "removed": N_("To be left out"),
}
_UNITS: Mapping[str, str] = {
    Unit.DAY: N_("%(number)s days"),
    Unit.WORKING_DAY: N_("%(number)s working days"),
    Unit.MONTH: N_("%(number)s months"),
}
PAGE = 50


def read_wanted() -> Wanted:
    """Which entries the address asks for."""
    found = {name: _read_text(name) for name in ("domain", "publisher", "level", "audience")}
    return Wanted(
        **found,
        state=_read_text("state"),
        text=_read_text("q"),
        version=read_number(request.args.get("version", "")) or 0,
        limit=PAGE,
        cursor=request.args.get("cursor") or None,
    )


def _read_text(name: str) -> str:
    return request.args.get(name, "").replace("\0", "").strip()[:200]


def list_values(wanted: Wanted) -> dict[str, Any]:
    """What an address says to ask for the same, without what is empty."""
    found = {name: getattr(wanted, name) for name in ("domain", "publisher", "level", "audience", "state")}
    found |= {"q": wanted.text, "version": wanted.version}
    return {name: value for name, value in found.items() if value}


def say_domain(domain: str) -> str:
    """The name of a domain."""
    return name_domain(domain, choose_language())


def say_codes(entry: Entry, field: str) -> str:
    """The codes of a field in words, with the words beside them."""
    names = [gettext(NAMES[LISTS[field](code)]) for code in getattr(entry, field)]
    more = {"audiences": entry.group, "channels": entry.other_channels}.get(field)
    return choose_separator().join(names) + (f" ({more})" if more else "")


def say_limit(entry: Entry) -> str:
    """What is understood of a time limit, as a sentence."""
    found = entry.limit
    if not entry.time_limit:
        return ""
    if found.doubt is not None:
        return str(gettext(DOUBTS[found.doubt]))
    if found.limit is None:
        return str(gettext(KINDS[found.kind]))
    if found.limit.unit == Unit.FIXED_DATE:
        month, day = divmod(found.limit.number, 100)
        return str(gettext("by %(month)s-%(day)s of each year", month=f"{month:02}", day=f"{day:02}"))
    text = str(gettext(_UNITS[found.limit.unit], number=found.limit.number))
    if found.trigger == Trigger.UNSTATED:
        return text
    return f"{text}{choose_separator()}{gettext(TRIGGERS[found.trigger])}"


def offer_domains(own: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """The pilot domains, then own ones, to choose from."""
    return [(domain, say_domain(domain)) for domain in (*DOMAINS, *(item for item in own if item not in DOMAINS))]


def offer_codes(field: str) -> list[tuple[str, str]]:
    """The codes of a field to choose from."""
    return [(str(code), gettext(NAMES[code])) for code in LISTS[field]]


CONTEXT: Mapping[str, Any] = {
    "draft_states": DRAFT_STATES,
    "field_titles": TITLES,
    "nobody": NOBODY,
    "offer_basic_codes": offer_codes,
    "offer_domains": offer_domains,
    "pilot_domains": DOMAINS,
    "code_names": NAMES,
    "say_codes": say_codes,
    "say_domain": say_domain,
    "say_limit": say_limit,
    "states": STATES,
}
"""What each template of the room may call."""
