"""The screen of one table: batches in, in the pass that writes the table; what looks like personal data out.

Every cell is looked at. What is held doesn't grow with the rows: counts, at most some thousand different short texts
of a column, the first 20,000 rows for the test of tracks.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableSequence, Sequence
from typing import TYPE_CHECKING

from opendata.domain.privacy import Certainty, Evidence, Kind, PrivacyFinding, make_sign
from opendata.domain.schema import Field
from opendata.privacy.detection.columns import ScreenedColumn
from opendata.privacy.detection.judging import Verdict, describe_verdict, judge_column, judge_lifetimes
from opendata.privacy.detection.tracks import RowSample

if TYPE_CHECKING:
    import pyarrow as pa

PIECE_ROWS = 65_536
PIECE_BYTES = 1024 * 1024
"""Rows and bytes of a column that are looked at together: few enough to stay in the processor's cache."""

_PERSONS = (Kind.RESIDENT_ID, Kind.NAME, Kind.MOBILE, Kind.BANK_CARD)
_LEAST_SHARE = 0.5
_KEPT_BYTES = 16 * 1024 * 1024


class PrivacyScreen:
    """Looks through every cell of one table, batch by batch, for all kinds of personal data.

    `fields` are the Table Schema fields of the columns, in the order of the batches' columns.
    """

    def __init__(self, resource: str, fields: Sequence[Field]) -> None:
        self._resource = resource
        self._columns = [ScreenedColumn(field) for field in fields]
        self._rows = RowSample()
        _keep_freed_memory()

    def take(self, batch: pa.RecordBatch) -> None:
        """Look at some rows, by their Arrow types: text, whole numbers, numbers, days and moments."""
        self._rows.take(batch)
        for column, cells in zip(self._columns, batch.columns, strict=True):
            size = min(PIECE_ROWS, max(1, PIECE_BYTES * len(cells) // max(1, cells.nbytes)))
            for start in range(0, len(cells), size):
                column.take(cells.slice(start, size))

    def list(self) -> Sequence[PrivacyFinding]:
        """The findings, column by column in the order of the table."""
        found = [judge_column(self._resource, column) for column in self._columns]
        person = next((item.field for item in _flatten(found) if _is_person(item)), None)
        if person is not None:
            for column, findings in zip(self._columns, found, strict=True):
                verdict = judge_lifetimes(column, person)
                if verdict is not None:
                    findings.append(describe_verdict(self._resource, column, verdict))
        self._add_track(found)
        return list(_flatten(found))

    def _add_track(self, found: Sequence[MutableSequence[PrivacyFinding]]) -> None:
        track = self._rows.find_track()
        if track is None:
            return
        signs = (make_sign(Evidence.MOVEMENT, field=track.subject or track.moment),)
        for column, findings in zip(self._columns, found, strict=True):
            if column.name in (track.longitude, track.latitude):
                verdict = Verdict(Kind.TRACK, column.tallies.values, Certainty.LIKELY, signs)
                findings.append(describe_verdict(self._resource, column, verdict))


def _keep_freed_memory() -> None:
    """Have the allocator keep what is freed, up to twice this size: masks of bytes are made and freed all the time.

    Freeing a large block raises both limits of glibc (mallopt(3), M_MMAP_THRESHOLD); otherwise each mask is new memory
    that the kernel clears first, which takes longer than all that is done with it.
    """
    import numpy as np

    np.empty(_KEPT_BYTES, np.uint8)


def _is_person(finding: PrivacyFinding) -> bool:
    """Whether a finding shows that each row is about a person."""
    return finding.kind in _PERSONS and finding.share >= _LEAST_SHARE and finding.certainty is not Certainty.POSSIBLE


def _flatten(found: Sequence[Sequence[PrivacyFinding]]) -> Iterator[PrivacyFinding]:
    for findings in found:
        yield from findings
