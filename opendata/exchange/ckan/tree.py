"""A search as a tree: what each node asks of a dataset. `grammar` reads it, `evaluating` says what it finds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from opendata.exchange.ckan.analysis import ANY, ONE
from opendata.exchange.ckan.faults import QueryError

MOST_CLAUSES = 500
MOST_COSTLY = 20


@dataclass(frozen=True, slots=True)
class Everything:
    """All datasets."""


@dataclass(frozen=True, slots=True)
class Match:
    """A value of a field; `*` and `?` are `ANY` and `ONE` in it."""

    field: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Alike:
    """A word of a text that differs in at most so many letters; `token` is as texts have it."""

    field: str
    token: str
    edits: int


@dataclass(frozen=True, slots=True)
class Together:
    """All words of a phrase in a field, wherever they are."""

    field: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Between:
    """A text of a field between two others, None for an open end."""

    field: str
    low: str | None
    high: str | None
    with_low: bool = True
    with_high: bool = True


@dataclass(frozen=True, slots=True)
class Within:
    """A number or moment of a field from one to another, both included, None for an open end."""

    field: str
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class Exists:
    """A field that has a value."""

    field: str


@dataclass(frozen=True, slots=True)
class Not:
    """What isn't so."""

    node: Node


@dataclass(frozen=True, slots=True)
class Both:
    """All of these."""

    nodes: Sequence[Node]


@dataclass(frozen=True, slots=True)
class Either:
    """Any of these."""

    nodes: Sequence[Node]


Node: TypeAlias = Everything | Match | Alike | Together | Between | Within | Exists | Not | Both | Either


def join(nodes: Sequence[Node]) -> Node:
    """All of several queries."""
    kept = [item for item in nodes if not isinstance(item, Everything)]
    return kept[0] if len(kept) == 1 else Both(tuple(kept)) if kept else Everything()


def require_modest(*nodes: Node) -> None:
    """Refuse what would take the index long: too many conditions, or too many that fit many words.

    Raises `QueryError`.
    """
    leaves = [item for node in nodes for item in _list_leaves(node)]
    if len(leaves) > MOST_CLAUSES:
        raise QueryError(f"Search Query is invalid: it has more than {MOST_CLAUSES} conditions")
    if sum(map(_is_costly, leaves)) > MOST_COSTLY:
        raise QueryError(f"Search Query is invalid: it has more than {MOST_COSTLY} ranges of texts or words with “*”")


def _list_leaves(node: Node) -> Iterator[Node]:
    match node:
        case Not(node=inner):
            yield from _list_leaves(inner)
        case Both(nodes=nodes) | Either(nodes=nodes):
            for item in nodes:
                yield from _list_leaves(item)
        case _:
            yield node


def _is_costly(node: Node) -> bool:
    """Whether all words of a field are looked through for it."""
    match node:
        case Match(pattern=pattern):
            return ANY in pattern or ONE in pattern
        case _:
            return isinstance(node, Between | Alike)
