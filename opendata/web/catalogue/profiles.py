"""What is in the columns of a table, in a line for each and a small picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext

from opendata.domain.profile import ColumnProfile
from opendata.web.core.formats import format_cell, format_count

HEIGHT, STEP = 24, 6


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownProfile:
    """`lines` in words; `bars` of the histogram: place and height in pixels, and what each stands for."""

    lines: list[str]
    bars: list[tuple[int, int, str]]

    @property
    def width(self) -> int:
        """How wide the picture is."""
        return len(self.bars) * STEP


def list_profiles(columns: Sequence[ColumnProfile]) -> dict[str, ShownProfile]:
    """The profiles of a table's columns, by name."""
    return {column["name"]: ShownProfile(lines=_say(column), bars=_draw(column)) for column in columns}


def _say(column: ColumnProfile) -> list[str]:
    lines = []
    if column["missing"]:
        lines.append(gettext("%(count)s empty", count=format_count(column["missing"])))
    distinct = column["distinct"]
    number = format_count(distinct["count"])
    lines.append(
        gettext("%(count)s distinct", count=number)
        if distinct["exact"]
        else gettext("about %(count)s distinct", count=number)
    )
    if "least" in column and "greatest" in column and column["least"] != column["greatest"]:
        lines.append(f"{format_cell(str(column['least']))} – {format_cell(str(column['greatest']))}")
    return lines


def _draw(column: ColumnProfile) -> list[tuple[int, int, str]]:
    bins = column.get("histogram") or []
    most = max((item["count"] for item in bins), default=0)
    return [
        (
            place * STEP,
            max(1, round(HEIGHT * item["count"] / most)) if item["count"] else 0,
            f"{item['from']} – {item['to']}: {format_count(item['count'])}",
        )
        for place, item in enumerate(bins)
    ]
