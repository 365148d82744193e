"""What a dataset owes the register: to be registered, to be registered again after a change, to be renewed.

In: under authorised operation, never registered                Out: apply
In: version 1.0.0 is registered, 1.1.0 came out on 3 March      Out: a change, since 3 March
In: registered until 31 May, today is 10 April                  Out: a renewal by 31 May

What is under authorised operation (授权运营) must be registered, for all else it is encouraged.
Source: 公共数据资源登记管理暂行办法 (发改数据规〔2025〕26号).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from opendata.domain.registers.registration import (
    OPEN_STATES,
    SENT_STATES,
    Registration,
    RegistrationKind,
    RegistrationState,
)

OPERATION = "authorisedOperation"
"""The property of a dataset's metadata that says under whose operation it is."""

OPERATION_PARTS = ("mode", "implementingBody", "operator", "operatorCode", "period")
"""What that property has: any of them says that there is such an operation."""


class Duty(StrEnum):
    """What is owed, by the id of its rule of clocks."""

    APPLY = "register-apply"
    CHANGE = "register-change"
    RENEW = "register-renew"


OPERATION_RULE = "operation-disclosure"
"""The rule by which the yearly disclosure of authorised operation is due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A registration with its number and the version that it is about; an empty version is the entry alone."""

    id: int
    version: str
    found: Registration


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Something owed since a day. `about` is what differs from the same at another time; `due` is that of a renewal."""

    duty: Duty
    about: str
    since: date
    due: date | None = None


def is_under_operation(further: Mapping[str, Any]) -> bool:
    """Whether the metadata say that a dataset is under authorised operation."""
    said = further.get(OPERATION)
    return isinstance(said, Mapping) and any(said.values())


def find_standing(known: Sequence[Known], today: date) -> Known | None:
    """The registration that counts: the newest that is registered, a valid one before one that has expired."""
    found = [one for one in known if _is_registered(one.found)]
    return max(found, key=lambda one: (one.found.state_on(today) != RegistrationState.EXPIRED, one.id), default=None)


def find_needs(
    known: Sequence[Known],
    *,
    is_operated: bool,
    editions: Sequence[tuple[str, date]],
    today: date,
    counts_all: bool = True,
) -> Sequence[Need]:
    """What a dataset owes. `editions` are its versions and their days, the oldest first.

    `counts_all` as in `find_change`.
    """
    standing = find_standing(known, today)
    is_sent = any(one.found.state in SENT_STATES for one in known)
    if standing is None or standing.found.state_on(today) == RegistrationState.EXPIRED:
        if not is_operated or is_sent:
            return []
        ended = standing.found.valid_until if standing is not None else None
        last = max((one.id for one in known if one.found.registered is not None), default=0)
        return [Need(duty=Duty.APPLY, about=str(last), since=ended or today)]
    found = []
    changed = find_change(standing.version, editions, counts_all=counts_all)
    sent = [one for one in known if one.found.state in SENT_STATES and one.found.kind != RegistrationKind.CANCELLATION]
    if changed is not None and not any(one.version == editions[-1][0] for one in sent):
        found.append(Need(duty=Duty.CHANGE, about=str(standing.id), since=changed))
    begins, until = standing.found.renew_from, standing.found.valid_until
    if begins is not None and until is not None and begins <= today:
        found.append(Need(duty=Duty.RENEW, about=f"{standing.id}:{until}", since=begins, due=until))
    return found


def find_change(version: str, editions: Sequence[tuple[str, date]], *, counts_all: bool = True) -> date | None:
    """The day of the first version after the one that is registered; None where nothing that counts came after it.

    Unless `counts_all`, only a version counts whose first number is another one: tables or columns changed.
    """
    numbers = [number for number, _ in editions]
    after = editions[numbers.index(version) + 1 if version in numbers else 0 :]
    major = version.partition(".")[0]
    return next((day for number, day in after if counts_all or number.partition(".")[0] != major), None)


def is_waiting(known: Sequence[Known]) -> bool:
    """Whether a registration of the dataset waits for something."""
    return any(one.found.state in OPEN_STATES for one in known)


def _is_registered(found: Registration) -> bool:
    return found.state == RegistrationState.REGISTERED and found.kind != RegistrationKind.CANCELLATION
