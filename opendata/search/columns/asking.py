"""Asking the index of columns: by name and kind, by a value, by a table to join with."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from opendata.search.columns.entries import FoundColumn, FoundJoin
from opendata.search.columns.filters import BLOCK_BYTES, PAGE_BLOCKS, may_be_in
from opendata.search.columns.sketches import hash_text
from opendata.search.columns.texts import LONGEST, write_key
from opendata.search.folding import fold

_COLUMNS = """
{0}.id, {1}.dataset, {1}.version, {1}.resource, {1}.rows, {1}.schema, {0}.name, {0}.title, {0}.i18n, {0}.type,
{0}.kind, {0}.count, {0}.distincts, {0}.is_exact, {0}.has_variants, {0}.is_number
"""
_OF_COLUMN = _COLUMNS.format("c", "t")
_WIDTH = 16
MOST_PROBED = 100_000
"""The filters of at most this many columns are asked for one answer: a third of a second of one core."""

_PLAIN = "((CASE c.is_number WHEN 1 THEN :number ELSE :plain END * c.blocks) >> 32)"
_VARIED = "((:varied * c.blocks) >> 32)"
_CANDIDATES = f"""
SELECT c.id, c.count, c.is_number,
    substr(p.bits, 1 + {_PLAIN} % {PAGE_BLOCKS} * {BLOCK_BYTES}, {BLOCK_BYTES}),
    substr(q.bits, 1 + {_VARIED} % {PAGE_BLOCKS} * {BLOCK_BYTES}, {BLOCK_BYTES})
FROM columns c INDEXED BY columns_by_count
    JOIN pages p ON p.column_id = c.id AND p.number = {_PLAIN} / {PAGE_BLOCKS}
    LEFT JOIN pages q ON c.has_variants AND q.column_id = c.id AND q.number = {_VARIED} / {PAGE_BLOCKS}
WHERE (c.count, c.id) > (:count, :id)
    AND CASE c.is_number WHEN 1 THEN :digits ELSE :length END BETWEEN c.shortest AND c.longest
ORDER BY c.count, c.id
"""  # noqa: S608
"""Each column that a value may fit, with the blocks of its hashes; `find_place` says the same in Python."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnSearch:
    """Which columns are asked for: all that is given must be true of one.

    `words` must all be in its names. `schema` is `name` or `name@version` of the library. `refers_to` is the
    column that a foreign key names, as `dataset/resource/column`, or the beginning of that.
    """

    words: str = ""
    kind: str = ""
    type: str = ""
    schema: str = ""
    refers_to: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A value that is looked for: its folded text, and what it is among numbers (None: it isn't one)."""

    text: str
    number: str | None


def read_wanted(value: str) -> Wanted | None:
    """A value as it is looked for; None where nothing is left of it, or it is longer than any that is found."""
    text = fold(value.strip())
    return Wanted(text, write_key(value)) if 0 < len(text) <= LONGEST else None


def find_columns(connection: sqlite3.Connection, search: ColumnSearch, after: int, limit: int) -> Sequence[FoundColumn]:
    """Columns in the order in which the index has them, those after the column `after`."""
    conditions, values = ["c.id > ?"], [after]  # type: tuple[list[str], list[str | int]]
    for word in fold(search.words).split():
        conditions.append("instr(c.words, ?)")
        values.append(word)
    for name, value in (("kind", search.kind), ("type", search.type)):
        if value:
            conditions.append(f"c.{name} = ?")
            values.append(value)
    if search.schema:
        name, _, version = search.schema.partition("@")
        conditions.append("t.schema = ?" if version else "t.schema >= ? || '@' AND t.schema < ? || 'A'")
        values += [search.schema] if version else [name, name]
    if search.refers_to:
        conditions.append("c.id IN (SELECT column_id FROM targets WHERE target = ? OR target LIKE ? ESCAPE '\\')")
        beginning = search.refers_to.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        values += [search.refers_to, f"{beginning}/%"]
    query = f"""
        SELECT {_OF_COLUMN} FROM columns c JOIN tables t ON t.id = c.table_id
        WHERE {" AND ".join(conditions)} ORDER BY c.id LIMIT ?
    """  # noqa: S608
    return [_read_column(row) for row in connection.execute(query, [*values, limit])]


def find_candidates(
    connection: sqlite3.Connection, wanted: Wanted, after: tuple[int, int]
) -> Iterator[FoundColumn | tuple[int, int]]:
    """The columns that may have a value, those with few values first, after the column with this count and id.

    After `MOST_PROBED` columns it ends with the place of the last one.
    """
    plain, varied = hash_text(wanted.text), hash_text(wanted.text, folded=True)
    number = hash_text(wanted.number) if wanted.number is not None else 0
    before = after
    values = {
        "count": after[0],
        "id": after[1],
        "length": len(wanted.text),
        "digits": len(wanted.number) if wanted.number is not None else -1,
        "plain": plain >> 32,
        "varied": varied >> 32,
        "number": number >> 32,
    }
    for probed, (identifier, count, is_number, block, other) in enumerate(connection.execute(_CANDIDATES, values)):
        if probed == MOST_PROBED:
            yield before
            return
        before = count, identifier
        hashed = number if is_number else plain
        if may_be_in(hashed, block) or (other is not None and may_be_in(varied, other)):
            query = f"SELECT {_OF_COLUMN} FROM columns c JOIN tables t ON t.id = c.table_id WHERE c.id = ?"  # noqa: S608
            yield _read_column(connection.execute(query, [identifier]).fetchone())


def has_table(connection: sqlite3.Connection, dataset: str, version: str, resource: str) -> bool:
    """Whether the index has a table of just this version."""
    query = "SELECT 1 FROM tables WHERE dataset = ? AND version = ? AND resource = ?"
    return connection.execute(query, [dataset, version, resource]).fetchone() is not None


def find_joins(connection: sqlite3.Connection, dataset: str, resource: str) -> Iterator[FoundJoin]:
    """What a table can be joined with, the largest shares of its own values first."""
    query = f"""
        SELECT {_OF_COLUMN}, {_COLUMNS.format("o", "u")}, c.is_unique, o.is_unique, j.share, j.asked, j.is_whole,
            j.share_back, j.asked_back, j.is_whole_back, j.is_declared
        FROM tables t JOIN columns c ON c.table_id = t.id JOIN joins j ON j.column_id = c.id
            JOIN columns o ON o.id = j.other_id JOIN tables u ON u.id = o.table_id
        WHERE t.dataset = ? AND t.resource = ?
        ORDER BY j.is_declared DESC, j.share DESC, j.share_back DESC, u.dataset, u.resource, o.id, c.id
    """  # noqa: S608
    for row in connection.execute(query, [dataset, resource]):
        unique, unique_back, share, asked, whole, back, asked_back, whole_back, declared = row[2 * _WIDTH :]
        yield FoundJoin(
            column=_read_column(row),
            is_unique=bool(unique),
            share=share,
            asked=asked,
            is_whole=bool(whole),
            other=_read_column(row[_WIDTH:]),
            other_is_unique=bool(unique_back),
            share_back=back,
            asked_back=asked_back,
            is_whole_back=bool(whole_back),
            is_declared=bool(declared),
        )


def _read_column(row: Sequence[object]) -> FoundColumn:
    found = row[:_WIDTH]
    names = [name for name in FoundColumn.__slots__]  # noqa: C416
    values = dict(zip(names, found, strict=True))
    values["i18n"] = json.loads(str(values["i18n"]))
    for name in ("is_exact", "has_variants", "is_number"):
        values[name] = bool(values[name])
    return FoundColumn(**values)  # type: ignore[arg-type]
