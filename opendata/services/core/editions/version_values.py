"""Versions as services hand them to pages and REST: those that are published, and the one that a draft becomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from opendata.domain.comparison import ReasonText
from opendata.domain.records import Suspension, Tombstone

_HARMLESS = ("first", "line-withdrawn")
"""Reasons that raise the first part of a number and break no reader of the version before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionView:
    """A published version; `created` is when publication was asked for, `manifest_sha256` names its manifest.

    `changed` is when the newest thing was said of it: that it is published, withdrawn, erased or corrected.
    `withdrawal` is the tombstone of a version that was taken down, `suspension` the record of one that is stopped,
    `period` what the edition is about, `coverage` what all its rows are about.
    """

    dataset: str
    version: str
    created: datetime
    published: datetime
    changed: datetime
    notes: str
    reasons: Sequence[ReasonText | str]
    resources: int
    rows: int
    bytes: int
    manifest_sha256: str
    withdrawal: Tombstone | None = None
    suspension: Suspension | None = None
    period: str = ""
    coverage: str = ""

    @property
    def is_standing(self) -> bool:
        """Whether it is there to be read."""
        return self.withdrawal is None and self.suspension is None


@dataclass(frozen=True, slots=True, kw_only=True)
class NextVersion:
    """The version that a draft would become: None where nothing is new, or only the entry in the catalogue changes.

    `computed` is the part of the number that the changes raise, `bump` the one that is raised after what was asked for.
    `is_entry_only` says that the data is closed, so that no version is made, `withdraws` that all versions before are
    withdrawn, since fewer people may have the data than before.
    """

    version: str | None
    bump: str | None
    computed: str | None
    reasons: Sequence[ReasonText]
    is_entry_only: bool = False
    withdraws: bool = False

    @property
    def is_breaking(self) -> bool:
        """Whether readers of the version before may fail on it."""
        return any(item["bump"] == "major" and item["type"] not in _HARMLESS for item in self.reasons)
