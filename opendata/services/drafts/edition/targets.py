"""Which published table a file is the next edition of, told by its columns and its name.

In, the labels of a file “2026年10月人口.xlsx”, and the tables of the version before with their last files' names
Out, the table whose columns fit, each column with its field; of several that fit, the one that is named like the file
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from opendata.domain.resources import TableResource
from opendata.domain.schema import TableSchema
from opendata.tables.schema.matching import ColumnMatch, match_columns

FITS = 0.75
"""From this share (0..1) of its columns on a file fits a table."""

FITS_NAMED = 0.5
"""From this share (0..1) on it fits one that has its name."""

_SURE = ("name", "title", "alias", "folded")
"""How a column is told without a doubt: see `Pairing.how`."""

_MARKS = re.compile(
    r"\d+\s*年度?|\d+\s*月份?|\d+\s*[日号]|第?[一二三四1-4]季度?|[上下]半年"
    r"|(?<![a-z])(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)(?![a-z])"
    r"|(?<![a-z])(?:v|ver|version|rev|q|h)[\s._-]?\d+"
    r"|(?<![a-z])(?:final|copy|new|draft|latest|updated|corrected)(?![a-z])"
    r"|最终版?|定稿|终稿|修订版?|更正版?|更新版?|新版|副本|版本?\d*|\d+"
)
"""Dates, numbers and version marks in the name of a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A published table and the names it goes by: its own, its title, those of its earlier files."""

    table: TableResource
    names: Collection[str] = ()

    @property
    def schema(self) -> TableSchema:
        """What a file of the table must follow."""
        return self.table.source_schema or self.table.schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The table found. `columns` says which column is which field, where names differ: label → field.

    `guessed` are those of them that are no more than likely. `rivals` are tables that fit as well, `taken` is one that
    fits and that another file of the draft is for.
    """

    table: TableResource | None
    matched: int = 0
    named: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)
    guessed: Collection[str] = ()
    rivals: Sequence[str] = ()
    taken: str = ""


def find_target(labels: Sequence[str], names: Iterable[str], candidates: Sequence[Candidate]) -> Target:
    """The table that a file is an edition of; one that isn't there where none fits, or several fit equally."""
    words = {word for name in names if (word := strip_marks(name))}
    fitting: list[tuple[int, float, Candidate, ColumnMatch]] = []
    for item in candidates:
        match = match_columns(labels, item.schema)
        named = len(words & {strip_marks(name) for name in item.names})
        share = len(match.pairings) / max(len(labels), len(item.schema.fields), 1)
        if share >= (FITS_NAMED if named else FITS):
            fitting.append((named, match.score, item, match))
    fitting.sort(key=lambda found: (found[0], found[1]), reverse=True)
    if not fitting:
        return Target(table=None)
    named, score, best, match = fitting[0]
    rivals = [item.table.name for also, other, item, _ in fitting[1:] if (also, other) == (named, score)]
    if rivals:
        return Target(table=None, rivals=[best.table.name, *rivals])
    return _describe(best, match, named=named > 0)


def strip_marks(name: str) -> str:
    """The name of a file or a table without dates, numbers, version marks, and what stands between them."""
    stem = name.replace("\\", "/").rsplit("/", 1)[-1]
    stem = re.sub(r"\.[a-z0-9]{1,7}$", "", unicodedata.normalize("NFKC", stem).casefold())
    bare = _MARKS.sub(" ", stem)
    return "".join(char for char in bare if unicodedata.category(char)[0] in "LM")


def _describe(best: Candidate, match: ColumnMatch, *, named: bool) -> Target:
    renamed = {item.label: item.field for item in match.renamed}
    guessed = [item.label for item in match.renamed if item.how not in _SURE]
    columns = dict(match.columns)
    if len(match.missing) == 1 and len(match.extra) == 1:  # what is left over on both sides is one column, renamed
        columns = {**{item.label: item.field for item in match.pairings}, match.extra[0]: match.missing[0]}
        renamed[match.extra[0]] = match.missing[0]
        guessed.append(match.extra[0])
    return Target(
        table=best.table,
        matched=len(match.pairings),
        named=named,
        columns=columns,
        renamed=renamed,
        guessed=guessed,
    )
