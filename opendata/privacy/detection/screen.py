"""The screen of one table: batches in, in the pass that writes the table; what looks like personal data out.

Every cell is looked at. What is held doesn't grow with the rows: counts, at most some thousand different short texts
of a column, the first 20,000 rows for the test of tracks.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableSequence, Sequence
from typing import TYPE_CHECKING

from opendata.domain.privacy import PERSONS, Certainty, Evidence, Kind, PrivacyFinding, make_sign
from opendata.domain.schema import Field
from opendata.privacy.detection.columns import ScreenedColumn
from opendata.privacy.detection.judging import Verdict, describe_verdict, judge_column, judge_lifetimes
from opendata.privacy.detection.tracks import RowSample

if TYPE_CHECKING:
    import pyarrow as pa

TOGETHER = 4
"""Batches that wait for one another: each question costs some time whatever the number of rows."""

PIECE_ROWS = 131_072
PIECE_BYTES = 2 * 1024 * 1024
"""Rows and bytes of a column that are looked at together: few enough to stay in the processor's cache."""

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
        self._waiting: MutableSequence[pa.RecordBatch] = []
        self._taken = 0
        _keep_freed_memory()

    def take(self, batch: pa.RecordBatch) -> None:
        """Look at some rows, by their Arrow types: text, whole numbers, numbers, days and moments."""
        self._taken += 1
        self._rows.take(batch)
        self._waiting.append(batch)
        if len(self._waiting) >= TOGETHER:
            self._settle()

    @property
    def may_join(self) -> bool:
        """Whether a screen of all rows would look at those that come next apart from these."""
        return self._taken % TOGETHER == 0

    def close(self) -> None:
        """Look at the rows that wait: no more come."""
        self._settle()

    def join(self, later: PrivacyScreen) -> None:
        """Add what a closed screen found in the rows behind these, where `may_join`: as if all had come here."""
        self._taken += later._taken
        self._rows.join(later._rows)
        for column, other in zip(self._columns, later._columns, strict=True):
            column.join(other)

    def _settle(self) -> None:
        """Look at the batches that wait."""
        for place, column in enumerate(self._columns):
            for cells in _cut_pieces([batch.column(place) for batch in self._waiting]):
                column.take(cells)
        self._waiting.clear()

    def list(self) -> Sequence[PrivacyFinding]:
        """The findings, column by column in the order of the table."""
        self._settle()
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


def _cut_pieces(parts: Sequence[pa.Array]) -> Iterator[pa.Array]:
    """The cells of a column in pieces: small parts joined, large ones cut."""
    import pyarrow as pa

    if len(parts) > 1 and sum(part.nbytes for part in parts) <= PIECE_BYTES:
        parts = [pa.concat_arrays(parts)]
    for part in parts:
        size = min(PIECE_ROWS, max(1, PIECE_BYTES * len(part) // max(1, part.nbytes)))
        for start in range(0, len(part), size):
            yield part.slice(start, size)


def _keep_freed_memory() -> None:
    """Have the allocator keep what is freed, up to twice this size: masks of bytes are made and freed all the time.

    Freeing a large block raises both limits of glibc (mallopt(3), M_MMAP_THRESHOLD); otherwise each mask is new memory
    that the kernel clears first, which takes longer than all that is done with it.
    """
    import numpy as np

    np.empty(_KEPT_BYTES, np.uint8)


def _is_person(finding: PrivacyFinding) -> bool:
    """Whether a finding shows that each row is about a person."""
    return finding.kind in PERSONS and finding.share >= _LEAST_SHARE and finding.certainty is not Certainty.POSSIBLE


def _flatten(found: Sequence[Sequence[PrivacyFinding]]) -> Iterator[PrivacyFinding]:
    for findings in found:
        yield from findings
