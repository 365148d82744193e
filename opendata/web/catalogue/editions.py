"""The edition that is expected next, in a sentence for pages and feeds."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from flask_babel import format_date, gettext

from opendata.metadata.expectation import NextEdition
from opendata.web.core.formats import format_period
from opendata.web.core.instance import services


def say_expected(expected: NextEdition) -> str:
    """By which day an edition is expected, or was if that day is over where the portal is."""
    today = datetime.now(ZoneInfo(services().settings.timezone)).date()
    template = gettext("The next edition (%(period)s) is expected by %(day)s.")
    if expected.by < today:
        template = gettext("The next edition (%(period)s) was expected by %(day)s.")
    return str(template) % {"period": format_period(expected.period), "day": format_date(expected.by, "long")}
