"""What a mirror has, as it was written: a file of SQLite beside the mirror or, for a bucket, in the instance.

    units   what is written together (a dataset; the rest of the site), of which state it was, which others it names
    files   each key with the digest and size of its bytes
    cards   what the search says of a dataset, and the number that the index knows it by

A unit is entered when all its files are in place, so after a run that was killed the next one writes the others. The
files in the mirror are listed at each run: what the journal doesn't know is deleted, and what is missing is written
again.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_TABLES = """
create table if not exists units (name text primary key, state text not null, seen integer not null);
create table if not exists mentions (unit text not null, other text not null, primary key (other, unit)) without rowid;
create index if not exists mentions_unit on mentions (unit);
create table if not exists files (key text primary key, unit text not null, sha256 text not null,
                                  bytes integer not null) without rowid;
create index if not exists files_unit on files (unit);
create table if not exists cards (unit text primary key, number integer unique not null, words text not null);
create table if not exists facts (name text primary key, value text not null);
"""
_WAIT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Written:
    """A file of the mirror."""

    key: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Unit:
    """What is written together. `states` are the states of its parts: of the versions of a dataset, by number."""

    name: str
    state: str
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def whole(self) -> str:
        """The state as the journal has it."""
        return json.dumps([self.state, dict(sorted(self.versions.items()))], separators=(",", ":"))


class Journal:
    """The journal of one mirror."""

    def __init__(self, path: Path, *, writes: bool = True) -> None:
        if writes:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(
            path if writes else f"file:{path}?mode=ro", uri=not writes, timeout=_WAIT_SECONDS
        )
        if writes:
            self._database.execute("pragma journal_mode = wal")
            self._database.executescript(_TABLES)

    def close(self) -> None:
        """Leave it."""
        self._database.close()

    def read_fact(self, name: str, default: str = "") -> str:
        """Something that was noted of the whole mirror."""
        found = self._database.execute("select value from facts where name = ?", (name,)).fetchone()
        return str(found[0]) if found else default

    def note(self, **facts: str) -> None:
        """Note something of the whole mirror."""
        with self._database:
            self._database.executemany("insert or replace into facts values (?, ?)", facts.items())

    def find_digest(self, key: str) -> str:
        """The digest of what a key holds, empty where it isn't known."""
        found = self._database.execute("select sha256 from files where key = ?", (key,)).fetchone()
        return str(found[0]) if found else ""

    def find(self, key: str) -> Written | None:
        """What a key holds, None where it isn't known."""
        found = self._database.execute(
            "select sha256, bytes from files where key = ? and sha256 <> ''", (key,)
        ).fetchone()
        return Written(key, str(found[0]), int(found[1])) if found else None

    def read_units(self) -> Mapping[str, tuple[str, int]]:
        """The state of each unit, and up to which event it was written."""
        return {name: (state, seen) for name, state, seen in self._database.execute("select * from units")}

    def list_keys(self, unit: str) -> Sequence[str]:
        """The keys of a unit."""
        return [key for (key,) in self._database.execute("select key from files where unit = ?", (unit,))]

    def list_files(self, unit: str) -> dict[str, Written]:
        """The files of a unit, by key."""
        query = "select key, sha256, bytes from files where unit = ?"
        return {row[0]: Written(*row) for row in self._database.execute(query, (unit,))}

    def list_mentioning(self, others: Iterable[str]) -> set[str]:
        """The units that name one of these."""
        query = "select unit from mentions where other = ?"
        return {unit for other in others for (unit,) in self._database.execute(query, (other,))}

    def list_stale(self, unit: str, files: Iterable[Written]) -> Sequence[str]:
        """The keys that a unit had and doesn't have any more."""
        kept = {file.key for file in files}
        return [key for key in self.list_keys(unit) if key not in kept]

    def enter(
        self, unit: Unit, seen: int, files: Iterable[Written], mentions: Iterable[str] = (), words: str = ""
    ) -> None:
        """Enter a unit that is in place, without the keys that it had before: they are deleted by then."""
        with self._database as database:
            database.execute("delete from files where unit = ?", (unit.name,))
            database.executemany(
                "insert or replace into files values (?, ?, ?, ?)",
                ((file.key, unit.name, file.sha256, file.bytes) for file in files),
            )
            database.execute("delete from mentions where unit = ?", (unit.name,))
            database.executemany(
                "insert or ignore into mentions values (?, ?)", [(unit.name, item) for item in mentions]
            )
            database.execute("insert or replace into units values (?, ?, ?)", (unit.name, unit.whole, seen))
            if words:
                database.execute("update cards set words = ? where unit = ?", (words, unit.name))

    def number(self, unit: str) -> int:
        """The number that the index of the search knows a dataset by; it stays the same as long as there is one."""
        with self._database as database:
            database.execute(
                "insert or ignore into cards select ?, coalesce(max(number), -1) + 1, '' from cards", (unit,)
            )
            return int(database.execute("select number from cards where unit = ?", (unit,)).fetchone()[0])

    def list_cards(self) -> Iterator[tuple[int, str]]:
        """The number and the words of each dataset."""
        yield from self._database.execute("select number, words from cards where words <> '' order by number")

    def count_cards(self) -> int:
        """How many datasets the search knows."""
        return int(self._database.execute("select count(*) from cards where words <> ''").fetchone()[0])

    def forget(self, keys: Iterable[str]) -> None:
        """Forget files that are gone."""
        with self._database:
            self._database.executemany("delete from files where key = ?", [(key,) for key in keys])

    def drop(self, unit: str) -> None:
        """Forget a unit, whose files are gone."""
        with self._database as database:
            for table in ("units", "cards"):
                name = "name" if table == "units" else "unit"
                database.execute(f"delete from {table} where {name} = ?", (unit,))  # noqa: S608 - our own names
            database.execute("delete from mentions where unit = ?", (unit,))

    def compare(self, present: Iterable[tuple[str, int]]) -> tuple[list[str], set[str]]:
        """The keys that are there and unknown, and the units that lack a file, whose lacking files are forgotten."""
        with self._listing() as database:
            database.executemany("insert or ignore into present values (?, ?)", present)
            unknown = [
                key
                for (key,) in database.execute(
                    "select p.key from present p left join files f on f.key = p.key where f.key is null"
                )
            ]
            lacking = list(
                database.execute(
                    "select f.key, f.unit from files f left join present p on p.key = f.key and p.bytes = f.bytes"
                    " where p.key is null"
                )
            )
        self.forget(key for key, _ in lacking)
        return unknown, {unit for _, unit in lacking}

    def doubt(self) -> None:
        """Forget what all files hold, so that they are written again; they stay known."""
        with self._database:
            self._database.execute("update files set sha256 = ''")

    def list_digests(self, *, but: str) -> Iterator[tuple[str, str]]:
        """The key and the digest of every file that isn't of this unit, in the order of keys."""
        yield from self._database.execute("select key, sha256 from files where unit <> ? order by key", (but,))

    def count(self) -> tuple[int, int]:
        """How many files the mirror has, and their bytes."""
        found = self._database.execute("select count(*), coalesce(sum(bytes), 0) from files").fetchone()
        return int(found[0]), int(found[1])

    @contextmanager
    def _listing(self) -> Iterator[sqlite3.Connection]:
        self._database.execute("create temp table if not exists present (key text primary key, bytes integer)")
        with self._database:
            yield self._database
            self._database.execute("delete from present")
        self._database.execute("drop table present")


def read_versions(state: str) -> Mapping[str, str]:
    """The states of the versions in the state of a unit."""
    try:
        found = json.loads(state)[1]
    except (ValueError, IndexError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}
