"""Higher platforms as maintainers describe them, what is wrong with that, and what is shown of them and of records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from opendata.db.models import HigherPlatform, UpwardRecord
from opendata.domain.sources.address import SourceAddress
from opendata.domain.upward.platforms import PlatformKind, Selection, SendMethod
from opendata.domain.upward.records import RecordState
from opendata.errors import N_, Fault, KeptMessage, Listed, fault
from opendata.metadata.identifiers import find_identifier_fault
from opendata.metadata.properties.code_lists import find_codes
from opendata.metadata.text import is_text
from opendata.outside.signatures import is_secret

MOST_CHOSEN = 500
"""So many publishers or themes can be chosen."""

_MOST_TITLE = 200
_MOST_SECRET = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformInput:
    """A higher platform as somebody describes it. An empty `secret` keeps the one that it has."""

    title: str
    url: str
    kind: str
    account: str = ""
    secret: str = ""
    method: str = SendMethod.PUT
    publishers: Sequence[str] = ()
    themes: Sequence[str] = ()
    takes_harvested: bool = False
    is_withdrawn: bool = False
    is_active: bool = True
    is_public: bool = False

    @classmethod
    def from_values(cls, said: Mapping[str, Any]) -> Self:
        """The platform out of a form or a document, under the names of REST."""
        names = {
            "harvested": "takes_harvested",
            "active": "is_active",
            "public": "is_public",
            "withdrawn": "is_withdrawn",
        }
        values: dict[str, Any] = {names.get(name, name): value for name, value in said.items()}
        for name, value in values.items():
            values[name] = value.strip() if isinstance(value, str) else value
        return cls(**values)

    def list_faults(self, allowed: Sequence[str], *, is_new: bool) -> list[Fault]:
        """What is wrong with it, whatever the database has; `allowed` are the hosts inside the own network."""
        faults: list[Fault] = []
        if not self.title or len(self.title) > _MOST_TITLE or not is_text(self.title):
            faults.append(
                fault("/title", N_("Enter the name of the platform, %(limit)s characters at most"), limit=200)
            )
        faults += _list_url_faults(self.url, allowed)
        for name, value, choices in (("kind", self.kind, PlatformKind), ("method", self.method, SendMethod)):
            if value not in list(choices):
                text = N_("“%(value)s” isn't one of %(choices)s")
                faults.append(fault(f"/{name}", text, value=value[:100], choices=Listed([*choices])))
        faults += self._list_account_faults()
        faults += self._list_secret_faults(is_new=is_new)
        themes = find_codes("themes")
        text = N_("There is no theme “%(id)s”")
        faults += [fault("/themes", text, id=item[:100]) for item in self.themes if item not in themes]
        if len(self.publishers) > MOST_CHOSEN:
            faults.append(fault("/publishers", N_("At most %(limit)s publishers can be chosen"), limit=MOST_CHOSEN))
        return faults

    def _list_account_faults(self) -> list[Fault]:
        if self.kind == PlatformKind.OPENDATA and find_identifier_fault("", self.account):
            return [
                fault("/account", N_("Enter the id under which that platform has registered this portal as a sender"))
            ]
        if self.kind == PlatformKind.CKAN and (not self.account or len(self.account) > 100):
            return [
                fault("/account", N_("Enter the name or id of the organization at CKAN that your datasets belong to"))
            ]
        return []

    def _list_secret_faults(self, *, is_new: bool) -> list[Fault]:
        if not self.secret:
            return [fault("/secret", N_("Enter the secret that you have from the platform"))] if is_new else []
        if len(self.secret) > _MOST_SECRET or not self.secret.isascii() or not self.secret.isprintable():
            return [
                fault("/secret", N_("The secret must be at most %(limit)s characters of ASCII"), limit=_MOST_SECRET)
            ]
        if self.kind != PlatformKind.CKAN and not is_secret(self.secret):
            return [fault("/secret", N_("The secret must begin with “whsec_”, as the platform showed it"))]
        return []


def _list_url_faults(url: str, allowed: Sequence[str]) -> list[Fault]:
    address = SourceAddress.parse(url)
    if isinstance(address, Fault) or address.scheme not in ("http", "https") or address.user:
        return [fault("/url", N_("Enter a web address (http or https) without a user and a password"))]
    if address.scheme == "http" and address.host not in allowed and f"{address.host}:{address.port}" not in allowed:
        return [fault("/url", N_("Write an address with https, so that nobody reads on the way what is sent"))]
    if "?" in address.path:
        return [fault("/url", N_("Leave out the part of the address that begins with “?”"))]
    return []


@dataclass(frozen=True, slots=True, kw_only=True)
class InStep:
    """How what a platform has compares with what was delivered: equal, not there, or different."""

    equal: int
    missing: int
    other: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformView:
    """A higher platform. `counts` has the records in each state; `rests_until` is set while it doesn't answer.

    `reason` says why it couldn't be reached or compared last.
    """

    id: str
    title: str
    url: str
    kind: PlatformKind
    account: str
    method: SendMethod
    publishers: Sequence[str]
    themes: Sequence[str]
    takes_harvested: bool
    is_withdrawn: bool
    is_active: bool
    is_public: bool
    author: str
    changed: datetime
    revision: int
    failures: int
    rests_until: datetime | None
    reason: KeptMessage | None
    compared: datetime | None
    is_asked: bool
    step: InStep | None
    counts: Mapping[RecordState, int]

    @property
    def can_compare(self) -> bool:
        """Whether it can say what it has."""
        return self.kind != PlatformKind.HTTP


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordView:
    """A record at a platform. `dataset` is None where it no longer exists; `due` is when it is tried next.

    `answer` is what the platform said last, `reason` why it couldn't be asked; `page` its address there.
    """

    platform: str
    platform_title: str
    dataset: str | None
    title: str
    uuid: str
    state: RecordState
    wanted: str | None
    delivered: str | None
    attempts: int
    due: datetime | None
    tried: datetime | None
    settled: datetime | None
    status: int | None
    answer: str
    reason: KeptMessage | None
    there: str
    page: str


def read_selection(row: HigherPlatform) -> Selection:
    """Which entries a platform gets."""
    return Selection(
        publishers=row.publishers,
        themes=row.themes,
        takes_harvested=row.takes_harvested,
        is_withdrawn=row.is_withdrawn,
    )


def view_platform(row: HigherPlatform, counts: Mapping[RecordState, int]) -> PlatformView:
    """The value of a row."""
    step = InStep(**row.step) if row.step else None
    return PlatformView(
        id=row.id,
        title=row.title,
        url=row.url,
        kind=row.kind,
        account=row.account,
        method=row.method,
        publishers=row.publishers,
        themes=row.themes,
        takes_harvested=row.takes_harvested,
        is_withdrawn=row.is_withdrawn,
        is_active=row.is_active,
        is_public=row.is_public,
        author=row.author,
        changed=row.changed,
        revision=row.revision,
        failures=row.failures,
        rests_until=row.rests_until if row.failures else None,
        reason=read_reason(row.reason),
        compared=row.compared,
        is_asked=row.is_asked,
        step=step,
        counts=counts,
    )


def view_record(row: UpwardRecord, platform: str, dataset: str | None, title: str) -> RecordView:
    """The value of a row; `platform` is the platform's title."""
    is_open = row.state in (RecordState.WAITING, RecordState.FAILED)
    return RecordView(
        platform=row.platform_id,
        platform_title=platform,
        dataset=dataset,
        title=title,
        uuid=row.dataset_uuid,
        state=row.state,
        wanted=row.wanted,
        delivered=row.delivered,
        attempts=row.attempts,
        due=row.due if is_open else None,
        tried=row.tried,
        settled=row.settled,
        status=row.status,
        answer=row.answer,
        reason=read_reason(row.reason),
        there=row.there,
        page=row.page,
    )


def read_reason(found: Mapping[str, Any] | None) -> KeptMessage | None:
    """What a column of reasons has."""
    return {"message": found["message"], "params": found["params"]} if found else None
