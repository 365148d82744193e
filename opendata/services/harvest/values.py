"""What somebody says about a portal to harvest, what is wrong with that, and what others see of it and its runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from opendata.db.models import HarvestRun, HarvestSource
from opendata.domain.harvest.runs import Counts, HarvestOutcome, HarvestWish
from opendata.domain.harvest.sources import HarvestKind
from opendata.domain.sources.address import SourceAddress, SourceKind
from opendata.domain.sources.timetable import Cycle, Timetable
from opendata.errors import N_, Fault, KeptMessage, Listed, fault
from opendata.exchange.reading.readers import READERS
from opendata.metadata.identifiers import find_identifier_fault
from opendata.metadata.text import is_text

CYCLES = tuple(item for item in Cycle if item != Cycle.DATASET)
"""How often a portal can be harvested."""

MOST_GONE = 20
"""Percent: the largest share of the datasets that may vanish at once, where nobody says another."""

_KEYS = frozenset(
    ["key", "apikey", "api_key", "api-key", "token", "access_token", "auth", "secret", "password", "sig", "signature"]
)
_MOST_TITLE = 200
_MOST_MAPPED = 500


def has_key(url: str) -> bool:
    """Whether the query of an address seems to have a key in it."""
    return any(name.lower() in _KEYS for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class HarvestInput:
    """A portal as somebody describes it. `mapping`: a foreign publisher, by its id or title there → our publisher."""

    title: str
    url: str
    kind: str
    publisher: str
    mapping: Mapping[str, str] = field(default_factory=dict)
    most_gone: int = MOST_GONE
    cycle: str = Cycle.DAILY
    at: str = "03:00"
    day: int = 1
    takes_data: bool = False

    @classmethod
    def from_values(cls, said: Mapping[str, Any]) -> Self:
        """The portal out of a form or a document, under the names of REST."""
        names = {"mostGone": "most_gone", "data": "takes_data"}
        values: dict[str, Any] = {names.get(name, name): value for name, value in said.items()}
        for name, value in values.items():
            values[name] = value.strip() if isinstance(value, str) else value
        return cls(**values)

    @property
    def timetable(self) -> Timetable:
        """When it is harvested."""
        return Timetable(cycle=Cycle(self.cycle), at=self.at, day=self.day)

    def list_faults(self) -> list[Fault]:
        """What is wrong with it, whatever the database has."""
        faults: list[Fault | None] = [find_identifier_fault("/publisher", self.publisher)]
        if not self.title or len(self.title) > _MOST_TITLE or not is_text(self.title):
            faults.append(fault("/title", N_("Enter the name of the portal, %(limit)s characters at most"), limit=200))
        address = SourceAddress.parse(self.url)
        if isinstance(address, Fault) or address.kind != SourceKind.HTTP or address.user:
            faults.append(fault("/url", N_("Enter a web address (http or https) without a user and a password")))
        elif has_key(self.url):
            text = N_(
                "Everybody sees this address. Leave out the key in it, or ask that portal for an address without one"
            )
            faults.append(fault("/url", text))
        if self.kind not in list(READERS):
            text = N_("“%(value)s” isn't one of %(choices)s")
            faults.append(fault("/kind", text, value=self.kind[:100], choices=Listed(READERS)))
        if not 0 <= self.most_gone <= 100:
            faults.append(fault("/mostGone", N_("Enter a share from 0 to 100 percent")))
        if self.cycle in CYCLES:
            faults += self.timetable.list_faults()
        else:
            text = N_("“%(value)s” isn't one of %(choices)s")
            faults.append(fault("/cycle", text, value=self.cycle[:100], choices=Listed(CYCLES)))
        faults += self._list_mapping_faults()
        return [item for item in faults if item is not None]

    def _list_mapping_faults(self) -> list[Fault]:
        faults: list[Fault] = []
        if len(self.mapping) > _MOST_MAPPED:
            faults.append(fault("/mapping", N_("At most %(limit)s publishers can be assigned"), limit=_MOST_MAPPED))
        for foreign, own in self.mapping.items():
            if not foreign or len(foreign) > _MOST_TITLE or not is_text(foreign) or find_identifier_fault("", own):
                text = N_("“%(line)s” doesn't name a publisher there and one of this portal")
                faults.append(fault("/mapping", text, line=f"{foreign} = {own}"[:200]))
        return faults


@dataclass(frozen=True, slots=True, kw_only=True)
class HarvestRunView:
    """One time that a portal was harvested or tried.

    `refused` are datasets that couldn't be used, with the reason of each: `{identifier, title, reason}`. `changes` say
    what a run did, or would do: `{fate, identifier, title, dataset, properties}`. Both have the first ones alone.
    `unfetched` are datasets whose table can't be fetched: `{dataset, reason}`.
    """

    number: int
    is_trial: bool
    begun: datetime
    ended: datetime | None
    outcome: HarvestOutcome
    reason: KeptMessage | None
    counts: Counts
    refused: Sequence[Mapping[str, Any]]
    changes: Sequence[Mapping[str, Any]]
    unfetched: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HarvestSourceView:
    """A portal that is harvested. `live` are its datasets in the catalogue that it still has, `gone` those it hasn't.

    `runs` are the newest, the newest first.
    """

    id: str
    title: str
    url: str
    kind: HarvestKind
    publisher: str
    mapping: Mapping[str, str]
    most_gone: int
    cycle: Cycle
    at: str
    day: int
    takes_data: bool
    is_active: bool
    author: str
    changed: datetime
    revision: int
    due: datetime | None
    wish: HarvestWish
    is_running: bool
    live: int
    gone: int
    runs: Sequence[HarvestRunView]

    @property
    def last(self) -> HarvestRunView | None:
        """The newest run that wasn't a trial and has ended."""
        return next((run for run in self.runs if not run.is_trial and run.ended is not None), None)

    @property
    def is_waiting(self) -> bool:
        """Whether a run is asked for or under way."""
        return self.is_running or self.wish != HarvestWish.NOTHING


def view_run(row: HarvestRun) -> HarvestRunView:
    """The value of a row."""
    details = row.details or {}
    reason: KeptMessage | None = None
    if row.reason is not None:
        reason = {"message": row.reason["message"], "params": row.reason["params"]}
    return HarvestRunView(
        number=row.id,
        is_trial=row.is_trial,
        begun=row.begun,
        ended=row.ended,
        outcome=row.outcome,
        reason=reason,
        counts=Counts(
            seen=row.seen, kept=row.kept, new=row.new, changed=row.changed, refused=row.refused, gone=row.gone
        ),
        refused=details.get("refused", ()),
        changes=details.get("changes", ()),
        unfetched=details.get("unfetched", ()),
    )


def view_source(row: HarvestSource, runs: Sequence[HarvestRun], *, live: int, gone: int) -> HarvestSourceView:
    """The value of a row."""
    return HarvestSourceView(
        id=row.id,
        title=row.title,
        url=row.url,
        kind=row.kind,
        publisher=row.publisher_id,
        mapping=row.mapping,
        most_gone=row.most_gone,
        cycle=row.cycle,
        at=row.at,
        day=row.day,
        takes_data=row.takes_data,
        is_active=row.is_active,
        author=row.author,
        changed=row.changed,
        revision=row.revision,
        due=row.due,
        wish=row.wish,
        is_running=row.owner is not None,
        live=live,
        gone=gone,
        runs=[view_run(item) for item in runs],
    )


def read_timetable(row: HarvestSource) -> Timetable:
    """When a portal is harvested."""
    return Timetable(cycle=row.cycle, at=row.at, day=row.day)
