"""What a draft's page says of the version it would become: its number, and what that does to readers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from opendata.errors import N_
from opendata.metadata.reasons import BUMPS
from opendata.services.core.editions.version_values import NextVersion
from opendata.web.core.instance import services

BUMP_NAMES: Mapping[str, str] = {
    "patch": N_("patch version: cells or descriptions corrected"),
    "minor": N_("minor version: rows or tables added or removed"),
    "major": N_("major version: a breaking change"),
}
"""The parts of a version's number, and what raising each tells readers."""


def list_bumps(found: NextVersion | None) -> list[str]:
    """The parts of the number that may be raised instead of the one that the changes raise."""
    if found is None or found.computed is None or any(item["type"] == "first" for item in found.reasons):
        return []
    return list(BUMPS[BUMPS.index(found.computed) :])


def format_today() -> str:
    """Today where the portal is, as ISO 8601."""
    return datetime.now(ZoneInfo(services().settings.timezone)).date().isoformat()
