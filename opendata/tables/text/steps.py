"""What changes a table between its file and its check: column names and rows in, other names and rows out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from opendata.domain.recipes import Applied
from opendata.tables.text.decoding import DecodingFault
from opendata.tables.text.records import Records

Marks = Mapping[int, Mapping[str, Any]]
"""What is ours in the fields of columns, by the numbers of the columns."""


class StepsAtWork(Protocol):
    """Steps on their way through one file of `width` columns. `labels` and `marks` are those of what comes out."""

    labels: Sequence[str]
    marks: Marks
    width: int

    @property
    def places(self) -> Sequence[int]:
        """The number in the file of each column that comes out; 0 where there isn't one."""

    def run(self, records: Iterator[Records | DecodingFault]) -> Iterator[Records | DecodingFault]:
        """The rows of the file, in order, as the steps leave them. What they are of the file, `numbers` tells."""

    def report(self) -> Sequence[Applied]:
        """What became of each step; complete once all rows have come."""


class Steps(Protocol):
    """The steps of a table, ready for any file of it."""

    def begin(
        self, labels: Sequence[str], start: Sequence[Sequence[str]], *, first_row: int, marks: Marks
    ) -> StepsAtWork:
        """Look at the names of the columns and the first rows of a file, of which `first_row` is the first's number."""
