"""Which columns of the index a table can be joined with, found once when the table comes in."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from struct import iter_unpack

from opendata.search.columns.filters import find_place, may_be_in
from opendata.search.columns.judging import LEAST_HITS, LEAST_SHARE, JoinColumn, are_joined, refers

_MOST = 100
"""At most this many partners of a column are kept when it comes in, those with the largest shares."""

_FIRST = 16
"""This many values are asked for first: of columns that have `LEAST_SHARE` of all, 1 in 300 has none of them."""

_DEVIATION = 1.96

_COLUMNS = """
SELECT c.id, t.dataset || '/' || t.resource || '/' || c.name, c.name, c.title, c.type, c.kind, c.alphabet, c.shortest,
    c.longest, c.distincts, c.is_unique, c.is_row_number, c.in_key, c.refers_to, c.blocks, c.error, c.table_id,
    s.hashes, p.bits
FROM columns c JOIN tables t ON t.id = c.table_id JOIN samples s ON s.column_id = c.id
    JOIN pages p ON p.column_id = c.id AND p.number = 0
"""


@dataclass(frozen=True, slots=True)
class _Column:
    """A column with what is needed to ask it and to ask about it; `page` is the first part of its filter."""

    id: int
    judged: JoinColumn
    blocks: int
    error: float
    table: int
    sample: bytes
    page: bytes


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
    for one in _list_columns(connection, "c.table_id = ?", [table]):
        found: list[tuple[float, Sequence[int | float], Sequence[int | float]]] = []
        for other in _list_candidates(connection, one):
            if not are_joined(one.judged, other.judged):
                continue
            is_declared = refers(one.judged, other.judged) or refers(other.judged, one.judged)
            # The share is larger among the values of which there are fewer: it decides.
            few, many = (one, other) if one.judged.distinct <= other.judged.distinct else (other, one)
            larger = _measure(connection, few, many)
            if not is_declared and (larger.share < LEAST_SHARE or larger.hits < LEAST_HITS):
                continue
            smaller = _measure(connection, many, few)
            there, back = (larger, smaller) if few is one else (smaller, larger)
            shares = (there.share, there.asked, there.is_whole), (back.share, back.asked, back.is_whole)
            both = (one.id, other.id, *shares[0], *shares[1], is_declared)
            found.append((larger.share, both, (other.id, one.id, *shares[1], *shares[0], is_declared)))
        found.sort(key=lambda item: item[0], reverse=True)
        rows = [row for _, *pair in found[:_MOST] for row in pair]
        connection.executemany("INSERT OR REPLACE INTO joins VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)


def measure_overlap(
    sample: bytes, distinct: int, blocks: int, error: float, find_part: Callable[[int], bytes]
) -> Overlap:
    """The part of the values of one column that another has.

    `sample` are hashes of the one's `distinct` values. The filter of the other has this number of `blocks`, and errs as
    often as `error` says. `find_part` gives its parts.
    """
    hits = asked = 0
    for (hashed,) in iter_unpack("<Q", sample):
        number, start = find_place(hashed, blocks)
        hits += may_be_in(hashed, find_part(number), start)
        asked += 1
        if asked == _FIRST and hits == 0:
            break
    share = hits / asked if asked else 0.0
    corrected = max(0.0, (share - error) / (1 - error)) if error < 1 else 0.0
    return Overlap(corrected, hits, asked, asked >= distinct)


def _measure(connection: sqlite3.Connection, one: _Column, other: _Column) -> Overlap:
    pages = {0: other.page}

    def find_part(number: int) -> bytes:
        if number not in pages:
            query = "SELECT bits FROM pages WHERE column_id = ? AND number = ?"
            pages[number] = connection.execute(query, [other.id, number]).fetchone()[0]
        return pages[number]

    return measure_overlap(one.sample, one.judged.distinct, other.blocks, other.error, find_part)


def _list_candidates(connection: sqlite3.Connection, one: _Column) -> Iterator[_Column]:
    """The columns of other tables that have values of its form, and those that a foreign key joins it with."""
    judged = one.judged
    form = """
        c.is_joined AND c.alphabet = ? AND c.shortest <= ? AND c.longest >= ? AND c.table_id <> ?
        AND (? OR c.is_unique OR (? AND c.in_key))
    """  # a part of `are_joined`, which spares reading most columns
    lengths = judged.longest, judged.shortest
    yield from _list_columns(connection, form, [judged.alphabet, *lengths, one.table, judged.is_unique, judged.in_key])
    rest = "c.alphabet <> ? AND c.table_id <> ?"
    keyed = f"{rest} AND c.id IN (SELECT column_id FROM targets WHERE target = ?)"  # noqa: S608
    yield from _list_columns(connection, keyed, [judged.alphabet, one.table, judged.place])
    for target in judged.refers_to:
        named = f"{rest} AND t.dataset = ? AND t.resource = ? AND c.name = ?"
        yield from _list_columns(connection, named, [judged.alphabet, one.table, *target.split("/", 2)])


def _list_columns(connection: sqlite3.Connection, condition: str, values: Sequence[int | str]) -> Iterator[_Column]:
    for row in connection.execute(f"{_COLUMNS} WHERE {condition}", values):
        identifier, place, name, title, kind, meant, alphabet, shortest, longest, distinct = row[:10]
        unique, numbered, in_key, targets, blocks, error, table, sample, page = row[10:]
        judged = JoinColumn(
            place=place,
            name=name,
            title=title,
            type=kind,
            kind=meant,
            alphabet=alphabet,
            shortest=shortest,
            longest=longest,
            distinct=distinct,
            is_unique=bool(unique),
            is_row_number=bool(numbered),
            in_key=bool(in_key),
            refers_to=targets.splitlines(),
        )
        yield _Column(identifier, judged, blocks, error, table, sample, page)
