"""Checks a table in pieces and puts them together: the report is the very one of a check from the file's start.

Pieces are blocks of the file as one machine cuts it, so each batch of rows is the same; what is remembered of them is
added in order. What needs the whole table is done here: the header, keys across pieces, and the end of the report.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from opendata.domain.findings import Finding
from opendata.domain.privacy import PrivacyFinding
from opendata.domain.profile import ColumnProfile
from opendata.domain.recipes import Recipe
from opendata.domain.schema import Field, TableSchema
from opendata.tables.check.column_notes import NeedsZoneError
from opendata.tables.check.table_rules import MAX_WRONG_TEXTS, TableRules
from opendata.tables.check.validation import STORED_FINDINGS, TableReader
from opendata.tables.pieces.cutting import (
    BLOCKS_TOGETHER,
    PIECE_BYTES,
    STRETCHES,
    NotApartError,
    Piece,
    cut,
    find_ends,
    refuse_dialect,
    survey,
)
from opendata.tables.pieces.piece import (
    CheckedPiece,
    PieceTask,
    check_piece,
    describe_file,
    name_findings,
    open_writer,
    read_batches,
    read_block,
    read_options,
    take_held,
)
from opendata.tables.pieces.running import OnDone, Runner
from opendata.tables.pieces.screening import JoinedScreen
from opendata.tables.pieces.shuffling import compare_keys
from opendata.tables.profile.profile import Profiler
from opendata.tables.report.findings import FindingsWriter, list_findings
from opendata.tables.report.report import TaskReport
from opendata.tables.screen import MakeScreen
from opendata.tables.text.decoding import split_bytes
from opendata.tables.text.dialect import Dialect
from opendata.tables.text.splitting import BLOCK_BYTES, WIDE, WIDE_BLOCK_BYTES, hash_file
from opendata.tables.types.casting import Batch
from opendata.tables.written import WrittenFile


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedTable:
    """What became of a table that was checked in pieces.

    `csv` and `parquet` are its parts in the shared folder, in order, none of an invalid table: only the first CSV has
    the header, and each Parquet file is complete. `profile` describes the columns of a valid table, `privacy` what its
    screen found.
    """

    task: TaskReport
    schema: TableSchema | None
    fields: Sequence[Field]
    rows: int
    first_row: int
    pieces: int
    csv: Sequence[WrittenFile] = ()
    parquet: Sequence[WrittenFile] = ()
    profile: Sequence[ColumnProfile] = ()
    privacy: Sequence[PrivacyFinding] = ()


OnShare = Callable[[float], None]
"""Hears which share of the work is done, from 0 to 1."""

_CUT, _CHECKED = 0.05, 0.9
"""The share of the work that is done once a table is cut, and once its pieces are checked."""

Finish = Callable[[JoinedTable], Sequence[Finding]]
"""Looks at a table and its parts before its findings are written; what else is wrong."""


def check_in_pieces(
    source: Path,
    folder: Path,
    runner: Runner,
    *,
    name: str,
    schema: TableSchema | None = None,
    dialect: Dialect | None = None,
    limit: int = 1000,
    stored: int = STORED_FINDINGS,
    recipe: Recipe | None = None,
    renames: Mapping[str, str] | None = None,
    marks: Mapping[int, Mapping[str, Any]] | None = None,
    footer: Mapping[str, Any] | None = None,
    sha256: str | None = None,
    writes: bool = False,
    findings: Path | None = None,
    finish: Finish | None = None,
    screen: MakeScreen | None = None,
    on_share: OnShare | None = None,
    piece_bytes: int = PIECE_BYTES,
) -> JoinedTable:
    """Check a file in pieces, and with `writes` profile it and write its parts into a folder that all machines share.

    Raises `NotApartError` where only a reader from the file's start can check it. `findings` is the file for
    those that are stored; it is there if there are some. `finish` looks at the parts and adds findings. `screen` looks
    for personal data in each piece that is written. `on_share` hears which share of the work is done, from 0 to 1.
    """
    task = PieceTask(
        source=source,
        folder=folder,
        name=name,
        schema=schema,
        dialect=dialect or Dialect(),
        limit=limit,
        stored=stored,
        recipe=recipe or Recipe(),
        renames=renames or {},
        marks=marks or {},
        footer=footer or {},
        writes=writes,
        lists=findings is not None,
        screen=screen if writes else None,
    )
    refuse_dialect(task.dialect)
    with ThreadPoolExecutor(1, thread_name_prefix="digest") as pool:
        digest = pool.submit(hash_file, source) if sha256 is None else None
        while True:
            options: dict[str, Any] = {
                "sha256": sha256,
                "digest": digest,
                "piece_bytes": piece_bytes,
                "on_share": on_share,
            }
            try:
                with ExitStack() as files:
                    writer = files.enter_context(FindingsWriter(findings)) if findings is not None else None
                    reader = JoinedReader(task, runner, on_findings=writer.write if writer else None, **options)
                    list(reader.batches())
                    table = reader.describe()
                    if finish is not None:
                        for doubtful in finish(table):
                            reader.task.add(doubtful)
                    others = [found for found in reader.task.listed if found.place.cells is None]
                    if writer is not None and others:
                        writer.write(list_findings(others))
            except NeedsZoneError as found:
                task = replace(task, zones={**task.zones, **found.zones})
                continue
            return table


class JoinedReader(TableReader):
    """Takes the place of a reader of the whole file; no rows come out of it."""

    def __init__(
        self,
        task: PieceTask,
        runner: Runner,
        *,
        piece_bytes: int,
        digest: Future[str] | None,
        on_share: OnShare | None,
        **options: Any,
    ) -> None:
        super().__init__(task.source, **read_options(task), **options)
        self._work = task
        self._runner = runner
        self._piece_bytes, self._digest, self._on_share = piece_bytes, digest, on_share
        self._pieces: Sequence[Piece] = ()
        self._starts: list[int] = []
        self._profile: Profiler | None = None
        self._screen = JoinedScreen(task.screen, task.name)
        self._csv: list[WrittenFile] = []
        self._parquet: list[WrittenFile] = []

    def describe(self) -> JoinedTable:
        """What became of the table, once it has been checked."""
        if self.task.valid and self._work.writes:
            self._complete_parts()
        is_written = self.task.valid and self._work.writes
        return JoinedTable(
            task=self.task,
            schema=self.schema,
            fields=self.fields,
            rows=self.rows,
            first_row=self.first_row,
            pieces=len(self._pieces),
            csv=self._csv if is_written else (),
            parquet=self._parquet if is_written else (),
            profile=self._profile.describe() if is_written and self._profile else (),
            privacy=self._screen.list(self.fields) if is_written else (),
        )

    def _check(self) -> Iterator[Batch]:
        begun = self._begin()
        if begun is not None:
            rules = self._make_rules(begun)
            self._join_pieces(rules)
            self._conclude(begun, rules, self._read_cells)
        self._sha256 = self._digest.result() if self._digest else self._sha256
        yield from ()

    def _cut(self, width: int) -> list[Piece]:
        size = WIDE_BLOCK_BYTES if width > WIDE else BLOCK_BYTES
        total = self._path.stat().st_size
        total = min(total, self.dialect.table_bytes or total)
        step = size * STRETCHES
        spans = [(start, min(start + step, total)) for start in range(0, total, step)]
        quote = (self.dialect.quote_char or "").encode()
        on_done = self._follow(0, _CUT, len(spans))
        found = self._runner.map(partial(_survey, self._path, size, quote), spans, on_done=on_done)
        ends = find_ends((stretch for stretches in found for stretch in stretches), size, total)
        if self._piece_bytes < size * BLOCKS_TOGETHER:
            return list(cut(ends, self._piece_bytes))
        return list(cut(ends, self._piece_bytes + size, unit=BLOCKS_TOGETHER))

    def _join_pieces(self, rules: TableRules) -> None:
        self._pieces = self._cut(len(rules.screens))
        offsets: list[int] = []
        bounds, overflowed, wrong = [], [], []
        offset = 0
        on_done = self._follow(_CUT, _CHECKED, len(self._pieces))
        for found in self._runner.map(partial(check_piece, self._work), self._pieces, on_done=on_done):
            if found.needs_care:
                raise NotApartError("damaged")
            assert found.state is not None  # noqa: S101 - there unless care is needed
            is_known = rules.join(found.state, found.task)
            if not is_known:
                raise NotApartError("notes")
            for batch in read_batches(path := name_findings(self._work.folder, found.number)):
                self._listing.store_again(batch, offset)
            path.unlink(missing_ok=True)
            self._source.has_bare_returns |= found.has_bare_returns
            offsets.append(offset)
            bounds.append(found.keys)
            offset += found.state.seen
            wrong.append(found.state.wrong)
            if any(len(texts) >= MAX_WRONG_TEXTS for texts in found.state.wrong.values()):
                overflowed.append(found.number)
            self._take_files(found)
        rules.require_zones()
        self._starts = [self.first_row - 1 + offset if place else 0 for place, offset in enumerate(offsets)]
        if overflowed:
            self._count_again(rules, overflowed, wrong)
        compare_keys(
            rules.keys.watches,
            bounds,
            offsets,
            self._work.folder,
            self._runner,
            max(self._listing.most, self.task.limit),
            self._follow(_CHECKED, 1, 2 * len(rules.keys.watches) * len(bounds)),
        )

    def _follow(self, start: float, end: float, count: int) -> OnDone | None:
        """What tells how far the work is when some of `count` items are done."""
        on_share = self._on_share
        if on_share is None:
            return None
        return lambda done: on_share(start + (end - start) * min(1, done / max(1, count)))

    def _take_files(self, found: CheckedPiece) -> None:
        self.rows += found.rows
        if found.written is None:
            return
        self._csv.append(found.written.csv)
        self._parquet.append(found.written.parquet)
        held = take_held(self._work.folder, found.number)
        self._screen.take(found.written, held.screen)
        if self._profile is None:
            self._profile = held.profile
        else:
            self._profile.join(held.profile)

    def _count_again(self, rules: TableRules, overflowed: Sequence[int], wrong: list[Any]) -> None:
        """Count the wrong texts that are tried for repairs in pieces that have too many others."""
        known = rules.list_wrong()
        task = replace(self._work, wrong=known, writes=False, lists=False)
        pieces = [self._pieces[number] for number in overflowed]
        for found in self._runner.map(partial(check_piece, task), pieces):
            assert found.state is not None  # noqa: S101 - the piece was checked before
            wrong[found.number] = found.state.wrong
        rules.watch_texts(known)
        rules.remember_wrong(wrong)

    def _read_cells(self, wanted: Sequence[int]) -> Mapping[int, Sequence[str]]:
        """The cells of a few rows, out of the pieces that have them."""
        found: dict[int, Sequence[str]] = {}
        left = sorted(set(wanted))
        while left:
            piece = bisect_right(self._starts, left[0] - 1) - 1
            end = self._starts[piece + 1] if piece + 1 < len(self._starts) else None
            here = {number for number in left if end is None or number <= end}
            left = [number for number in left if number not in here]
            number, last = self._starts[piece], max(here)
            for row in self._read_piece(self._pieces[piece]):
                number += 1
                if number in here:
                    found[number] = row
                if number == last:
                    break
        return found

    def _read_piece(self, piece: Piece) -> Iterator[list[str]]:
        start = piece.start
        with self._path.open("rb", buffering=0) as stream:
            stream.seek(start)
            for end in piece.ends:
                yield from split_bytes(read_block(stream, end - start, self.dialect, is_first=start == 0), self.dialect)
                start = end

    def _complete_parts(self) -> None:
        """Write the header, and a Parquet file, where no piece has rows that they could be written with."""
        if self._csv and self._csv[0].name == "part-000000.csv":
            return
        csv, parquet = (self._work.folder / f"part-header.{ending}" for ending in ("csv", "parquet"))
        with open_writer(self, csv, parquet, self._work.footer, has_header=True):
            pass
        self._csv.insert(0, describe_file(csv, 0))
        self._profile = self._profile or Profiler(self.fields, self.arrow_schema)
        if not self._parquet:
            self._parquet.append(describe_file(parquet, 0))


def _survey(path: Path, size: int, quote: bytes, span: tuple[int, int]) -> Any:
    return survey(path, *span, size, quote)
