"""What somebody says about a source, what is wrong with that, and what others see of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from opendata.db.models import Source, SourceRun
from opendata.domain.mail.addresses import parse_mail_address
from opendata.domain.sources.address import SECRET_PLACE, SourceAddress, SourceKind
from opendata.domain.sources.timetable import Cycle, Outcome, Timetable
from opendata.errors import N_, Fault, KeptMessage, Listed, fault
from opendata.metadata.identifiers import find_identifier_fault
from opendata.outside.sftp import find_key_fault
from opendata.outside.sql import find_option_fault

_MOST_QUERY = 20_000
_MOST_SECRET = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceInput:
    """A source as somebody describes it. A `secret` that is None is kept as it is."""

    url: str
    resource: str
    query: str = ""
    secret: str | None = field(default=None, repr=False)
    host_key: str = ""
    cycle: str = Cycle.DAILY
    at: str = "06:00"
    day: int = 1
    submit: bool = False
    contact: str = ""

    @classmethod
    def from_values(cls, said: Mapping[str, Any]) -> Self:
        """The source out of a form or a document, under the names of REST."""
        names = {"hostKey": "host_key"}
        values = {names.get(name, name): value for name, value in said.items()}
        texts = ("url", "resource", "query", "host_key", "cycle", "at", "contact")
        return cls(**{name: value.strip() if name in texts else value for name, value in values.items()})

    @property
    def timetable(self) -> Timetable:
        """When it is fetched."""
        return Timetable(cycle=Cycle(self.cycle), at=self.at, day=self.day)

    def list_faults(self) -> list[Fault]:
        """What is wrong with it."""
        faults: list[Fault | None] = [find_identifier_fault("/resource", self.resource, resource=True)]
        address = SourceAddress.parse(self.url)
        faults += [address] if isinstance(address, Fault) else self._list_kind_faults(address)
        if self.cycle in list(Cycle):
            faults += self.timetable.list_faults()
        else:
            text = N_("“%(value)s” isn't one of %(choices)s")
            faults.append(fault("/cycle", text, value=self.cycle[:100], choices=Listed(Cycle)))
        if self.contact and parse_mail_address(self.contact) is None:
            faults.append(fault("/contact", N_("Enter an e-mail address, such as name@example.org")))
        if self.secret is not None and len(self.secret) > _MOST_SECRET:
            faults.append(fault("/secret", N_("This text is too long")))
        return [item for item in faults if item is not None]

    def _list_kind_faults(self, address: SourceAddress) -> list[Fault | None]:
        faults: list[Fault | None] = []
        is_sql = address.kind == SourceKind.SQL
        if is_sql and not self.query:
            faults.append(fault("/query", N_("Enter the SELECT that gives the rows of the table")))
        if self.query and not is_sql:
            faults.append(fault("/query", N_("Only a database is asked with a SELECT. Empty this field")))
        if len(self.query) > _MOST_QUERY or "\0" in self.query:
            faults.append(fault("/query", N_("This text is too long")))
        wrong = find_option_fault(address) if is_sql else ""
        if wrong:
            text = N_("“%(name)s” can't be set in the address of a database. Only sslmode can")
            faults.append(fault("/url", text, name=wrong[:100]))
        if self.host_key and (address.kind != SourceKind.SFTP or find_key_fault(self.host_key)):
            faults.append(fault("/hostKey", N_("Enter the public key of the SFTP server, such as “ssh-ed25519 AAAA…”")))
        if SECRET_PLACE in self.url and address.kind != SourceKind.HTTP:
            faults.append(fault("/url", N_("Only the address of a web server can have the secret in it")))
        elif SECRET_PLACE in self.url.partition("?")[0]:
            faults.append(fault("/url", N_("The secret can only be a part of the address after “?”")))
        if address.scheme == "http" and self.secret:
            text = N_("The password would be sent without encryption. Use an address that begins with https")
            faults.append(fault("/url", text))
        return faults


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """One time that a source was fetched."""

    begun: datetime
    ended: datetime | None
    outcome: Outcome
    reason: KeptMessage | None
    bytes: int | None
    draft: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """A source as editors see it, without its secret. `offered_key` waits to be accepted, with its `fingerprint`."""

    dataset: str
    resource: str
    url: str
    query: str
    has_secret: bool
    host_key: str
    offered_key: str
    fingerprint: str
    cycle: Cycle
    at: str
    day: int
    submit: bool
    contact: str
    author: str
    changed: datetime
    revision: int
    due: datetime | None
    is_waiting: bool
    is_stopped: bool
    runs: tuple[RunView, ...]

    @property
    def kind(self) -> SourceKind:
        """How it is asked."""
        return read_address(self.url).kind


def read_address(url: str) -> SourceAddress:
    """The parts of an address that was accepted."""
    found = SourceAddress.parse(url)
    if isinstance(found, Fault):
        raise TypeError(found.text)
    return found


def view_run(row: SourceRun) -> RunView:
    """The value of a row."""
    reason: KeptMessage | None = None
    if row.reason is not None:
        reason = {"message": row.reason["message"], "params": row.reason["params"]}
    return RunView(
        begun=row.begun, ended=row.ended, outcome=row.outcome, reason=reason, bytes=row.bytes, draft=row.draft_id
    )


def view_source(row: Source, runs: list[SourceRun], fingerprint: str) -> SourceView:
    """The value of a row; `runs` are the newest, the newest first."""
    return SourceView(
        dataset=row.dataset_id,
        resource=row.resource,
        url=row.url,
        query=row.query,
        has_secret=row.secret is not None,
        host_key=row.host_key,
        offered_key=row.offered_key or "",
        fingerprint=fingerprint,
        cycle=row.cycle,
        at=row.at,
        day=row.day,
        submit=row.submits,
        contact=row.contact,
        author=row.author,
        changed=row.changed,
        revision=row.revision,
        due=row.due,
        is_waiting=row.asked or row.owner is not None,
        is_stopped=bool(runs) and runs[0].outcome == Outcome.STOPPED,
        runs=tuple(view_run(item) for item in runs),
    )


def read_timetable(row: Source) -> Timetable:
    """When a source is fetched."""
    return Timetable(cycle=row.cycle, at=row.at, day=row.day)
