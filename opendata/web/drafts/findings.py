"""Findings as rows of a page, and the counts per rule and column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opendata.domain.schema import Field, TableSchema
from opendata.errors import N_
from opendata.problems import choose_voice
from opendata.services.core.values import DraftResourceView
from opendata.tables.notation.totals import is_total
from opendata.web.core.formats import format_cell
from opendata.wording.findings import explain, name_rule, say_warning

TOTALS = N_("Is this a row of totals? Accept the repair that leaves such rows out, or remove the row from the file")
"""What to ask where a cell that must be a code or a number says 合计 or Total."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFinding:
    """A finding: where it is, the cell's text, what is wrong and how to fix it."""

    row: int | None
    column: str
    value: str | None
    title: str
    message: str
    advice: str
    strength: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How often a rule is broken in a column; `query` picks these findings among all."""

    title: str
    column: str
    count: int
    strength: str
    query: Mapping[str, str]


def show_finding(error: Mapping[str, Any]) -> ShownFinding:
    """An error descriptor of a report, or a row of a findings file, in the reader's words."""
    found = {**error, **(error.get("opendata") or {})}
    value = str(found["cell"]) if found.get("cell") is not None else None
    label = str(found.get("label") or (value if str(found.get("type")).endswith("-label") else "") or "")
    voice = choose_voice()
    explained = explain(voice, found)
    asked = voice.translate(TOTALS) if value and found.get("strength", "error") == "error" and is_total(value) else ""
    return ShownFinding(
        row=found.get("rowNumber", found.get("row")),
        column=str(found.get("fieldName") or label),
        value=format_cell(value) if value is not None else None,
        title=explained.title,
        message=explained.message,
        advice=asked or explained.advice,
        strength=str(found.get("strength") or "error"),
    )


def list_fields(table: DraftResourceView | None) -> Mapping[str, Field]:
    """The fields of a draft's table by name, whose titles pages show beside the names."""
    schema = (table.schema if table else None) or {}
    return {field.name: field for field in TableSchema(schema).fields}


def list_warnings(task: Mapping[str, Any]) -> Sequence[str]:
    """The warnings of a task; those kept by an earlier release are sentences already."""
    ours = (task.get("opendata") or {}).get("warnings")
    if ours is None:
        return list(task["warnings"])
    return [say_warning(choose_voice(), item["code"], item["params"]) for item in ours]


def list_counts(task: Mapping[str, Any]) -> Sequence[Count]:
    """The counts of a task per rule and column, the most frequent first."""
    counts = (task.get("opendata") or {}).get("counts", ())
    return [_describe_count(item) for item in sorted(counts, key=lambda item: -item["count"])]


def _describe_count(item: Mapping[str, Any]) -> Count:
    kind, rule, strength = item["type"], item.get("rule") or "", item.get("strength") or "error"
    column = item.get("fieldName") or ""
    query = {"type": kind, "rule": rule, "strength": strength, "field": column}
    return Count(
        title=name_rule(choose_voice(), kind, rule),
        column=column,
        count=item["count"],
        strength=strength,
        query={name: value for name, value in query.items() if value},
    )
