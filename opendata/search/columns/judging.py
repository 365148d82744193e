"""Which columns may be joined sensibly: by the form of their values, how many there are, and what they are called.

Numbers of things, days, years, yes and no, and row numbers have values in common by chance: they are left out. So are
two columns that both repeat their values, unless both are part of a key. Short codes (“01”) say too
little: they are joined only where the columns have the same name, or a foreign key says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opendata.tables.schema.folding import fold

_UNFIT_KINDS = frozenset({"date", "datetime", "month", "year", "longitude", "latitude"})
_FIT_TYPES = frozenset({"string", "integer", "any"})
_LEAST_DISTINCT = 3
_LONGEST = 100
"""Longer texts are sentences."""
_TELLING_CODE = 4
"""A code of at least this many characters is specific enough to be joined by its values alone."""
_TELLING_NAME = 2
_SAYS_NOTHING = frozenset(
    [
        *("代码", "编码", "编号", "号码", "名称", "序号", "项目", "类型", "类别", "标题", "说明"),
        *("id", "code", "name", "number", "no", "type", "kind", "class", "key", "title", "item", "label", "value"),
    ]
)
"""Names that columns of any subject have."""

LEAST_SHARE = 0.3
"""At least this part of the values of one of the two must be in the other."""
LEAST_HITS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinColumn:
    """What is looked at of a column; lengths are in characters. `place` is `dataset/resource/name`."""

    place: str
    name: str
    title: str
    type: str
    kind: str
    alphabet: str
    shortest: int
    longest: int
    distinct: int
    is_unique: bool
    is_row_number: bool
    in_key: bool
    refers_to: Sequence[str] = ()


def may_be_joined(column: JoinColumn) -> bool:
    """Whether a column has values that others may refer to at all."""
    return (
        column.type in _FIT_TYPES
        and column.kind not in _UNFIT_KINDS
        and column.distinct >= _LEAST_DISTINCT
        and column.longest <= _LONGEST
    )


def are_joined(one: JoinColumn, other: JoinColumn) -> bool:
    """Whether joining two columns by their values makes sense, if they have values in common."""
    if refers(one, other) or refers(other, one):
        return True
    if one.alphabet != other.alphabet or one.longest < other.shortest or other.longest < one.shortest:
        return False
    if not (one.is_unique or other.is_unique or (one.in_key and other.in_key)):
        return False
    if "integer" in (one.type, other.type) and not (one.in_key or other.in_key):
        return False
    return (_is_telling(one) and _is_telling(other)) or _have_same_name(one, other)


def refers(one: JoinColumn, other: JoinColumn) -> bool:
    """Whether a foreign key of one column names the other."""
    return other.place in one.refers_to


def _is_telling(column: JoinColumn) -> bool:
    if column.alphabet == "other":
        return column.longest >= _TELLING_NAME
    return column.shortest >= _TELLING_CODE and not column.is_row_number


def _have_same_name(one: JoinColumn, other: JoinColumn) -> bool:
    pairs = ((one.title, other.title), (one.name, other.name))
    return any(_fold(first) == _fold(second) != "" for first, second in pairs if first and second)


def _fold(name: str) -> str:
    core = fold(name).core
    return "" if core in _SAYS_NOTHING else core
