"""The rows of a file on their way to the check: split in threads, taken through the steps, worked on in threads.

Without steps a block is split and worked on in one go. Steps see the rows one batch after the other, in order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from opendata.tables.text.decoding import DecodingFault, read_rows
from opendata.tables.text.dialect import Dialect
from opendata.tables.text.records import Records
from opendata.tables.text.splitting import (
    BLOCK_BYTES,
    WIDE,
    WIDE_BLOCK_BYTES,
    Source,
    split_block,
    split_rows,
)
from opendata.tables.text.steps import StepsAtWork

WORKERS = 2
LENT_BYTES = 4 * 1024 * 1024
"""The size of blocks that lie one where the other was: they stay in a processor's cache."""

SplitPlain = Callable[["bytes | memoryview", int], "Records | None"]

In = TypeVar("In")
Out = TypeVar("Out")


class RowSource:
    """The rows of one file, `width` columns wide, the first of them the record of number `first_row`.

    `begin_steps` gives steps on their way through the file from its start; None where there are none.
    """

    def __init__(
        self,
        path: Path,
        dialect: Dialect,
        *,
        width: int,
        first_row: int,
        begin_steps: Callable[[], StepsAtWork] | None = None,
        on_bytes: Callable[[int], None] | None = None,
    ) -> None:
        self._path = path
        self._dialect = dialect
        self._width = width
        self._first_row = first_row
        self._begin_steps = begin_steps
        self._on_bytes = on_bytes

    def map_blocks(
        self,
        source: Source,
        steps: StepsAtWork | None,
        work: Callable[[Records], Out],
        *,
        may_be_odd: Callable[[bytes], bool],
        split_plain: SplitPlain | None = None,
        lent_bytes: int = 0,
    ) -> Iterator[Out]:
        """The file in blocks, each split and worked on in a thread; what comes of them is in order.

        `split_plain` does what `split_block` does, for rows that no steps change, or gives None. What comes of a
        block needs its bytes no more when the next is asked for; `lent_bytes` is another size of such blocks.

        Raises `NeedsCareError` where only a careful reader tells the records apart.
        """

        def split(item: tuple[bytes | memoryview, int]) -> Records:
            block, skipped = item
            records = None
            if steps is None and split_plain is not None:
                records = split_plain(block, skipped)
            if records is None:
                block = bytes(block)
                records = split_block(block, self._dialect, self._width, skipped)
                records.may_be_odd = may_be_odd(block)
            return records

        size = WIDE_BLOCK_BYTES if self._width > WIDE else BLOCK_BYTES
        skipped = self._first_row - 1
        pieces: Iterator[bytes | memoryview] = source.blocks(size)
        if steps is None and self._dialect.encoding == "utf-8":
            pieces = source.lend(lent_bytes or size, WORKERS + 2)
        blocks = ((block, skipped if number == 0 else 0) for number, block in enumerate(pieces))
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="columns") as pool:
            if steps is None:
                yield from _run_ahead(pool, lambda item: work(split(item)), blocks)
            else:
                stepped = steps.run(_run_ahead(pool, split, blocks))
                yield from _run_ahead(pool, work, _raise_fault(stepped))

    def map_carefully(self, steps: StepsAtWork | None, work: Callable[[Records], Out]) -> Iterator[Out]:
        """The file record by record from its start, in batches. Raises `DecodingFault` where it is damaged."""
        rows = self._split(self._on_bytes)
        for records in _raise_fault(rows if steps is None else steps.run(rows)):
            yield work(records)

    def read(self, wanted: Sequence[int]) -> dict[int, list[str]]:
        """The cells of a few rows as the check sees them, by their numbers in the file."""
        left = set(wanted)
        if not left:
            return {}
        if self._begin_steps is not None:
            return self._read_stepped(left, self._begin_steps())
        found: dict[int, list[str]] = {}
        with closing(read_rows(self._path, self._dialect)) as rows:
            for number, row in enumerate(rows, start=1):
                if number in left:
                    found[number] = row
                    left.discard(number)
                    if not left:
                        break
        return found

    def _read_stepped(self, left: set[int], steps: StepsAtWork) -> dict[int, list[str]]:
        """The cells of the last of the rows that the steps made of each."""
        found: dict[int, list[str]] = {}
        for records in steps.run(self._split(None)):
            if not isinstance(records, DecodingFault) and records.numbers is not None:
                for index, number in enumerate(records.numbers.tolist()):
                    if number in left:
                        found[number] = records.read_row(index)
        return found

    def _split(self, on_bytes: Callable[[int], None] | None) -> Iterator[Records | DecodingFault]:
        return split_rows(self._path, self._dialect, self._width, self._first_row - 1, on_bytes=on_bytes)


def _run_ahead(pool: ThreadPoolExecutor, work: Callable[[In], Out], items: Iterable[In]) -> Iterator[Out]:
    """What comes of each item, in order; a few are worked on ahead."""
    pending: deque[Future[Out]] = deque()
    for item in items:
        pending.append(pool.submit(work, item))
        if len(pending) > WORKERS:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()


def _raise_fault(items: Iterable[Records | DecodingFault]) -> Iterator[Records]:
    for item in items:
        if isinstance(item, DecodingFault):
            raise item
        yield item
