"""Which column of a file is which field of its schema, as a clerk sees it and says otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opendata.domain.schema import Field, TableSchema
from opendata.errors import N_, StateError
from opendata.services.core.values import DraftResourceView
from opendata.services.drafts.matching import SchemaProposal
from opendata.tables.schema.header import make_distinct
from opendata.tables.schema.matching import match_columns
from opendata.web.core.numbers import read_number

SHOWN_PROPOSALS = 3
_MOST_OPTIONS = 20_000
"""A table so wide that its form would have more is mapped by REST."""

_FAULTS = frozenset(
    ["missing-label", "extra-label", "incorrect-label", "duplicate-label", "blank-label", "unmatched-header"]
)

HOW: Mapping[str, str] = {
    "title": N_("by title"),
    "alias": N_("by alias"),
    "folded": N_("by a different spelling"),
    "near": N_("by a similar name"),
    "chosen": N_("as chosen before, or for this file"),
}


@dataclass(frozen=True, slots=True)
class FieldChoice:
    """A field of the schema and the column that is it: `column` counts from 1, 0 is none. `how` is a key of `HOW`."""

    field: Field
    column: int
    how: str
    is_required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnForm:
    """The fields of a schema, each with its column, and the labels to choose from.

    `is_reordered` says that nothing is wrong but the order, `is_mapped` that columns were chosen before, `is_wrong`
    that the check found the header wrong. `extra` are the labels that no field has.
    """

    choices: Sequence[FieldChoice]
    labels: Sequence[str]
    extra: Sequence[str]
    is_reordered: bool
    is_mapped: bool
    is_wrong: bool


def build_form(table: DraftResourceView, task: Mapping[str, Any] | None) -> ColumnForm | None:
    """The form for a table whose columns are not those of its schema, or were mapped before; else None."""
    labels = make_distinct(task["labels"]) if task else []
    if task is None or not labels or not table.schema or table.carried:
        return None
    schema = TableSchema(table.schema)
    chosen = (table.choices or {}).get("columns") or {}
    is_wrong = any(item["type"] in _FAULTS for item in task["opendata"]["counts"])
    if not (is_wrong or chosen) or len(labels) * len(schema.fields) > _MOST_OPTIONS:
        return None
    match = match_columns(task["labels"], schema)
    found = {name: (label, "chosen") for label, name in chosen.items() if label in labels}
    taken = {label for label, _ in found.values()}
    for pairing in match.pairings:
        if pairing.label not in taken and pairing.field not in found:
            found[pairing.field] = pairing.label, pairing.how
            taken.add(pairing.label)
    places = {label: number for number, label in enumerate(labels, start=1)}
    return ColumnForm(
        choices=[
            FieldChoice(
                field=item,
                column=places[found[item.name][0]] if item.name in found else 0,
                how=found.get(item.name, ("", ""))[1],
                is_required=item.is_required,
            )
            for item in schema.fields
        ],
        labels=labels,
        extra=[label for label in labels if label not in taken],
        is_reordered=match.reordered and not (match.renamed or match.missing or match.extra),
        is_mapped=bool(chosen),
        is_wrong=is_wrong,
    )


def read_form(form: Mapping[str, str], table: DraftResourceView, task: Mapping[str, Any] | None) -> dict[str, str]:
    """Which columns a form says are which fields: label → name. Raises `StateError` if one column is two fields."""
    labels = make_distinct(task["labels"]) if task else []
    found: dict[str, str] = {}
    for number, item in enumerate((table.schema or {}).get("fields", ())):
        column = read_number(form.get(f"column_{number}", ""))
        if column is None or not 0 < column <= len(labels):
            continue
        label = labels[column - 1]
        if label in found:
            text = N_("The column “%(label)s” can't be both “%(one)s” and “%(other)s”. Choose one")
            raise StateError(text, label=label[:100], one=found[label], other=item["name"])
        found[label] = item["name"]
    return found


def find_proposal(proposals: Sequence[SchemaProposal], ref: str, table: str) -> SchemaProposal | None:
    """The proposal a form names."""
    return next((item for item in proposals if (item.ref, item.table) == (ref, table)), None)


def merge_columns(table: DraftResourceView, columns: Mapping[str, str]) -> dict[str, Any]:
    """What was chosen for a table, with other columns."""
    return {**(table.choices or {}), "columns": dict(columns)}
