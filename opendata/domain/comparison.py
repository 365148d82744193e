"""What changed between two versions, in counts and reasons: the JSON that REST and the command line give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Required, TypedDict


class ReasonText(TypedDict, total=False):
    """Why a version has its number, as its manifest says. `text` has it by language; the rest fills that text."""

    type: Required[str]
    bump: Required[str]
    text: Required[Mapping[str, str]]
    resource: str
    field: str
    old: str
    new: str
    constraint: str
    check: str
    key: str
    names: str
    version: str
    count: int


class RowCounts(TypedDict):
    """How many rows changed how."""

    added: int
    removed: int
    changed: int
    unchanged: int


class TableCounts(TypedDict):
    """How a table changed. `key` names the columns that tell a row, `cells` counts changed cells by column."""

    key: Sequence[str] | None
    rows: RowCounts
    cells: Mapping[str, int]
    reordered: bool


class TableComparison(TableCounts):
    """The counts of a table's changes, with its name. `change` is `added`, `removed`, `changed` or `none`."""

    name: str
    change: str


class AttachmentComparison(TypedDict):
    """An attachment that is there in one version alone, or in both with other bytes."""

    name: str
    change: str


class Comparison(TypedDict):
    """What changed from the version `old` to `new`; `bump` is the part of the number that it raises, if any.

    `note` sums the reasons up by language. `schema` and `metadata` are those of the reasons that lie there.
    """

    dataset: str
    old: str
    new: str
    bump: str | None
    reasons: Sequence[ReasonText]
    note: Mapping[str, str]
    schema: Sequence[ReasonText]
    metadata: Sequence[ReasonText]
    resources: Sequence[TableComparison]
    attachments: Sequence[AttachmentComparison]
