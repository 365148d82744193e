"""What the index of columns has of a table, beside the sketches of its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnEntry:
    """A column by its schema: `words` are its names, folded; `refers_to` the columns that its foreign keys name.

    A target is `dataset/resource/column`. `in_key` says that it is part of the primary key.
    """

    name: str
    type: str
    title: str = ""
    i18n: Mapping[str, Any] = field(default_factory=dict)
    words: str = ""
    in_key: bool = False
    refers_to: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TableEntry:
    """A table of the newest version of a dataset. `schema` is `name@version` of the library, where it has one.

    `mark` changes whenever anything else of it does, but for the version.
    """

    dataset: str
    version: str
    resource: str
    rows: int
    schema: str
    mark: str
    columns: Sequence[ColumnEntry]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundColumn:
    """A column that the index has: where it is, and what is known of its values."""

    id: int
    dataset: str
    version: str
    resource: str
    rows: int
    schema: str
    name: str
    title: str
    i18n: Mapping[str, Any]
    type: str
    kind: str
    count: int
    distinct: int
    is_exact: bool
    has_variants: bool
    is_number: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundJoin:
    """A column of the table asked about, and one of another table that has its values.

    `share` is the part of its different values that the other column has too, `share_back` the other way round.
    `asked` and `asked_back` are how many values that was estimated from; `is_whole` says that those were all of them.
    """

    column: FoundColumn
    is_unique: bool
    share: float
    asked: int
    is_whole: bool
    other: FoundColumn
    other_is_unique: bool
    share_back: float
    asked_back: int
    is_whole_back: bool
    is_declared: bool
