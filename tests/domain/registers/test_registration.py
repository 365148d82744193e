"""The life of a registration, as a table and over random walks; what a dataset owes the register."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.domain.clocks.calendar import load_calendar
from opendata.domain.clocks.rules import load_rules
from opendata.domain.registers.form import FIELDS, answer_fields, is_digest
from opendata.domain.registers.needs import (
    OPERATION_RULE,
    Duty,
    Known,
    find_change,
    find_needs,
    find_standing,
    is_under_operation,
    is_waiting,
)
from opendata.domain.registers.registration import (
    OPEN_STATES,
    STEPS,
    RegisterLimits,
    Registration,
    RegistrationKind,
    RegistrationState,
    RegistrationStep,
    StepTaken,
    list_steps,
    settle_earlier,
    take_step,
)
from opendata.errors import StateError
from opendata.wording.governance.registers import FIELDS as NAMES
from opendata.wording.governance.registers import KINDS, STATES, STEP_HINTS
from opendata.wording.governance.registers import STEPS as STEP_NAMES

CHINA = load_calendar()
LIMITS = RegisterLimits()
TODAY = date(2026, 12, 31)
S, T, K = RegistrationState, RegistrationStep, RegistrationKind


def step(found: Registration, name: T, day: date, code: str = "", until: date | None = None) -> Registration:
    return take_step(found, StepTaken(step=name, day=day, code=code, until=until), TODAY, LIMITS, CHINA)


def register(day: date = date(2026, 3, 2), kind: K = K.INITIAL) -> Registration:
    found = step(Registration(kind=kind), T.SUBMIT, day)
    return step(step(found, T.ACCEPT, day), T.REGISTER, day, "DJ-1")


def test_the_clock_counts_working_days_and_the_first_day_of_a_notice() -> None:
    found = step(Registration(kind=K.INITIAL), T.SUBMIT, date(2026, 1, 26))
    found = step(found, T.ACCEPT, date(2026, 1, 28))
    assert (found.accepted, found.check_due) == (date(2026, 1, 28), date(2026, 3, 3))
    found = step(found, T.NOTICE, date(2026, 3, 2))
    assert (found.notice_first, found.notice_last) == (date(2026, 3, 2), date(2026, 3, 13))
    found = step(found, T.REGISTER, date(2026, 3, 16), "DJ-1")
    assert (found.valid_until, found.renew_from) == (date(2029, 3, 15), date(2029, 1, 14))
    assert found.state_on(date(2029, 3, 15)) == S.REGISTERED
    assert found.state_on(date(2029, 3, 16)) == S.EXPIRED
    found = step(found, T.RENEW, date(2026, 12, 1))
    assert found.valid_until == date(2032, 3, 14)


def test_what_the_office_names_goes_before_what_is_counted() -> None:
    found = step(step(Registration(kind=K.INITIAL), T.SUBMIT, date(2026, 3, 2)), T.ACCEPT, date(2026, 3, 2))
    noticed = step(found, T.NOTICE, date(2026, 3, 3), until=date(2026, 3, 20))
    assert noticed.notice_last == date(2026, 3, 20)
    assert step(noticed, T.REGISTER, date(2026, 3, 21), "X", date(2027, 1, 1)).valid_until == date(2027, 1, 1)
    returned = step(noticed, T.RETURN, date(2026, 3, 10))
    assert (returned.state, returned.accepted, returned.notice_last) == (S.RETURNED, None, None)
    unknown = take_step(
        step(Registration(kind=K.INITIAL), T.SUBMIT, date(2026, 12, 30)),
        StepTaken(step=T.ACCEPT, day=date(2026, 12, 31)),
        TODAY,
        RegisterLimits(check_days=400),
        CHINA,
    )
    assert unknown.check_due is None


@pytest.mark.parametrize(
    ("found", "name", "day", "code", "until"),
    [
        (Registration(kind=K.INITIAL), T.ACCEPT, date(2026, 3, 2), "", None),
        (Registration(kind=K.INITIAL), T.RECORD, date(2026, 3, 2), "", None),
        (Registration(kind=K.CANCELLATION), T.RECORD, date(2026, 3, 2), "X", None),
        (Registration(kind=K.INITIAL), T.SUBMIT, date(2027, 1, 1), "", None),
        (register(), T.RENEW, date(2026, 3, 1), "", None),
        (register(), T.RENEW, date(2026, 4, 1), "", date(2026, 5, 1)),
        (Registration(kind=K.INITIAL), T.RECORD, date(2026, 3, 2), "X", date(2026, 3, 1)),
    ],
)
def test_a_step_that_is_not_possible_is_refused(
    found: Registration, name: T, day: date, code: str, until: date | None
) -> None:
    with pytest.raises(StateError):
        step(found, name, day, code, until)


@given(
    kind=st.sampled_from(tuple(K)),
    walk=st.lists(st.tuples(st.sampled_from(tuple(T)), st.integers(0, 40), st.booleans()), max_size=12),
)
def test_any_walk_keeps_its_days_in_order_and_its_code(kind: K, walk: list[tuple[T, int, bool]]) -> None:
    found, day = Registration(kind=kind), date(2025, 3, 3)
    for name, wait, has_code in walk:
        day += timedelta(days=wait)
        is_offered = name in list_steps(found)
        try:
            after = step(found, name, day, "DJ" if has_code else "")
        except StateError:
            assert not is_offered or name in (T.REGISTER, T.RECORD) or name == T.RENEW
            continue
        assert is_offered
        assert found.state in STEPS[name][0]
        assert after.state == STEPS[name][1]
        assert after.taken == day
        assert (after.notice_first is None) == (after.notice_last is None)
        if after.state == S.NOTICE:
            assert after.accepted is not None
            assert after.accepted <= day <= (after.notice_last or day)
        if after.state == S.REGISTERED and kind != K.CANCELLATION:
            assert after.code
            assert after.valid_until is not None
            assert after.registered is not None
            assert after.registered <= after.valid_until
        found = after
    assert found.state != S.EXPIRED
    if found.state in (S.CANCELLED, S.REPLACED):
        assert not list_steps(found)


def known(*found: Registration, versions: tuple[str, ...] = ()) -> list[Known]:
    names = versions or ("1.0.0",) * len(found)
    return [Known(id=number, version=names[number - 1], found=one) for number, one in enumerate(found, start=1)]


def owe(items: list[Known], *, is_operated: bool = True, today: date = TODAY, counts_all: bool = True) -> list[Duty]:
    editions = [("1.0.0", date(2026, 3, 1)), ("1.1.0", date(2026, 5, 1)), ("2.0.0", date(2026, 6, 1))]
    needs = find_needs(items, is_operated=is_operated, editions=editions, today=today, counts_all=counts_all)
    return [need.duty for need in needs]


def test_what_is_under_authorised_operation_must_be_registered_and_all_else_may() -> None:
    assert owe([]) == [Duty.APPLY]
    assert owe([], is_operated=False) == []
    assert owe(known(Registration(kind=K.INITIAL))) == [Duty.APPLY]
    assert owe(known(Registration(kind=K.INITIAL, state=S.SUBMITTED))) == []
    assert is_under_operation({"authorisedOperation": {"operator": "甲"}})
    assert not is_under_operation({"authorisedOperation": None})


def test_a_newer_version_is_a_change_until_it_is_submitted() -> None:
    old = register()
    assert owe(known(old)) == [Duty.CHANGE]
    assert owe(known(old, versions=("2.0.0",))) == []
    sent = Registration(kind=K.CHANGE, state=S.SUBMITTED, taken=TODAY)
    assert owe(known(old, sent, versions=("1.0.0", "1.1.0"))) == [Duty.CHANGE]
    assert owe(known(old, sent, versions=("1.0.0", "2.0.0"))) == []
    assert find_change("1.0.0", [("1.0.0", TODAY), ("1.0.1", TODAY)], counts_all=False) is None
    assert find_change("", [("1.0.0", TODAY)]) == TODAY


def test_a_registration_is_renewed_before_its_end_and_applied_for_after_it() -> None:
    old = register()
    assert owe(known(old, versions=("2.0.0",)), today=date(2029, 1, 14)) == [Duty.RENEW]
    assert owe(known(old, versions=("2.0.0",)), today=date(2029, 3, 2)) == [Duty.APPLY]
    assert owe(known(old, versions=("2.0.0",)), today=date(2029, 3, 2), is_operated=False) == []
    newer = known(old, register(date(2026, 9, 1)))
    standing = find_standing(newer, TODAY)
    assert standing is not None
    assert standing.id == 2
    assert find_standing(known(register(kind=K.CANCELLATION)), TODAY) is None
    assert settle_earlier(K.CANCELLATION) == S.CANCELLED
    assert settle_earlier(K.CHANGE) == S.REPLACED
    assert is_waiting(known(Registration(kind=K.INITIAL)))
    assert not is_waiting(newer)


def test_an_application_names_what_is_missing() -> None:
    empty = {item.field.name for item in answer_fields({}, is_operated=False) if item.is_missing}
    assert {"title", "publisherCode", "commitment", "evidenceWay"} <= empty
    assert "operator" not in empty
    operated = {item.field.name for item in answer_fields({"agentName": "甲"}, is_operated=True) if item.is_missing}
    assert {"operator", "implementingBody", "agentCode"} <= operated
    full = dict.fromkeys((item.name for item in FIELDS), "值")
    assert not any(item.is_missing for item in answer_fields(full, is_operated=True))
    assert is_digest("a" * 64)
    assert not is_digest("A" * 64)


def test_every_word_has_a_name_and_every_duty_a_rule() -> None:
    assert set(NAMES) == {item.name for item in FIELDS}
    assert (set(KINDS), set(STATES), set(STEP_NAMES), set(STEP_HINTS)) == (set(K), set(S), set(T), set(T))
    assert {*Duty, OPERATION_RULE} <= set(load_rules())
    assert all(state in STATES for state in OPEN_STATES)
