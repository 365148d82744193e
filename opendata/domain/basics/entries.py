"""An entry of the basic catalogue: what it says, what it lacks to be put in force, and how it is read from JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

from opendata.domain.basics.codes import DOMAINS, Audience, Channel, Kind, Level, Method, find_domain
from opendata.domain.basics.timing import TimeLimit, parse_time_limit
from opendata.errors import N_, Fault, fault

MOST_TEXT = 10_000
MOST_TITLE = 500
MOST_DOMAIN = 100
"""At most this many characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One matter that must be public. `domain` is the code of a pilot domain or the name of an own one.

    `matter` and `item` are the matters of level 1 and 2, `content` the elements, `time_limit` as written, `body` the
    responsible body as written and `publisher` its id here. `group` says which group, `other_channels` what the list of
    channels doesn't have.
    """

    domain: str = ""
    matter: str = ""
    item: str = ""
    content: str = ""
    basis: str = ""
    time_limit: str = ""
    body: str = ""
    publisher: str = ""
    channels: tuple[str, ...] = ()
    other_channels: str = ""
    audiences: tuple[str, ...] = ()
    group: str = ""
    methods: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    supervision: str = ""

    @property
    def limit(self) -> TimeLimit:
        """What is understood of the time limit."""
        return parse_time_limit(self.time_limit)

    @property
    def title(self) -> str:
        """What it is called in lists."""
        return " · ".join(filter(None, (self.matter, self.item)))

    def list_missing(self) -> list[str]:
        """The elements without which it can't be put in force: subject, content, time limit, method."""
        needed = {
            "domain": self.domain,
            "matter": self.matter or self.item,
            "content": self.content,
            "time_limit": self.time_limit,
            "body": self.body or self.publisher,
            "methods": self.methods,
        }
        return [name for name, value in needed.items() if not value]

    def to_json(self) -> dict[str, Any]:
        """As JSON, without what is empty."""
        found = {NAMES[name]: getattr(self, name) for name in NAMES}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items() if value}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Entry:
        """Read what `to_json` wrote."""
        values = {name: found.get(key) for name, key in NAMES.items()}
        known: dict[str, Any] = {
            name: tuple(value) if name in LISTS else value for name, value in values.items() if value
        }
        return cls(**known)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)


NAMES: Mapping[str, str] = {item.name: _camel(item.name) for item in fields(Entry)}
"""Field → its name in JSON."""

LISTS: Mapping[str, type[StrEnum]] = {
    "channels": Channel,
    "audiences": Audience,
    "methods": Method,
    "levels": Level,
    "kinds": Kind,
}
"""The fields that are codes of a list."""

TITLES: Mapping[str, str] = {
    "domain": N_("Domain"),
    "matter": N_("Matter of level 1"),
    "item": N_("Matter of level 2"),
    "content": N_("Content and elements"),
    "basis": N_("Basis of disclosure"),
    "time_limit": N_("Time limit"),
    "body": N_("Responsible body"),
    "publisher": N_("Publisher on this portal"),
    "channels": N_("Channels and carriers"),
    "other_channels": N_("Other channels, in words"),
    "audiences": N_("Audience"),
    "group": N_("Which group"),
    "methods": N_("Method"),
    "levels": N_("Level"),
    "kinds": N_("Kind of openness"),
    "supervision": N_("Channel of supervision"),
}
"""Field → what it is called."""

_LONGEST = {"domain": MOST_DOMAIN, "matter": MOST_TITLE, "item": MOST_TITLE, "body": MOST_TITLE, "publisher": 100}


def read_entry(found: Mapping[str, Any]) -> tuple[Entry, list[Fault]]:
    """An entry from JSON that somebody sent, and what is wrong with it, by the names in JSON."""
    faults: list[Fault] = []
    values: dict[str, Any] = {}
    for name, key in NAMES.items():
        value = found.get(key)
        if name in LISTS:
            values[name] = _read_codes(value, LISTS[name], key, faults)
            continue
        text = "" if value is None else str(value).replace("\r\n", "\n").strip()
        longest = _LONGEST.get(name, MOST_TEXT)
        if len(text) > longest:
            message = N_("This text is too long. At most %(limit)s characters are allowed")
            faults.append(fault(f"/{key}", message, limit=longest))
        if "\0" in text:
            faults.append(fault(f"/{key}", N_("A NUL character isn't allowed")))
        values[name] = text[:longest]
    for name, text, code in (("channels", "other_channels", Channel.OTHER), ("audiences", "group", Audience.GROUP)):
        if values[text] and code not in values[name]:
            values[name] = tuple(found for found in map(str, LISTS[name]) if found in (*values[name], code))
    values["domain"] = find_domain(values["domain"]) or values["domain"]
    entry = Entry(**values)
    if not entry.title:
        faults.append(fault("/matter", N_("Enter the matter that is disclosed")))
    return entry, faults


def _read_codes(value: Any, codes: type[StrEnum], key: str, faults: list[Fault]) -> tuple[str, ...]:
    given: Sequence[Any] = () if value is None else [value] if isinstance(value, str) else value
    known = [str(code) for code in codes]
    for code in given:
        if code not in known:
            message = N_("“%(code)s” isn't one of the codes: %(codes)s")
            faults.append(fault(f"/{key}", message, code=str(code)[:80], codes=", ".join(known)))
    return tuple(code for code in known if code in given)


def is_own_domain(domain: str) -> bool:
    """Whether a domain isn't one of the pilot domains."""
    return domain not in DOMAINS


def with_publisher(entry: Entry, known: Mapping[str, str]) -> Entry:
    """The entry with the publisher whose name its responsible body has; `known` are ids by names without spaces."""
    if entry.publisher:
        return entry
    return replace(entry, publisher=known.get("".join(entry.body.split()), ""))
