"""Which columns of the index a table can be joined with, found once when the table comes in."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from struct import iter_unpack

from opendata.search.columns.filters import Probe, make_probe
from opendata.search.columns.judging import LEAST_HITS, LEAST_SHARE, JoinColumn, are_joined, refers

_MOST = 100
"""At most this many partners of a column are kept when it comes in, those with the largest shares."""

_FIRST = 24
"""So many values are asked for first: a column that has none of them hardly has a fifth of all."""

_DEVIATION = 1.96

_COLUMNS = """
c.id, t.dataset || '/' || t.resource || '/' || c.name, c.name, c.title, c.type, c.kind, c.alphabet, c.shortest,
c.longest, c.distincts, c.is_unique, c.is_row_number, c.in_key, c.blocks, c.error, c.table_id
"""


@dataclass(frozen=True, slots=True)
class _Column:
    """A column with what is needed to ask it and to ask about it."""

    id: int
    judged: JoinColumn
    blocks: int
    error: float
    table: int


@dataclass(frozen=True, slots=True)
class Overlap:
    """The part of a column's different values that another has too, and how many values that was estimated from."""

    share: float
    hits: int
    asked: int
    is_whole: bool


def find_margin(share: float, asked: int) -> float:
    """How far off an estimated share is at most, in 95 of 100 cases.

    Source: Wilson, Probable Inference (1927), which holds at 0 and 1 too.
    """
    square = _DEVIATION**2 / asked
    centre = (share + square / 2) / (1 + square)
    half = _DEVIATION * sqrt(share * (1 - share) / asked + square / (4 * asked)) / (1 + square)
    return max(share - (centre - half), centre + half - share)


def join_table(connection: sqlite3.Connection, table: int) -> None:
    """Write down what the columns of a table can be joined with, both ways."""
    for one in _list_columns(connection, "c.table_id = ? AND c.is_joined", [table]):
        found: list[tuple[float, tuple[int | float, ...], tuple[int | float, ...]]] = []
        probes = [*_read_sample(connection, one.id)]
        for other in _list_candidates(connection, one):
            if not are_joined(one.judged, other.judged):
                continue
            there = _measure(connection, probes, one.judged.distinct, other)
            back = _measure(connection, _read_sample(connection, other.id), other.judged.distinct, one)
            largest = max(there.share, back.share)
            is_declared = refers(one.judged, other.judged) or refers(other.judged, one.judged)
            if not is_declared and (largest < LEAST_SHARE or max(there.hits, back.hits) < LEAST_HITS):
                continue
            values = (there.share, there.asked, there.is_whole), (back.share, back.asked, back.is_whole)
            both = (one.id, other.id, *values[0], *values[1], is_declared)
            found.append((largest, both, (other.id, one.id, *values[1], *values[0], is_declared)))
        found.sort(key=lambda item: item[0], reverse=True)
        rows = [row for _, *pair in found[:_MOST] for row in pair]
        connection.executemany("INSERT OR REPLACE INTO joins VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)


def measure_overlap(
    probes: Iterable[Probe], distinct: int, blocks: int, error: float, find_page: Callable[[int], bytes]
) -> Overlap:
    """The part of the values of one column that another has.

    `probes` are the sample of the one's `distinct` values. The filter of the other has so many blocks, and `find_page`
    gives its parts.
    """
    hits = asked = 0
    for probe in probes:
        hits += probe.may_be_in(find_page(probe.find_page(blocks)), blocks)
        asked += 1
        if asked == _FIRST and hits == 0:
            break
    share = hits / asked if asked else 0.0
    corrected = max(0.0, (share - error) / (1 - error)) if error < 1 else 0.0
    return Overlap(corrected, hits, asked, asked >= distinct)


def _measure(connection: sqlite3.Connection, probes: Iterable[Probe], distinct: int, other: _Column) -> Overlap:
    pages: dict[int, bytes] = {}

    def find_page(number: int) -> bytes:
        if number not in pages:
            query = "SELECT bits FROM pages WHERE column_id = ? AND number = ?"
            pages[number] = connection.execute(query, [other.id, number]).fetchone()[0]
        return pages[number]

    return measure_overlap(probes, distinct, other.blocks, other.error, find_page)


def _list_candidates(connection: sqlite3.Connection, one: _Column) -> Iterable[_Column]:
    """The columns of other tables that have values of its form, and those that a foreign key joins it with."""
    judged = one.judged
    form = "c.is_joined AND c.alphabet = ? AND c.shortest <= ? AND c.longest >= ?"
    found = _list_columns(connection, form, [judged.alphabet, judged.longest, judged.shortest])
    keyed = "c.is_joined AND c.id IN (SELECT column_id FROM targets WHERE target = ?)"
    found += _list_columns(connection, keyed, [judged.place])
    for target in judged.refers_to:
        named = "c.is_joined AND t.dataset = ? AND t.resource = ? AND c.name = ?"
        found += _list_columns(connection, named, target.split("/", 2))
    return {other.id: other for other in found if other.table != one.table}.values()


def _list_columns(connection: sqlite3.Connection, condition: str, values: Sequence[int | str]) -> list[_Column]:
    query = f"SELECT {_COLUMNS} FROM columns c JOIN tables t ON t.id = c.table_id WHERE {condition}"  # noqa: S608
    return [_read_column(connection, row) for row in connection.execute(query, values)]


def _read_column(connection: sqlite3.Connection, row: Sequence[object]) -> _Column:
    identifier, place, name, title, kind, meant, alphabet, shortest, longest, distinct, *rest = row
    unique, numbered, in_key, blocks, error, table = rest
    targets = connection.execute("SELECT target FROM targets WHERE column_id = ?", [identifier])
    judged = JoinColumn(
        place=str(place),
        name=str(name),
        title=str(title),
        type=str(kind),
        kind=str(meant),
        alphabet=str(alphabet),
        shortest=int(shortest),  # type: ignore[call-overload]
        longest=int(longest),  # type: ignore[call-overload]
        distinct=int(distinct),  # type: ignore[call-overload]
        is_unique=bool(unique),
        is_row_number=bool(numbered),
        in_key=bool(in_key),
        refers_to=[target for (target,) in targets],
    )
    return _Column(int(identifier), judged, int(blocks), float(error), int(table))  # type: ignore[call-overload,arg-type]


def _read_sample(connection: sqlite3.Connection, column: int) -> Iterator[Probe]:
    row = connection.execute("SELECT hashes FROM samples WHERE column_id = ?", [column]).fetchone()
    for (number,) in iter_unpack("<Q", row[0] if row else b""):
        yield make_probe(number)
