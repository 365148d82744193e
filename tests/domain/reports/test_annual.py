"""What is entered in an annual report: amounts as people type them, sums over publishers, a table that adds up."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.domain.reports.annual import (
    ADDED,
    CODES,
    AnnualReport,
    Dispute,
    add_to_table,
    list_carry_faults,
    read_amount,
    sum_numbers,
    write_amount,
)
from opendata.domain.requests.annual import ALL, CARRIED_IN, CARRIED_OUT, NEW, TOTAL, count_year
from opendata.domain.requests.kinds import Applicant
from opendata.domain.requests.outcomes import AnnualRow

FEES, MADE = "disclosed/fees/charged", "disclosed/regulations/made"


@pytest.mark.parametrize(
    ("code", "text", "found"),
    [
        (MADE, " 1,200 ", "1200"),
        (MADE, "100", "100"),
        (MADE, "0", "0"),
        (MADE, "12.0", "12"),
        (MADE, "1.5", None),
        (MADE, "-1", None),
        (MADE, "NaN", None),
        (MADE, "1e99", None),
        (MADE, "三", None),
        (MADE, "１２", None),
        (FEES, "12.345678", "12.345678"),
        (FEES, "0.50", "0.5"),
        (FEES, "1.2345678", None),
    ],
)
def test_an_amount_is_read_as_people_type_it(code: str, text: str, found: str | None) -> None:
    number = read_amount(code, text)
    assert (write_amount(number) if number is not None else None) == found


def test_the_report_has_as_many_numbers_as_the_form() -> None:
    assert sum(code.startswith("disclosed") for code in CODES) == 10
    assert sum(code.startswith("disputes") for code in CODES) == 12
    assert sum(code.startswith("added") for code in CODES) == 24 * 6
    report = AnnualReport(numbers={}, table=count_year(2025, []))
    assert [len([cell for cell in report.list_cells() if cell[0] == table]) for table in "234"] == [10, 175, 15]
    assert {cell[3] for cell in report.list_cells()} == {"", "0"}


amounts = st.dictionaries(st.sampled_from(CODES), st.integers(0, 50).map(Decimal), max_size=40)


@given(amounts, amounts)
def test_sums_and_totals_are_those_of_their_parts(one: dict[str, Decimal], other: dict[str, Decimal]) -> None:
    total = sum_numbers([one, other])
    assert total == {code: one.get(code, 0) + other.get(code, 0) for code in {*one, *other}}
    table = add_to_table(count_year(2025, []), total)
    for column in Applicant:
        ended = sum(int(total.get(f"{ADDED}/{row}/{column}", 0)) for row in AnnualRow)
        assert table.cells[TOTAL, column] == ended
        fits = int(total.get(f"{ADDED}/{NEW}/{column}", 0)) + int(total.get(f"{ADDED}/{CARRIED_IN}/{column}", 0)) == (
            ended + int(total.get(f"{ADDED}/{CARRIED_OUT}/{column}", 0))
        )
        assert ((TOTAL, str(column)) not in table.list_faults()) is fits
    report = AnnualReport(numbers=total, table=table)
    for group in Dispute:
        *found, whole = report.count_disputes(group)
        assert whole == (sum(number or 0 for number in found) if any(n is not None for n in found) else None)


def test_what_is_carried_over_fits_the_report_of_the_year_before() -> None:
    before = add_to_table(count_year(2024, []), {f"{ADDED}/{CARRIED_OUT}/person": Decimal(2)})
    now = count_year(2025, [])
    assert list_carry_faults(now, before) == [Applicant.PERSON, ALL]
    assert list_carry_faults(add_to_table(now, {f"{ADDED}/{CARRIED_IN}/person": Decimal(2)}), before) == []
