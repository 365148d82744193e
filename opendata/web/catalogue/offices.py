"""What the page of a publisher says beside its datasets: its place, its figures, what happened to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import g, url_for

from opendata.domain.offices.records import Change
from opendata.errors import N_
from opendata.metadata.properties.code_lists import name_region
from opendata.services.core.values import PublisherView
from opendata.web.core.formats import format_day
from opendata.web.core.instance import services
from opendata.web.core.languages import choose_language, say_plain

CHANGE_NAMES: Mapping[str, str] = {
    Change.RENAMED: N_("Renamed. Until then:"),
    Change.MERGED: N_("Merged into:"),
    Change.ABSORBED: N_("Took over:"),
    Change.SPLIT: N_("Split into:"),
    Change.FOUNDED: N_("Took over a part of:"),
    Change.CLOSED: N_("Closed"),
    Change.REOPENED: N_("Reopened"),
}
"""What happened to a publisher; a name or names follow those that end with a colon."""


def describe_office(publisher: PublisherView) -> Mapping[str, Any]:
    """What the page of a publisher shows, but for the publisher and its datasets themselves."""
    above, below = services().publishers.list_near(publisher.id)
    named = {other for entry in publisher.history for other in entry.get("others", ())}
    named |= {publisher.supervisor} if publisher.supervisor else set()
    language, counts = choose_language(), services().figures.describe(publisher.id)
    return {
        "above": above,
        "above_links": [(url_for("catalogue.show_publisher", publisher=item.id), say_plain(item)) for item in above],
        "below": below,
        "others": {name: services().publishers.get(name) for name in sorted(named)},
        "figures": counts.figures,
        "themes": counts.themes,
        "counted": counts.counted,
        "changes": CHANGE_NAMES,
        "days": {entry["at"]: format_day(datetime.fromisoformat(entry["at"])) for entry in publisher.history},
        "division": name_region(publisher.division[:6], language),
        "short_title": publisher.i18n.get(language, {}).get("shortTitle") or publisher.short_title,
        "may_edit": g.actor is not None and g.actor.may_lead(publisher.id),
    }
