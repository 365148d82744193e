"""The index of columns in a file of SQLite: written by one process at a time, read by many, made again at any time.

Each dataset is replaced in one transaction, so a process that dies leaves the old or the new. What is deleted is
overwritten. There is no write-ahead log, which a folder on a network can't have: who asks reads quickly and closes.
"""

from __future__ import annotations

import contextlib
import json
import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from opendata.search.columns.entries import ColumnEntry, TableEntry
from opendata.search.columns.filters import BLOCK_BYTES, PAGE_BYTES
from opendata.search.columns.joining import join_table
from opendata.search.columns.judging import JoinColumn, may_be_joined
from opendata.search.columns.sketches import ColumnSketch, Facts
from opendata.search.index import BusyIndexError

logger = logging.getLogger(__name__)

FORM = 1
"""Counts up when what is written changes: an index of another form is made again."""

FILE = "columns.sqlite"
_DAMAGED = ".damaged"
"""Ends the name of a file that says that the index couldn't be read."""
_DAMAGES = frozenset({sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_WAIT_SECONDS = 5.0
_WRITER_WAIT_SECONDS = 60.0
_TABLES = """
CREATE TABLE state (form INTEGER NOT NULL, position INTEGER NOT NULL, digest TEXT NOT NULL);
CREATE TABLE tables (
    id INTEGER PRIMARY KEY, dataset TEXT NOT NULL, version TEXT NOT NULL, resource TEXT NOT NULL,
    rows INTEGER NOT NULL, schema TEXT NOT NULL, mark TEXT NOT NULL, UNIQUE (dataset, resource)
);
CREATE TABLE columns (
    id INTEGER PRIMARY KEY, table_id INTEGER NOT NULL REFERENCES tables ON DELETE CASCADE,
    name TEXT NOT NULL, title TEXT NOT NULL, i18n TEXT NOT NULL, words TEXT NOT NULL, type TEXT NOT NULL,
    kind TEXT NOT NULL, count INTEGER NOT NULL, distincts INTEGER NOT NULL, is_exact INTEGER NOT NULL,
    is_unique INTEGER NOT NULL, is_row_number INTEGER NOT NULL, in_key INTEGER NOT NULL, is_number INTEGER NOT NULL,
    has_variants INTEGER NOT NULL, alphabet TEXT NOT NULL, shortest INTEGER NOT NULL, longest INTEGER NOT NULL,
    refers_to TEXT NOT NULL, blocks INTEGER NOT NULL, error REAL NOT NULL, is_joined INTEGER NOT NULL
);
CREATE INDEX columns_of_table ON columns (table_id);
CREATE INDEX columns_by_count ON columns (count, id);
CREATE INDEX joined_columns ON columns (alphabet, shortest, longest) WHERE is_joined;
CREATE TABLE targets (
    column_id INTEGER NOT NULL REFERENCES columns ON DELETE CASCADE, target TEXT NOT NULL,
    PRIMARY KEY (column_id, target)
) WITHOUT ROWID;
CREATE INDEX targets_by_name ON targets (target);
CREATE TABLE pages (
    column_id INTEGER NOT NULL REFERENCES columns ON DELETE CASCADE, number INTEGER NOT NULL, bits BLOB NOT NULL,
    PRIMARY KEY (column_id, number)
) WITHOUT ROWID;
CREATE TABLE samples (column_id INTEGER PRIMARY KEY REFERENCES columns ON DELETE CASCADE, hashes BLOB NOT NULL);
CREATE TABLE joins (
    column_id INTEGER NOT NULL REFERENCES columns ON DELETE CASCADE,
    other_id INTEGER NOT NULL REFERENCES columns ON DELETE CASCADE,
    share REAL NOT NULL, asked INTEGER NOT NULL, is_whole INTEGER NOT NULL,
    share_back REAL NOT NULL, asked_back INTEGER NOT NULL, is_whole_back INTEGER NOT NULL,
    is_declared INTEGER NOT NULL, PRIMARY KEY (column_id, other_id)
) WITHOUT ROWID;
CREATE INDEX joins_by_other ON joins (other_id);
"""


@dataclass(frozen=True, slots=True)
class Position:
    """Up to which event of the audit log an index has seen all, and that event's digest."""

    position: int
    digest: str


def is_damage(error: sqlite3.Error) -> bool:
    """Whether an error says that the index isn't as it was written; others may pass, such as a full disk."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGES


class ColumnIndex:
    """The index of columns of one instance, in the folder of its search index."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._damaged = folder / f"{FILE}{_DAMAGED}"

    def read_position(self) -> Position | None:
        """Up to where the index is; None without one of this form."""
        try:
            with self._open() as connection:
                return Position(*connection.execute("SELECT position, digest FROM state").fetchone())
        except (sqlite3.Error, FileNotFoundError):
            return None

    @contextlib.contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection to ask with.

        Raises `FileNotFoundError` without a finished index of this form, `sqlite3.Error` for a damaged one.
        """
        with self._open() as connection:
            if connection.execute("SELECT position FROM state").fetchone()[0] < 0:
                raise FileNotFoundError(self._folder / FILE)
            yield connection

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        path = self._folder / FILE
        if not path.exists() or self._damaged.exists():
            raise FileNotFoundError(path)
        try:
            with closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=_WAIT_SECONDS)) as connection:
                connection.execute("PRAGMA query_only = ON")
                if connection.execute("SELECT form FROM state").fetchone() != (FORM,):
                    raise FileNotFoundError(path)
                yield connection
        except sqlite3.Error as error:
            if is_damage(error):
                logger.warning("the index of columns is damaged and will be made again: %s", error)
                with contextlib.suppress(OSError):
                    self._damaged.touch()
            raise

    @contextlib.contextmanager
    def write(self) -> Iterator[ColumnWriter]:
        """Have the right to write, which a process that dies gives back. Raises `BusyIndexError`."""
        import fcntl

        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / f"{FILE}.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise BusyIndexError(self._folder) from None
            if self.read_position() is None:
                self._start()
            with closing(sqlite3.connect(self._folder / FILE, timeout=_WRITER_WAIT_SECONDS)) as connection:
                connection.execute("PRAGMA foreign_keys = ON")
                connection.execute("PRAGMA secure_delete = ON")
                connection.execute("PRAGMA synchronous = NORMAL")
                yield ColumnWriter(connection)

    def delete(self) -> None:
        """Delete the index; who has it open reads on."""
        for suffix in ("", "-journal", _DAMAGED):
            (self._folder / f"{FILE}{suffix}").unlink(missing_ok=True)

    def _start(self) -> None:
        """Begin with an empty index that has seen nothing."""
        self.delete()
        with closing(sqlite3.connect(self._folder / FILE)) as connection, connection:
            connection.executescript(_TABLES)
            connection.execute("INSERT INTO state VALUES (?, -1, '')", [FORM])


class ColumnWriter:
    """Changes an index; each call is one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def replace(
        self, dataset: str, tables: Sequence[TableEntry], sketch: Callable[[TableEntry], Iterator[ColumnSketch]]
    ) -> None:
        """Let a dataset have exactly these tables. `sketch` is asked for what changed; others keep what they have."""
        marks = self._list_marks(dataset)
        with self._connection:
            for resource, (identifier, _) in marks.items():
                if resource not in {item.resource for item in tables}:
                    self._connection.execute("DELETE FROM tables WHERE id = ?", [identifier])
            for item in tables:
                identifier, mark = marks.get(item.resource, (0, ""))
                if mark == item.mark:
                    self._connection.execute("UPDATE tables SET version = ? WHERE id = ?", [item.version, identifier])
                    continue
                self._connection.execute("DELETE FROM tables WHERE id = ?", [identifier])
                self._add(item, sketch(item))

    def list_changed(self, dataset: str, tables: Sequence[TableEntry]) -> Sequence[TableEntry]:
        """Those of its tables that `replace` will ask a sketch of."""
        marks = self._list_marks(dataset)
        return [item for item in tables if marks.get(item.resource, (0, ""))[1] != item.mark]

    def distrust(self) -> None:
        """Have every table made again, even where nothing has changed; what is there answers until then."""
        with self._connection:
            self._connection.execute("UPDATE tables SET mark = ''")

    def list_datasets(self) -> Sequence[str]:
        """The datasets that the index has tables of."""
        return [name for (name,) in self._connection.execute("SELECT DISTINCT dataset FROM tables")]

    def keep(self, position: Position) -> None:
        """Keep up to where the index is."""
        with self._connection:
            self._connection.execute("UPDATE state SET position = ?, digest = ?", [position.position, position.digest])

    def _list_marks(self, dataset: str) -> dict[str, tuple[int, str]]:
        rows = self._connection.execute("SELECT resource, id, mark FROM tables WHERE dataset = ?", [dataset])
        return {resource: (identifier, mark) for resource, identifier, mark in rows}

    def _add(self, item: TableEntry, sketches: Iterator[ColumnSketch]) -> None:
        values = [item.dataset, item.version, item.resource, item.rows, item.schema, item.mark]
        table = self._connection.execute(
            "INSERT INTO tables (dataset, version, resource, rows, schema, mark) VALUES (?, ?, ?, ?, ?, ?)", values
        ).lastrowid
        known = {column.name: column for column in item.columns}
        for found in sketches:
            self._add_column(table or 0, item, known.pop(found.facts.name), found)
        for column in known.values():  # whose values nobody looks for
            self._add_column(table or 0, item, column, ColumnSketch(Facts(name=column.name), b"", b""))
        join_table(self._connection, table or 0)

    def _add_column(self, table: int, item: TableEntry, column: ColumnEntry, found: ColumnSketch) -> None:
        facts, blocks = found.facts, len(found.bits) // BLOCK_BYTES
        judged = JoinColumn(
            place=f"{item.dataset}/{item.resource}/{column.name}",
            name=column.name,
            title=column.title,
            type=column.type,
            kind=facts.kind,
            alphabet=facts.alphabet,
            shortest=facts.shortest,
            longest=facts.longest,
            distinct=facts.distinct,
            is_unique=facts.is_unique,
            is_row_number=facts.is_row_number,
            in_key=column.in_key,
        )
        is_joined = may_be_joined(judged)
        values = {
            "table_id": table,
            "name": column.name,
            "title": column.title,
            "i18n": json.dumps(column.i18n, ensure_ascii=False),
            "words": column.words,
            "type": column.type,
            "kind": facts.kind,
            "count": facts.count,
            "distincts": facts.distinct,
            "is_exact": facts.is_exact,
            "is_unique": facts.is_unique,
            "is_row_number": facts.is_row_number,
            "in_key": column.in_key,
            "is_number": facts.is_number,
            "has_variants": facts.has_variants,
            "alphabet": facts.alphabet,
            "shortest": facts.shortest,
            "longest": facts.longest,
            "refers_to": "\n".join(column.refers_to),
            "blocks": blocks,
            "error": facts.error,
            "is_joined": is_joined,
        }
        places = ", ".join(f":{name}" for name in values)
        row = self._connection.execute(f"INSERT INTO columns ({', '.join(values)}) VALUES ({places})", values).lastrowid  # noqa: S608
        starts = range(0, len(found.bits), PAGE_BYTES)
        pages = ((row, start // PAGE_BYTES, found.bits[start : start + PAGE_BYTES]) for start in starts)
        self._connection.executemany("INSERT INTO pages VALUES (?, ?, ?)", pages)
        self._connection.executemany("INSERT INTO targets VALUES (?, ?)", [(row, name) for name in column.refers_to])
        if is_joined:
            self._connection.execute("INSERT INTO samples VALUES (?, ?)", [row, found.sample])
