"""Checks one piece of a table by the functions that check whole tables, and writes its part of the published files.

The rows of a piece are numbered as if it were the first one: who puts pieces together knows how many came before.
"""

from __future__ import annotations

import codecs
import pickle
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opendata.domain.recipes import Recipe
from opendata.domain.schema import TableSchema
from opendata.tables.check.beginning import Beginning
from opendata.tables.check.row_keys import ReadCells
from opendata.tables.check.table_rules import PieceState, TableRules
from opendata.tables.check.uniqueness import KeyBounds
from opendata.tables.check.validation import TableReader
from opendata.tables.forms.writing import TableWriter
from opendata.tables.pieces.cutting import Piece
from opendata.tables.profile.profile import Profiler
from opendata.tables.report.report import TaskReport
from opendata.tables.schema.schema import publish_schema
from opendata.tables.screen import MakeScreen, Screen
from opendata.tables.text.dialect import Dialect
from opendata.tables.text.rows import RowSource
from opendata.tables.text.splitting import NeedsCareError, Source, hash_file
from opendata.tables.types.casting import Batch
from opendata.tables.written import WrittenFile

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True, kw_only=True)
class PieceTask:
    """What all pieces of a table have in common; files of theirs go to `folder`, which all machines share.

    With `writes` each piece of a valid table is written, and a `screen` looks for personal data in it; `wrong` are the
    only wrong texts to count.
    """

    source: Path
    folder: Path
    name: str
    schema: TableSchema | None
    dialect: Dialect
    limit: int
    stored: int
    recipe: Recipe
    renames: Mapping[str, str] = field(default_factory=dict)
    zones: Mapping[str, bool] = field(default_factory=dict)
    marks: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    footer: Mapping[str, Any] = field(default_factory=dict)
    writes: bool = False
    lists: bool = False
    screen: MakeScreen | None = None
    wrong: Mapping[str, Collection[str]] | None = None


@dataclass(frozen=True, slots=True)
class WrittenPiece:
    """The files of a piece, and the rows of each batch that it was written in. The folder has what it `Held`."""

    csv: WrittenFile
    parquet: WrittenFile
    batches: Sequence[int]


@dataclass(frozen=True, slots=True)
class Held:
    """What the columns of a piece hold, and what looked for personal data in it. It may be large, so it is a file."""

    profile: Profiler
    screen: Screen | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedPiece:
    """What is known of a piece. `needs_care` says that the piece isn't plain CSV.

    `keys` are the bounds of each key that is watched. `written` is there where a valid piece has rows.
    """

    number: int
    task: TaskReport
    rows: int = 0
    state: PieceState | None = None
    keys: Sequence[KeyBounds | None] = ()
    written: WrittenPiece | None = None
    has_bare_returns: bool = False
    needs_care: bool = False


class _PieceSource(Source):
    """The blocks of a piece, as they are when the whole file is read."""

    def __init__(self, path: Path, dialect: Dialect, piece: Piece) -> None:
        super().__init__(path, dialect, hashes=False)
        self._piece = piece

    def blocks(self, size: int = 0) -> Iterator[bytes]:  # noqa: ARG002 - where they end is settled
        quote = (self._dialect.quote_char or "").encode()
        place = self._piece.start
        with self._path.open("rb", buffering=0) as stream:
            stream.seek(place)
            for end in self._piece.ends:
                block = read_block(stream, end - place, self._dialect, is_first=place == 0)
                place = end
                if not block.endswith((b"\n", b"\r")):
                    if not self._piece.is_last:
                        raise NeedsCareError
                    block += b"\n"
                self._look_for_returns(block, quote, len(block))
                yield block

    def lend(self, size: int, held: int) -> Iterator[memoryview]:  # noqa: ARG002 - each block is its own
        return map(memoryview, self.blocks(size))


def read_block(stream: Any, size: int, dialect: Dialect, *, is_first: bool) -> bytes:
    """A block in UTF-8. Raises `NeedsCareError` for bytes that are not of the encoding."""
    block: bytes = stream.read(size)
    if dialect.encoding != "utf-8":
        try:
            block = block.decode(dialect.encoding).encode()
        except UnicodeError:
            raise NeedsCareError from None
    return block.removeprefix(codecs.BOM_UTF8) if is_first else block


class PieceReader(TableReader):
    """Reads the rows of one piece. What is wrong with the header is left to who puts pieces together."""

    rules: TableRules

    def __init__(self, piece: Piece, task: PieceTask, **options: Any) -> None:
        super().__init__(task.source, **read_options(task), sha256="", with_batches=task.writes, **options)
        self._piece = piece
        self._source = _PieceSource(task.source, self.dialect, piece)
        self._wrong = task.wrong

    @property
    def has_bare_returns(self) -> bool:
        """Whether records of the piece end in CR alone."""
        return self._source.has_bare_returns

    def read(self) -> Generator[Batch, None, None]:
        """Check the piece, and yield its rows while it is valid."""
        yield from self._check()

    def _make_rules(self, begun: Beginning) -> TableRules:
        self.rules = super()._make_rules(begun)
        for found in (self.task.tallies, self.task.listed, self.task.remarks):
            found.clear()
        if self._wrong is not None:
            self.rules.watch_texts(self._wrong)
        return self.rules

    def _open_rows(self, begun: Beginning, rules: TableRules) -> RowSource:  # noqa: ARG002 - no steps are here
        first = self.first_row if self._piece.start == 0 else 1
        return RowSource(self._path, self.dialect, width=len(rules.screens), first_row=first)

    def _conclude(self, begun: Beginning, rules: TableRules, read_cells: ReadCells) -> None:
        pass


def read_options(task: PieceTask) -> dict[str, Any]:
    """The options that a reader of any piece has, and that of the whole table."""
    return {
        "name": task.name,
        "schema": task.schema,
        "dialect": task.dialect,
        "limit": task.limit,
        "recipe": task.recipe,
        "stored": task.stored,
        "renames": task.renames,
        "zones": task.zones,
        "marks": task.marks,
    }


def check_piece(task: PieceTask, piece: Piece) -> CheckedPiece:
    """Check a piece; beside what is returned, its keys, findings and parts are in the folder."""
    with ExitStack() as files:
        findings = files.enter_context(_ArrowFile(name_findings(task.folder, piece.number)))
        reader = PieceReader(piece, task, on_findings=findings.write if task.lists else None)
        try:
            written = _read(reader, task, piece)
        except NeedsCareError:
            return CheckedPiece(number=piece.number, task=reader.task, needs_care=True)
    bounds = []
    for number, watch in enumerate(reader.rules.keys.watches):
        bounds.append(watch.bounds)
        with _ArrowFile(name_keys(task.folder, number, piece.number)) as file:
            for batch in watch.read_keys():
                file.write(batch)
    return CheckedPiece(
        number=piece.number,
        task=reader.task,
        rows=reader.rows,
        state=reader.rules.describe(),
        keys=bounds,
        written=written,
        has_bare_returns=reader.has_bare_returns,
    )


def _read(reader: PieceReader, task: PieceTask, piece: Piece) -> WrittenPiece | None:
    """Read a piece to its end; its profile and its files, where it is valid and has rows."""
    csv, parquet = (task.folder / f"part-{piece.number:06}.{ending}" for ending in ("csv", "parquet"))
    writer: TableWriter | None = None
    profiler: Profiler | None = None
    screen: Screen | None = None
    counts: list[int] = []
    with closing(reader.read()) as batches, ExitStack() as files:
        for batch in batches:
            if writer is None or profiler is None:
                writer = files.enter_context(
                    open_writer(reader, csv, parquet, task.footer, has_header=piece.number == 0)
                )
                profiler = Profiler(reader.fields, reader.arrow_schema)
                screen = task.screen(task.name, reader.fields) if task.screen is not None else None
            writer.write(batch)
            profiler.take(batch.typed, batch.text)
            counts.append(batch.typed.num_rows)
            if screen is not None:
                screen.take(batch.typed)
    if writer is None or profiler is None:
        return None
    if not reader.task.valid:
        csv.unlink()
        parquet.unlink()
        return None
    if screen is not None:
        screen.close()
    _name_held(task.folder, piece.number).write_bytes(pickle.dumps(Held(profiler, screen)))
    return WrittenPiece(describe_file(csv, writer.rows), describe_file(parquet, writer.rows), counts)


def open_writer(
    reader: TableReader, csv: Path, parquet: Path, footer: Mapping[str, Any], *, has_header: bool
) -> TableWriter:
    """What writes a part of a table that a reader checks."""
    assert reader.schema is not None  # noqa: S101 - settled with the header
    return TableWriter(
        csv,
        parquet,
        schema=reader.arrow_schema,
        metadata={**footer, "tableschema": publish_schema(reader.schema)},
        null_text=[reader.schema.null_text_of(item) for item in reader.fields],
        has_header=has_header,
    )


def describe_file(path: Path, rows: int) -> WrittenFile:
    """A file that was written, by its digest."""
    return WrittenFile(path, hash_file(path), path.stat().st_size, rows)


def take_held(folder: Path, number: int) -> Held:
    """What a written piece held, once: its file goes."""
    path = _name_held(folder, number)
    found: Held = pickle.loads(path.read_bytes())  # noqa: S301 - made by this program
    path.unlink()
    return found


def _name_held(folder: Path, number: int) -> Path:
    return folder / f"held-{number:06}.pickle"


def name_findings(folder: Path, number: int) -> Path:
    """Where the findings of a piece are."""
    return folder / f"findings-{number:06}.arrow"


def name_keys(folder: Path, watch: int, number: int) -> Path:
    """Where the values of a key in a piece are."""
    return folder / f"keys-{watch}-{number:06}.arrow"


class _ArrowFile:
    """Record batches on their way into a file, which is there only if some came."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: Any = None

    def __enter__(self) -> _ArrowFile:
        self._path.unlink(missing_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.close()

    def write(self, batch: pa.RecordBatch) -> None:
        """Take one batch."""
        import pyarrow as pa

        if self._writer is None:
            self._writer = pa.ipc.new_file(str(self._path), batch.schema)
        self._writer.write_batch(batch)


def read_batches(path: Path) -> Iterator[pa.RecordBatch]:
    """The batches of such a file; none where there is no file."""
    import pyarrow as pa

    if path.exists():
        with pa.OSFile(str(path)) as file, pa.ipc.open_file(file) as reader:
            for number in range(reader.num_record_batches):
                yield reader.get_batch(number)
