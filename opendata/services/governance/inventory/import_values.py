"""What a file of items says: its rows as they would be taken, and the cells that are wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from opendata.domain.metadata import DatasetMetadata
from opendata.errors import Fault, Listed, OpendataError
from opendata.services.governance.inventory.columns import Column, name_code
from opendata.wording.voice import Voice


class RowKind(StrEnum):
    """What a row does."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFault:
    """A cell that is wrong: its sheet (empty in text files), row and column by letters, what it says, and why."""

    sheet: str
    row: int
    letters: str
    column: Column
    value: str
    fault: Fault

    def say(self, voice: Voice) -> str:
        """What is wrong, in a sentence. Codes are listed by the names that the cell can have."""
        params = dict(self.fault.params)
        if self.column.codes and "choices" in params:
            names = [name_code(code, voice.language) for code in self.column.codes.values()]
            return voice.say(self.fault.message, **{**params, "choices": Listed(names)})
        return voice.say_fault(self.fault)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRow:
    """A row as it would be taken. `changed` are the columns in which it differs from the item that is there.

    A new item has no `id` until it is imported. `patch` are the changes of the metadata, `metadata` the whole of a new
    item. `plans` says that the row has a day for the plan or takes it away; `opens` is the day.
    """

    sheet: str
    row: int
    kind: RowKind
    id: str
    title: str
    publisher: str
    changed: Sequence[Column] = ()
    patch: Mapping[str, Any] | None = None
    metadata: DatasetMetadata | None = None
    plans: bool = False
    opens: date | None = None
    reason: str = ""
    faults: Sequence[CellFault] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPlan:
    """What a file would do: `digest` is its SHA-256, `ignored` the headings that aren't known."""

    filename: str
    digest: str
    ignored: Sequence[str]
    rows: Sequence[ImportRow]

    @property
    def counts(self) -> Mapping[RowKind, int]:
        """How many rows do what."""
        kinds = [row.kind for row in self.rows]
        return {kind: kinds.count(kind) for kind in RowKind}

    @property
    def faults(self) -> Sequence[CellFault]:
        """All cells that are wrong, in the order of the file."""
        return [fault for row in self.rows for fault in row.faults]

    @property
    def is_right(self) -> bool:
        """Whether no cell is wrong."""
        return not self.counts[RowKind.WRONG]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """What became of a file: how many items are new and changed, and the rows that were left out."""

    plan: ImportPlan
    new: int
    changed: int
    failed: Sequence[tuple[ImportRow, OpendataError]] = ()
