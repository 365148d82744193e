"""The repairs that a report proposes, and those in force, as a clerk chooses among them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from opendata.services.core.values import DraftResourceView
from opendata.tables.repair.repairs import REPAIRS, ROWS_LEFT_OUT
from opendata.web.core.formats import format_cell


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairChoice:
    """A kind of repair of one column: how many cells, what it does to some of them; `value` is sent by a form."""

    column: str
    title: str
    explanation: str
    count: int
    examples: Sequence[tuple[str, str]]
    value: str
    is_offered: bool


def list_repairs(task: Mapping[str, Any], table: DraftResourceView | None, name: str = "repairs") -> list[RepairChoice]:
    """The repairs a task proposes (`repairs`), or that were made (`repaired`); those of the last file are chosen."""
    known = ((table.offered if table else None) or {}).get("repairs", [])
    found = []
    for item in (task.get("opendata") or {}).get(name, ()):
        chosen = {"fieldName": item["fieldName"], "kind": item["kind"]}
        repair = REPAIRS[item["kind"]]
        found.append(
            RepairChoice(
                column=item["fieldName"],
                title=gettext(repair.title),
                explanation=gettext(repair.explanation),
                count=item["count"],
                examples=[
                    (format_cell(one["before"]), _show(one["after"], item["kind"])) for one in item.get("examples", ())
                ],
                value=json.dumps(chosen, ensure_ascii=False),
                is_offered=chosen in known,
            )
        )
    return found


def read_choice(value: str) -> object:
    """What a form sent for one choice; anything else comes back as it is and is refused by the rules of recipes."""
    try:
        return json.loads(value)
    except ValueError:
        return value


def _show(after: str | None, kind: str) -> str:
    if after is None and kind in ROWS_LEFT_OUT:
        left_out: str = gettext("(row left out)")
        return left_out
    return gettext("(empty)") if after is None else format_cell(after)
