"""What templates show of the tables of an annual report: names, rows and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask_babel import format_decimal

from opendata.domain.reports.annual import (
    ADDED,
    ADDED_ROWS,
    AMOUNTS,
    BLOCKS,
    DISCLOSED,
    DISPUTES,
    AnnualReport,
    Dispute,
    DisputeResult,
    Part,
)
from opendata.domain.requests.annual import COLUMNS, ROWS
from opendata.domain.requests.kinds import Applicant
from opendata.wording.governance.annual import (
    AMOUNT_NAMES,
    BLOCK_NAMES,
    DISCLOSED_NAMES,
    DISPUTE_NAMES,
    PART_HINTS,
    PART_NAMES,
    RESULT_NAMES,
)
from opendata.wording.governance.requests import ANNUAL_COLUMNS, ANNUAL_ROWS

NAMES: Mapping[str, Any] = {
    "added": [
        (row, ANNUAL_ROWS[row], [(f"{ADDED}/{row}/{one}", ANNUAL_COLUMNS[one]) for one in Applicant])
        for row in ADDED_ROWS
    ],
    "applicants": [ANNUAL_COLUMNS[one] for one in Applicant],
    "blocks": [
        (
            BLOCK_NAMES[block],
            [AMOUNT_NAMES[amount] for amount in AMOUNTS[rows[0]]],
            [
                (
                    str(row),
                    DISCLOSED_NAMES[row],
                    [(f"{DISCLOSED}/{row}/{amount}", AMOUNT_NAMES[amount]) for amount in AMOUNTS[row]],
                )
                for row in rows
            ],
        )
        for block, rows in BLOCKS
    ],
    "columns": [ANNUAL_COLUMNS[column] for column in COLUMNS],
    "disputes": [
        (
            DISPUTE_NAMES[group],
            [(f"{DISPUTES}/{group}/{result}", RESULT_NAMES[result]) for result in DisputeResult],
        )
        for group in Dispute
    ],
    "hints": PART_HINTS,
    "parts": PART_NAMES,
    "results": list(RESULT_NAMES.values()),
}
"""What is the same for all reports."""


def show_tables(report: AnnualReport) -> dict[str, Any]:
    """The numbers of a report, ready to be shown."""
    return {
        "numbers": {code: show_number(number) for code, number in report.numbers.items()},
        "applications": [(ANNUAL_ROWS[row], report.table.row(row)) for row in ROWS],
        "dispute_rows": [
            (DISPUTE_NAMES[group], [show_number(number) for number in report.count_disputes(group)])
            for group in Dispute
        ],
    }


def show_number(number: Decimal | None) -> str:
    """A number in the reader's notation; a dash where nobody entered one."""
    return "—" if number is None else str(format_decimal(number, "#,##0.######"))


PARTS = tuple(Part)
