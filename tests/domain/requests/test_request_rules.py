"""The rules of requests as tables: steps, clocks, outcomes, and the identities of the annual table."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.domain.clocks.calendar import load_calendar
from opendata.domain.requests.annual import COLUMNS, ROWS, AnnualCase, AnnualTable, count_year
from opendata.domain.requests.clock import Happening, find_clarify_end, find_clock
from opendata.domain.requests.kinds import Applicant, RequestKind
from opendata.domain.requests.outcomes import OUTCOMES, OUTCOMES_OF, AnnualRow, Outcome
from opendata.domain.requests.steps import OPEN_STATES, STEPS, RequestState, RequestStep, Taker, list_steps, may_reply
from opendata.wording.governance.requests import (
    ANNUAL_COLUMNS,
    ANNUAL_ROWS,
    HAPPENED,
    KINDS,
    OUTCOME_NAMES,
    PURPOSES,
    STATES,
)

R = RequestStep


def _clock(days: int, today: str, *happened: tuple[R, str]):
    lines = [Happening(step, date.fromisoformat(f"2026-{day}")) for step, day in happened]
    return find_clock(days, lines, load_calendar(), date.fromisoformat(f"2026-{today}"))


@pytest.mark.parametrize(
    ("days", "today", "happened", "due"),
    [
        (20, "03-02", [(R.RECEIVE, "03-02")], "2026-03-30"),
        # Spring Festival 2026 is off from 15 to 23 February; the Saturdays 14 and 28 February are worked.
        (3, "02-12", [(R.RECEIVE, "02-12")], "2026-02-24"),
        (20, "03-20", [(R.RECEIVE, "03-02"), (R.EXTEND, "03-20")], "2026-04-28"),
        (20, "03-06", [(R.RECEIVE, "03-02"), (R.CLARIFY, "03-05")], None),
        (20, "03-16", [(R.RECEIVE, "03-02"), (R.CLARIFY, "03-05"), (R.ANSWER, "03-16")], "2026-04-14"),
        (20, "03-04", [(R.RECEIVE, "03-02"), (R.CONSULT, "03-03")], None),
        # three working days (4, 5, 6 March) aren't counted
        (20, "03-09", [(R.RECEIVE, "03-02"), (R.CONSULT, "03-03"), (R.OPINION, "03-06")], "2026-04-02"),
        # silence: fifteen working days, until 24 March, and not one more
        (20, "03-25", [(R.RECEIVE, "03-02"), (R.CONSULT, "03-03")], "2026-04-21"),
        (20, "04-10", [(R.RECEIVE, "03-02"), (R.CONSULT, "03-03"), (R.OPINION, "04-10")], "2026-04-21"),
    ],
)
def test_a_reply_is_due_by_what_happened(days, today, happened, due):
    found = _clock(days, today, *happened)
    assert found.due == (date.fromisoformat(due) if due else None)
    assert found.is_paused == (due is None)


def test_a_year_without_a_calendar_is_named_and_nothing_is_guessed():
    found = find_clock(20, [Happening(R.RECEIVE, date(2031, 3, 3))], load_calendar(), date(2031, 3, 3))
    assert (found.due, found.unknown_year, found.is_paused) == (None, 2031, False)


def test_clarification_is_asked_for_within_seven_working_days():
    assert find_clarify_end(date(2026, 2, 12), load_calendar()) == date(2026, 2, 28)


DAYS = st.lists(st.integers(0, 12), min_size=4, max_size=4)


@given(DAYS, st.booleans(), st.sampled_from([3, 10, 15, 20]))
def test_a_pause_never_makes_the_reply_due_earlier(gaps, clarifies, days):
    begin = date(2026, 1, 5)
    moments = [begin + timedelta(days=sum(gaps[: place + 1])) for place in range(4)]
    first, second = (R.CLARIFY, R.ANSWER) if clarifies else (R.CONSULT, R.OPINION)
    before = [Happening(R.RECEIVE, begin)]
    after = [*before, Happening(first, moments[1]), Happening(second, moments[2])]
    calendar = load_calendar()
    plain, paused = (find_clock(days, lines, calendar, moments[3]).due for lines in (before, after))
    assert plain is not None
    assert paused is not None
    assert paused >= plain


@pytest.mark.parametrize("kind", RequestKind)
@pytest.mark.parametrize("state", RequestState)
def test_every_open_state_has_a_way_on_and_ended_ones_have_none_back(kind, state):
    steps = list_steps(kind, state, [])
    ends = {R.REPLY, R.WITHDRAW}
    assert bool(ends & set(steps)) == (state in OPEN_STATES)
    for step in steps:
        rule = STEPS[step]
        assert state in rule.sources
        if state not in OPEN_STATES:
            assert rule.to not in OPEN_STATES
    assert not any(STEPS[step].once for step in list_steps(kind, state, list(R)))


def test_who_decides_takes_the_steps_that_bind_the_publisher():
    leads = {step for step, rule in STEPS.items() if rule.taker is Taker.LEAD}
    assert leads == {R.ASSIGN, R.EXTEND, R.PASS_ON, R.STOP, R.REPLY, R.SPAM}
    assert {step for step, rule in STEPS.items() if rule.taker is Taker.ASKER} == {R.ANSWER, R.ADD, R.WITHDRAW}
    assert may_reply(RequestState.HANDLING, outcome_needs_silence=False)
    assert not may_reply(RequestState.WAITING_ASKER, outcome_needs_silence=False)


def test_the_eight_grounds_of_refusal_and_all_rows_can_be_reached():
    refusals = list(AnnualRow)[2:10]
    assert [OUTCOMES[Outcome(row.value)].row for row in refusals] == refusals
    assert {OUTCOMES[item].row for item in OUTCOMES_OF[RequestKind.APPLICATION]} == set(AnnualRow)
    assert all(OUTCOMES_OF[kind] for kind in RequestKind)


def test_everything_has_a_name():
    assert set(OUTCOME_NAMES) == set(Outcome)
    assert set(STATES) == set(RequestState)
    assert set(HAPPENED) == set(R)
    assert set(KINDS) == set(PURPOSES) == set(RequestKind)
    assert list(ANNUAL_ROWS) == list(ROWS)
    assert list(ANNUAL_COLUMNS) == list(COLUMNS)


CASES = st.lists(
    st.builds(
        lambda applicant, received, length, outcome: AnnualCase(
            applicant,
            date(2024, 12, 1) + timedelta(days=received),
            None if length is None else date(2024, 12, 1) + timedelta(days=received + length),
            None if length is None else outcome,
        ),
        st.sampled_from(Applicant),
        st.integers(0, 800),
        st.none() | st.integers(0, 300),
        st.none() | st.sampled_from(OUTCOMES_OF[RequestKind.APPLICATION]),
    ),
    max_size=40,
)


@given(CASES)
def test_the_annual_table_adds_up_and_equals_direct_counts(cases):
    tables = {year: count_year(year, cases) for year in (2025, 2026)}
    for year, table in tables.items():
        assert len(table.cells) == 25 * 7
        assert not table.list_faults()
        assert table.cells["new", "total"] == sum(item.received.year == year for item in cases)
        assert table.cells["total", "total"] == sum(
            item.ended is not None and item.ended.year == year for item in cases
        )
        assert table.cells["given", "person"] == sum(
            item.ended is not None
            and item.ended.year == year
            and item.applicant is Applicant.PERSON
            and item.outcome in (Outcome.OPEN, Outcome.ALREADY_PUBLIC)
            for item in cases
        )
    assert tables[2026].row("carried-in") == tables[2025].row("carried-out")


def test_a_number_that_does_not_add_up_is_named():
    cells = {**count_year(2026, []).cells, ("given", "person"): 1}
    assert AnnualTable(2026, cells).list_faults() == [("total", "person"), ("given", "total")]
