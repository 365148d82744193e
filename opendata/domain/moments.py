"""Moments as text, the way every document of ours has them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, tzinfo

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    _DAY.pattern + r"(?:[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?(?:[Zz]|[+-][0-9]{2}:?[0-9]{2})?)?"
)


def format_time(moment: datetime) -> str:
    """RFC 3339 in UTC to the second."""
    return moment.astimezone(UTC).replace(microsecond=0).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_day(text: object) -> date | None:
    """A day written YYYY-MM-DD; None for anything else, such as the other notations of ISO 8601."""
    if not isinstance(text, str) or not _DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def read_moment(text: str, zone: tzinfo) -> datetime | None:
    """A moment written as in RFC 3339, in UTC; None for anything else, such as the other notations of ISO 8601.

    A day is its beginning. Where no zone is written, `zone` is meant.
    """
    if not _MOMENT.fullmatch(text):
        return None
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
