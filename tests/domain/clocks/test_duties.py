"""Years that are entered, periods, rules, and the lives of duties."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.domain.clocks.calendar import WorkingYear, load_calendar
from opendata.domain.clocks.cycles import Cycle, PublishedEdition, Repetition, find_coverage, list_periods
from opendata.domain.clocks.limits import Limit, Pause, Unit
from opendata.domain.clocks.obligations import DutyState, Life, Terms, compute_due, is_counted, judge, tally
from opendata.domain.clocks.rules import list_rule_faults, load_not_computed, load_rules, read_rule
from opendata.domain.clocks.years import find_missing_year, read_year, read_year_csv, write_days, write_year_csv
from opendata.domain.meaning.periods import read_period
from opendata.errors import UnknownYearError

CHINA = load_calendar()
OFF_2027 = "2027-01-01 2027-02-05/2027-02-11, 2027-04-05\n2027-05-03/2027-05-05；2027-10-01/2027-10-07"
ON_2027 = "2027-02-14 2027-10-09"


def due(rule: str, start: str, extensions: tuple[Limit, ...] = (), pauses: tuple[Pause, ...] = ()) -> str:
    """When a rule of the release makes something due."""
    limit = load_rules()[rule].limit
    terms = Terms(trigger=date.fromisoformat(start), limit=limit, extensions=extensions, pauses=pauses)
    return str(compute_due(terms, CHINA))


@pytest.mark.parametrize(
    ("rule", "start", "expected"),
    [
        ("n1", "2026-01-28", "2026-02-17"),  # 20 days end on a holiday: days are days
        ("n28", "2026-01-28", "2026-03-03"),  # 20 working days, two Saturdays worked, the Spring Festival off
        ("n4", "2026-02-13", "2026-02-25"),  # Saturday 14 February is worked, then 24 and 25
        ("n4", "2026-09-30", "2026-10-10"),  # 8, 9 and Saturday 10 October
        ("n6", "2025-09-30", "2025-10-09"),
        ("n6", "2025-09-27", "2025-09-28"),  # a Sunday that is worked
        ("n5", "2026-01-31", "2026-02-28"),
        ("n5", "2024-01-31", "2024-02-29"),
        ("n5", "2024-02-29", "2024-03-29"),
        ("n7", "2026-10-31", "2026-11-30"),
        ("n12", "2026-12-31", "2027-01-31"),
        ("n13-government", "2026-12-31", "2027-03-31"),
        ("update-quarterly", "2026-09-30", "2026-10-30"),
        ("r32", "2026-04-29", "2026-05-22"),  # the Labour Day off, Saturday 9 May worked
    ],
)
def test_rules_of_the_release_are_due_when_the_documents_say(rule: str, start: str, expected: str) -> None:
    assert due(rule, start) == expected


def test_an_extension_counts_on_from_the_due_day_and_a_pause_moves_both() -> None:
    more = (Limit(20, Unit.WORKING_DAY),)
    assert due("n28", "2026-03-02", more) == "2026-04-28"
    asked = Pause(date(2026, 3, 9), date(2026, 3, 13))
    assert due("n28", "2026-03-02", more, (asked,)) == "2026-05-08"
    assert due("n28", "2026-03-02", more, (Pause(date(2026, 3, 9)),)) == "None"
    with pytest.raises(UnknownYearError, match="2027"):
        due("n28", "2026-12-10")


def test_every_number_of_the_mission_is_a_rule_or_says_why_it_cannot_be_computed() -> None:
    named = {*load_rules(), *(item.id for item in load_not_computed())}
    assert {f"n{number}" for number in range(1, 32)} - {"n16", *named} == set()
    for rule in load_rules().values():
        assert list_rule_faults(rule.to_json()) == [], rule.id
        assert read_rule(rule.to_json(), is_own=False) == rule
        assert set(rule.title) == set(rule.clause) == {"zh", "en"}
        assert not rule.note or set(rule.note) == {"zh", "en"}


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"id": "N 1"}, "/id"),
        ({"title": {}}, "/title"),
        ({"clause": ""}, "/clause"),
        ({"note": {"zh": "x" * 1001}}, "/note"),
        ({"trigger": "moon"}, "/trigger"),
        ({"trigger": "period"}, "/period"),
        ({"trigger": "update", "period": "days", "days": 9}, "/period"),
        ({"trigger": "period", "period": "days", "days": 0}, "/days"),
        ({"trigger": "period", "period": "year", "limit": None}, "/limit"),
        ({"limit": {"number": 3, "unit": "moon"}}, "/limit"),
        ({"limit": {"number": 230, "unit": "fixed-date"}}, "/limit"),
        ({"limit": {"number": True, "unit": "day"}}, "/limit"),
        ({"limit": {"number": 121, "unit": "month"}}, "/limit"),
        ({"extension": {"number": 131, "unit": "fixed-date"}}, "/extension"),
        ({"extension": {"number": 0, "unit": "day"}}, "/extension"),
        ({"extensions": 10}, "/extensions"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_where_it_makes_none(changed: dict[str, object], place: str) -> None:
    rule = {
        "id": "own",
        "title": "报送",
        "clause": "本市规定",
        "trigger": "date",
        "limit": {"number": 3, "unit": "day"},
    }
    assert list_rule_faults(rule) == []
    assert place in {item.pointer for item in list_rule_faults({**rule, **changed})}


def test_a_year_is_read_from_texts_and_files_and_written_again() -> None:
    year, faults = read_year(2027, OFF_2027, ON_2027)
    assert (year is not None, faults) == (True, [])
    assert year is not None
    assert len(year.off) == 15  # weekend days within the ranges are off anyway
    assert read_year(2027, write_days(year.off), write_days(year.on)) == (year, [])
    assert read_year_csv(2027, "\ufeff" + write_year_csv(year)) == (year, [])
    assert WorkingYear.from_json(2027, year.to_json()) == year
    assert read_year_csv(2027, "日期,类型\n" + "".join(f"{day},休\n" for day in sorted(year.off)))[0] == WorkingYear(
        off=year.off
    )
    known = CHINA.extend({2027: year})
    assert find_missing_year(CHINA, date(2026, 10, 31)) is None
    assert find_missing_year(CHINA, date(2026, 11, 1)) == 2027
    assert find_missing_year(known, date(2026, 11, 1)) is None
    assert find_missing_year(known, date(2028, 2, 1)) == 2028


@pytest.mark.parametrize(
    ("year", "off", "on", "place", "message"),
    [
        (1999, "", "", "/year", "from"),
        (2027, "2027-13-01", "", "/off", "isn't a day"),
        (2027, "2027-02-10/2027-02-01", "", "/off", "isn't a day"),
        (2027, "2026-12-31", "", "/off", "isn't in"),
        (2027, "2027-02-06", "", "/off", "off anyway"),
        (2027, OFF_2027, "2027-02-15", "/on", "isn't a Saturday or Sunday"),
        (2027, "2027-01-01", "", "/off", "weekdays off"),
        (2027, "2027-03-01/2027-03-31 2027-04-01/2027-04-30", "", "/off", "weekdays off"),
        (
            2027,
            "2027-01-04/2027-01-08",
            "2027-01-02/2027-01-03 2027-01-09/2027-01-10 2027-01-16/2027-01-17",
            "/on",
            "at most",
        ),
    ],
)
def test_a_year_with_a_slip_is_refused_where_it_is(year: int, off: str, on: str, place: str, message: str) -> None:
    found, faults = read_year(year, off, on)
    assert found is None
    assert any(item.pointer == place and message in item.message for item in faults)


@pytest.mark.parametrize(
    ("repetition", "since", "today", "expected"),
    [
        (Repetition(Cycle.MONTH), "2026-09-15", "2026-11-30", ["2026-09", "2026-10", "2026-11"]),
        (Repetition(Cycle.MONTH), "2026-09-15", "2026-12-01", ["2026-09", "2026-10", "2026-11", "2026-12"]),
        (Repetition(Cycle.QUARTER), "2026-03-31", "2026-04-01", ["2026-Q1", "2026-Q2"]),
        (Repetition(Cycle.HALF), "2026-12-31", "2026-12-31", ["2026-H2"]),
        (Repetition(Cycle.YEAR), "2024-02-29", "2025-01-01", ["2024", "2025"]),
        (Repetition(Cycle.DAYS, 10), "2026-02-20", "2026-03-02", ["2026-02-20/2026-03-01", "2026-03-02/2026-03-11"]),
        (Repetition(Cycle.DAYS, 1), "2026-02-28", "2026-03-01", ["2026-02-28", "2026-03-01"]),
    ],
)
def test_periods_follow_one_another_up_to_the_one_that_runs(
    repetition: Repetition, since: str, today: str, expected: list[str]
) -> None:
    first = repetition.first_ending(date.fromisoformat(since))
    found = list(list_periods(repetition, first, date.fromisoformat(today)))
    assert [period.text for period in found] == expected
    assert all(read_period(period.text) == period for period in found)


def test_an_edition_is_about_what_it_says_or_else_about_the_period_before_it_came_out() -> None:
    dated = [
        PublishedEdition(date(2026, 10, 9), "2026-09", version="1.0.0"),
        PublishedEdition(date(2026, 12, 4), "2026-11", "2026-09/2026-11", "1.1.0"),
        PublishedEdition(date(2026, 12, 5), version="1.1.1"),
    ]
    coverage = find_coverage(Cycle.MONTH, dated)
    told = {}
    for text in ("2026-08", "2026-09", "2026-10", "2026-11", "2026-12"):
        period = read_period(text)
        assert period is not None
        edition = coverage.find(period)
        told[text] = edition.version if edition else None
    assert told == {"2026-08": None, "2026-09": "1.0.0", "2026-10": "1.1.0", "2026-11": "1.1.0", "2026-12": None}
    undated = find_coverage(Cycle.MONTH, [PublishedEdition(date(2026, 12, 4))])
    assert undated.end == date(2026, 11, 30)
    october = read_period("2026-10")
    assert october is not None
    assert undated.find(october) is not None
    assert find_coverage(Cycle.MONTH, []).end is None


DUE, TODAY = date(2026, 10, 31), date(2026, 11, 30)


@pytest.mark.parametrize(
    ("life", "state", "counted"),
    [
        (Life(due=DUE), DutyState.OVERDUE, (1, 0)),
        (Life(due=TODAY), DutyState.RUNNING, (0, 0)),
        (Life(due=None), DutyState.RUNNING, (0, 0)),
        (Life(due=DUE, done_on=DUE), DutyState.DONE, (1, 1)),
        (Life(due=DUE, done_on=DUE + timedelta(days=1)), DutyState.LATE, (1, 0)),
        (Life(due=TODAY + timedelta(days=9), done_on=TODAY), DutyState.DONE, (1, 1)),
        (Life(due=DUE, waived_on=DUE), DutyState.WAIVED, (0, 0)),
        (Life(due=DUE, waived_on=DUE + timedelta(days=1)), DutyState.WAIVED, (1, 0)),  # the month was over
    ],
)
def test_the_state_of_a_duty_and_how_it_counts(life: Life, state: DutyState, counted: tuple[int, int]) -> None:
    found = tally([life], TODAY)
    assert (judge(life, TODAY), (found.due, found.kept)) == (state, counted)
    assert found.rate == (None if not counted[0] else counted[1])


lives = st.builds(
    Life,
    due=st.none() | st.dates(date(2026, 1, 1), date(2026, 6, 30)),
    done_on=st.none() | st.dates(date(2026, 1, 1), date(2026, 6, 30)),
    waived_on=st.none() | st.dates(date(2026, 1, 1), date(2026, 6, 30)),
)


@given(lives, st.dates(date(2026, 1, 1), date(2026, 7, 31)), st.integers(0, 200))
def test_a_month_that_is_over_counts_the_same_ever_after(life: Life, today: date, later: int) -> None:
    """Nothing is recorded in months past, so what is known of a life on a day is what has happened by then."""

    def known(day: date) -> Life:
        done = life.done_on if life.done_on and life.done_on <= day else None
        waived = life.waived_on if life.waived_on and life.waived_on <= day and not done else None
        return Life(due=life.due, done_on=done, waived_on=waived)

    if life.due is None or (today.year, today.month) <= (life.due.year, life.due.month):
        return
    if life.waived_on and life.done_on and life.waived_on < life.done_on:
        return  # what isn't needed isn't done afterwards
    end = today + timedelta(days=later)
    assert is_counted(known(today), today) == is_counted(known(end), end)
    assert tally([known(today)], today) == tally([known(end)], end)
