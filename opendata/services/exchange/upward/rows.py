"""Rows of records as the values that are decided about, and back."""

from __future__ import annotations

from opendata.db.models import UpwardRecord
from opendata.domain.upward.records import SentRecord


def read_row(row: UpwardRecord) -> SentRecord:
    """The value of a row."""
    return SentRecord(
        state=row.state,
        wanted=row.wanted,
        delivered=row.delivered,
        is_unsure=row.is_unsure,
        is_new=row.is_new,
        serial=row.serial,
        attempts=row.attempts,
    )


def write_row(row: UpwardRecord, record: SentRecord) -> None:
    """Keep a value."""
    row.state, row.wanted, row.delivered = record.state, record.wanted, record.delivered
    row.is_unsure, row.is_new = record.is_unsure, record.is_new
    row.serial, row.attempts = record.serial, record.attempts
