"""The life of a registration of a public data resource: which step leads from which states to which, and its days.

    preparing → submitted → accepted → notice → registered → expired
                   ↓ ↑          ↓         ↓          ↓
                 returned ← ← ← ← ← ← ← ← ┘      cancelled, replaced

A change, a correction and a cancellation are registrations of their own; when one is registered, the registration
that it is about is replaced or cancelled.
Source: 公共数据资源登记管理暂行办法 (发改数据规〔2025〕26号, in force since 2025-03-01).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from opendata.domain.clocks.calendar import WorkingCalendar
from opendata.domain.clocks.limits import Limit, Unit, add_months, find_due
from opendata.errors import N_, StateError, UnknownYearError


class RegistrationKind(StrEnum):
    """首次登记, 变更登记, 更正登记, 注销登记."""

    INITIAL = "initial"
    CHANGE = "change"
    CORRECTION = "correction"
    CANCELLATION = "cancellation"


class RegistrationState(StrEnum):
    """Where a registration is. `notice`: the register office shows it to the public (公示)."""

    PREPARING = "preparing"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    ACCEPTED = "accepted"
    NOTICE = "notice"
    REGISTERED = "registered"
    EXPIRED = "expired"
    REPLACED = "replaced"
    CANCELLED = "cancelled"


class RegistrationStep(StrEnum):
    """What happens to a registration. `record`: it was registered before this portal kept registrations."""

    SUBMIT = "submit"
    RETURN = "return"
    ACCEPT = "accept"
    NOTICE = "notice"
    REGISTER = "register"
    RECORD = "record"
    RENEW = "renew"
    CANCEL = "cancel"


class DocumentKind(StrEnum):
    """A document of an application: the commitment (承诺书), evidence (存证), the power of an agent, another one."""

    COMMITMENT = "commitment"
    EVIDENCE = "evidence"
    AGENCY = "agency"
    OTHER = "other"


_S = RegistrationState

STEPS: Mapping[RegistrationStep, tuple[frozenset[RegistrationState], RegistrationState]] = {
    RegistrationStep.SUBMIT: (frozenset([_S.PREPARING, _S.RETURNED]), _S.SUBMITTED),
    RegistrationStep.ACCEPT: (frozenset([_S.SUBMITTED]), _S.ACCEPTED),
    RegistrationStep.NOTICE: (frozenset([_S.ACCEPTED]), _S.NOTICE),
    RegistrationStep.REGISTER: (frozenset([_S.ACCEPTED, _S.NOTICE]), _S.REGISTERED),
    RegistrationStep.RETURN: (frozenset([_S.SUBMITTED, _S.ACCEPTED, _S.NOTICE]), _S.RETURNED),
    RegistrationStep.RECORD: (frozenset([_S.PREPARING]), _S.REGISTERED),
    RegistrationStep.RENEW: (frozenset([_S.REGISTERED]), _S.REGISTERED),
    RegistrationStep.CANCEL: (
        frozenset([_S.PREPARING, _S.SUBMITTED, _S.RETURNED, _S.ACCEPTED, _S.NOTICE, _S.REGISTERED]),
        _S.CANCELLED,
    ),
}
"""Step → the states that it is possible in, and the state that it leads to, in the order in which pages offer them."""

OPEN_STATES = frozenset([_S.PREPARING, _S.SUBMITTED, _S.RETURNED, _S.ACCEPTED, _S.NOTICE])
"""A registration in one of these waits for something."""

SENT_STATES = frozenset([_S.SUBMITTED, _S.ACCEPTED, _S.NOTICE])
"""It is with the register office."""

NEEDS_CODE = frozenset([RegistrationStep.REGISTER, RegistrationStep.RECORD])
LONGEST_CODE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterLimits:
    """The limits of the register office: working days of its check and of the notice, years of validity.

    A registration is renewed within `renewal_days` calendar days before its end.
    """

    check_days: int = 20
    notice_days: int = 10
    valid_years: int = 3
    renewal_days: int = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What the steps change. `taken` is the day of the last step; `check_due` the last day of the office's check.

    A day is None before it is known, and where the working days of its year aren't announced yet.
    """

    kind: RegistrationKind
    state: RegistrationState = RegistrationState.PREPARING
    taken: date | None = None
    accepted: date | None = None
    check_due: date | None = None
    notice_first: date | None = None
    notice_last: date | None = None
    code: str = ""
    registered: date | None = None
    valid_until: date | None = None
    renew_from: date | None = None

    def state_on(self, today: date) -> RegistrationState:
        """Its state on a day: what was registered ends with its validity."""
        is_over = self.valid_until is not None and self.valid_until < today
        return RegistrationState.EXPIRED if self.state == RegistrationState.REGISTERED and is_over else self.state


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTaken:
    """A step on a day. `until` is the last day of the notice or of the validity, where the office named one."""

    step: RegistrationStep
    day: date
    code: str = ""
    until: date | None = None


def list_steps(found: Registration) -> Sequence[RegistrationStep]:
    """The steps that are possible, in the order in which they are offered."""
    return [step for step, (sources, _) in STEPS.items() if found.state in sources and not _is_out(found, step)]


def take_step(
    found: Registration, taken: StepTaken, today: date, limits: RegisterLimits, calendar: WorkingCalendar
) -> Registration:
    """The registration after a step. Raises `StateError` with the reason where the step isn't possible."""
    if taken.step not in list_steps(found):
        raise StateError(N_("This step isn't possible now. Open the registration again"))
    if taken.day > today:
        raise StateError(N_("The day is in the future"))
    if found.taken is not None and taken.day < found.taken:
        raise StateError(
            N_("The step before this one was on %(day)s. Enter the same day or a later one"), day=found.taken
        )
    needs_code = taken.step in NEEDS_CODE and found.kind != RegistrationKind.CANCELLATION
    if needs_code and not taken.code:
        raise StateError(N_("Enter the code that the register office gave"))
    if taken.until is not None and taken.until < taken.day:
        raise StateError(N_("The last day is before the first one"))
    after = replace(found, state=STEPS[taken.step][1], taken=taken.day)
    match taken.step:
        case RegistrationStep.ACCEPT:
            due = _count(taken.day, limits.check_days, calendar)
            return replace(after, accepted=taken.day, check_due=due)
        case RegistrationStep.NOTICE:
            last = taken.until or _find_last(taken.day, limits.notice_days, calendar)
            return replace(after, notice_first=taken.day, notice_last=last)
        case RegistrationStep.REGISTER | RegistrationStep.RECORD:
            return _register(after, taken, limits)
        case RegistrationStep.RENEW:
            until = taken.until or _end(found.valid_until or taken.day, limits)
            if found.valid_until is not None and until <= found.valid_until:
                raise StateError(N_("The new last day must be after the one before, %(day)s"), day=found.valid_until)
            return _valid_until(after, until, limits)
        case RegistrationStep.RETURN:
            return replace(after, accepted=None, check_due=None, notice_first=None, notice_last=None)
        case _:
            return after


def settle_earlier(kind: RegistrationKind) -> RegistrationState:
    """What a registration becomes once another one about it, of this kind, is registered."""
    return RegistrationState.CANCELLED if kind == RegistrationKind.CANCELLATION else RegistrationState.REPLACED


def _is_out(found: Registration, step: RegistrationStep) -> bool:
    """A cancellation is neither recorded afterwards nor renewed."""
    return found.kind == RegistrationKind.CANCELLATION and step in (RegistrationStep.RECORD, RegistrationStep.RENEW)


def _register(after: Registration, taken: StepTaken, limits: RegisterLimits) -> Registration:
    if after.kind == RegistrationKind.CANCELLATION:
        return replace(after, code=taken.code, registered=taken.day)
    after = replace(after, code=taken.code, registered=taken.day)
    return _valid_until(after, taken.until or _end(taken.day, limits), limits)


def _valid_until(found: Registration, until: date, limits: RegisterLimits) -> Registration:
    begins = date.fromordinal(max(1, until.toordinal() - limits.renewal_days))
    return replace(found, valid_until=until, renew_from=begins)


def _end(start: date, limits: RegisterLimits) -> date:
    """The last day of a validity that starts on a day: the day before the same one, some years later."""
    return date.fromordinal(add_months(start, 12 * limits.valid_years).toordinal() - 1)


def _count(start: date, number: int, calendar: WorkingCalendar) -> date | None:
    try:
        return find_due(start, Limit(number, Unit.WORKING_DAY), calendar)
    except UnknownYearError:
        return None


def _find_last(first: date, number: int, calendar: WorkingCalendar) -> date | None:
    """The last day of a notice: its first day counts where people work on it."""
    return _count(date.fromordinal(first.toordinal() - 1), number, calendar)
