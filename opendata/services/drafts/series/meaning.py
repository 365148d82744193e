"""What the files of all parts of a series say about their table as a whole, and in which order they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opendata.db.models import DraftResource
from opendata.domain.editions.series import PartOfSeriesJson
from opendata.domain.meaning.periods import join_periods, read_period
from opendata.domain.meaning.table_meaning import CERTAIN, FoundText, Place
from opendata.services.drafts.series.offers import find_unit


def describe_found(parts: Sequence[PartOfSeriesJson]) -> dict[str, Any]:
    """What the files of all parts say about the table: what they agree on, the period from the first to the last."""
    each = [part.get("found") or {} for part in parts]
    first = each[0]
    found = {
        name: item
        for name, item in first.items()
        if name not in ("period", "footnotes") and all(_same(one.get(name), item) for one in each)
    }
    period = _find_period(parts)
    if period is not None:
        found["period"] = period
    notes: list[Any] = []
    for one in each:
        notes += [note for note in one.get("footnotes", ()) if note not in notes]
    return {**found, "footnotes": notes} if notes else found


def agree_on_said(tables: Sequence[DraftResource]) -> dict[str, Any]:
    """What a person said of all parts alike; a period is of one part alone."""
    said = [(item.meaning or {}).get("said") or {} for item in tables]
    agreed = {
        name: value
        for name, value in said[0].items()
        if name != "period" and all(one.get(name) == value for one in said)
    }
    if "unit" not in agreed and any("unit" in one for one in said):  # said of some, found in the others
        agreed["unit"] = find_unit(tables[0]) or None
    return agreed


def place_part(part: PartOfSeriesJson) -> str:
    """Where a part comes among those of a series: by its value, else by the period that its file says."""
    period = (part.get("found") or {}).get("period") or {}
    return part.get("value") or str(period.get("value", ""))


def _find_period(parts: Sequence[PartOfSeriesJson]) -> dict[str, Any] | None:
    """From the first to the last period of all parts. What its rows are filled with isn't asked again."""
    found = [(part.get("found") or {}).get("period") for part in parts]
    texts = [part.get("value") or (item or {}).get("value") or "" for part, item in zip(parts, found, strict=True)]
    periods = [
        read_period(text) or read_period((item or {}).get("value") or "")
        for text, item in zip(texts, found, strict=True)
    ]
    known = sorted((item for item in periods if item is not None), key=lambda item: item.start)
    whole = join_periods(known[0], known[-1]) if known and len(known) == len(parts) else None
    if whole is None:
        return None
    is_filled = all(read_period(part.get("value", "")) is not None for part in parts)
    sure = CERTAIN if is_filled else min(item["sure"] for item in found if item)
    line = next((item["line"] for item in found if item), parts[0]["file"])
    return FoundText(whole.text, Place.FILE, line, sure).describe()


def _same(one: Any, other: Any) -> bool:
    """Whether two files say the same, in whatever line."""
    if isinstance(one, Mapping) and isinstance(other, Mapping) and "value" in one and "value" in other:
        return bool(one["value"] == other["value"])
    return bool(one == other)
