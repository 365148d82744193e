"""Which column of a file is which field of a schema, told by names alone, and which schema suits a file best.

Nothing here changes a verdict: what is found is proposed to a person, who agrees or says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from opendata.domain.schema import Field, TableSchema
from opendata.tables.schema.folding import fold, is_near, list_near
from opendata.tables.schema.header import TOLERATES_EXTRA, TOLERATES_MISSING, make_distinct

NAME, TITLE, ALIAS = 1.0, 0.97, 0.94
"""How sure a label is that is one of the field's own words; what is only like it is so much less sure:"""
FOLDED, UNITLESS, NEAR = 0.9, 0.8, 0.6

_TOLERATED = 0.25
"""What a column missing or extra costs, where the schema lets it pass."""

_MOST = 16
"""A word that more fields share tells nothing; it also bounds the work for a hostile schema."""

Ref = TypeVar("Ref")


@dataclass(frozen=True, slots=True)
class Pairing:
    """A column and its field. `how`: `name`, `title`, `alias`, `folded` (another spelling) or `near` (a slip).

    `label` is as `make_distinct` gives it: that of a column without a label of its own has a number.
    """

    label: str
    field: str
    how: str
    sure: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMatch:
    """The columns of a file against the fields of a schema, each of which is in one pairing at most.

    `pairings` are in the order of the fields. `missing` fields have no column, those required first; `extra` labels
    have no field. `reordered` tells whether the columns come in another order than their fields. `score` goes from 0
    to 1: all columns there by name, none missing, none extra.
    """

    pairings: Sequence[Pairing]
    missing: Sequence[str]
    extra: Sequence[str]
    reordered: bool
    score: float

    @property
    def renamed(self) -> Sequence[Pairing]:
        """The pairings of columns that have another label than the name of their field."""
        return [pairing for pairing in self.pairings if pairing.how != "name"]

    @property
    def columns(self) -> Mapping[str, str]:
        """What to choose so that the columns are read as matched: label → field; nothing where they are right."""
        if not self.renamed and not self.reordered:
            return {}
        return {pairing.label: pairing.field for pairing in self.pairings}


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaMatch(Generic[Ref]):
    """How well a schema suits a file: `match.pairings` of the `fields` fields it has."""

    ref: Ref
    match: ColumnMatch
    fields: int

    @property
    def score(self) -> float:
        """From 0 to 1."""
        return self.match.score


def match_columns(labels: Sequence[str], schema: TableSchema) -> ColumnMatch:
    """Find the column of each field: the surest pairing first, of equals the one further to the left."""
    names = make_distinct(labels)
    index = _Index(schema.fields)
    pairs: dict[int, tuple[float, int, str]] = {}  # field → its column
    for find in (index.find_like, index.find_near):  # whatever is near is less sure than all before
        taken = {column for _, column, _ in pairs.values()}
        candidates = [
            (-sure, column, field, how)
            for column, label in enumerate(labels)
            if label and column not in taken
            for sure, field, how in find(label)
        ]
        for sure, column, field, how in sorted(candidates):
            if field not in pairs and column not in taken:
                taken.add(column)
                pairs[field] = (-sure, column, how)
        if len(pairs) == min(len(labels), len(schema.fields)):
            break
    return _describe(names, schema, pairs)


def rank_schemas(labels: Sequence[str], candidates: Iterable[tuple[Ref, TableSchema]]) -> list[SchemaMatch[Ref]]:
    """The schemas of which a file has a column at least, the best first; equals stay in their order."""
    found = [
        SchemaMatch(ref=ref, match=match_columns(labels, schema), fields=len(schema.fields))
        for ref, schema in candidates
    ]
    return sorted((item for item in found if item.match.pairings), key=lambda item: -item.score)


class _Index:
    """The fields of a schema by their words, and by what is like them."""

    def __init__(self, fields: Sequence[Field]) -> None:
        self._words = [list(_list_words(field)) for field in fields]
        self._exact = _group((word, item) for item in self._list() for word in [item[0]])
        self._cores = _group((fold(item[0]).core, item) for item in self._list())
        self._near: Mapping[str, list[_Word]] | None = None

    def find_like(self, label: str) -> Iterator[tuple[float, int, str]]:
        """The fields that a label stands for, or is another way to write."""
        for _, field, how, sure in self._exact.get(label, ()):
            yield sure, field, how
        folded = fold(label)
        for word, field, _, sure in self._cores.get(folded.core, ()):
            unit = fold(word).unit
            if word != label and (unit == folded.unit or not (unit and folded.unit)):
                yield sure * (FOLDED if unit == folded.unit else UNITLESS), field, "folded"

    def find_near(self, label: str) -> Iterator[tuple[float, int, str]]:
        """The fields that a label stands for but for a slip."""
        if self._near is None:
            self._near = _group((key, item) for item in self._list() for key in list_near(fold(item[0])))
        folded = fold(label)
        for key in list_near(folded):
            for word, field, _, sure in self._near.get(key, ()):
                if is_near(folded, fold(word)):
                    yield sure * NEAR, field, "near"

    def _list(self) -> Iterator[_Word]:
        for field, words in enumerate(self._words):
            for word, how, sure in words:
                yield word, field, how, sure


_Word = tuple[str, int, str, float]
"""A word of a field: the text, the field's place, how it is the field's, how sure that is."""


def _group(pairs: Iterable[tuple[str, _Word]]) -> Mapping[str, list[_Word]]:
    found: dict[str, list[_Word]] = {}
    for key, item in pairs:
        group = found.setdefault(key, [])
        if key and len(group) < _MOST:
            group.append(item)
    return found


def _list_words(field: Field) -> Iterator[tuple[str, str, float]]:
    """What a field may be called. Nobody has checked the shape of what is ours in it."""
    yield field.name, "name", NAME
    translated = field.own.get("i18n")
    titles: list[object] = [field.title]
    if isinstance(translated, Mapping):
        titles += [texts.get("title") for texts in translated.values() if isinstance(texts, Mapping)]
    aliases = field.own.get("aliases")
    for words, how, sure in ((titles, "title", TITLE), (aliases, "alias", ALIAS)):
        for word in words if isinstance(words, list) else ():
            if isinstance(word, str) and word.strip():
                yield word.strip(), how, sure


def _describe(names: Sequence[str], schema: TableSchema, pairs: Mapping[int, tuple[float, int, str]]) -> ColumnMatch:
    places = [pairs[field][1] for field in sorted(pairs)]
    taken = set(places)
    required = _find_required(schema)
    left = [name for field, name in enumerate(schema.names) if field not in pairs]
    missing = sorted(left, key=lambda name: name not in required)
    extra = [name for column, name in enumerate(names) if column not in taken]
    spare = sum(
        _TOLERATED if schema.fields_match in TOLERATES_MISSING and name not in required else 1 for name in missing
    ) + len(extra) * (_TOLERATED if schema.fields_match in TOLERATES_EXTRA else 1)
    whole = 2 * len(pairs) + spare
    return ColumnMatch(
        pairings=[
            Pairing(label=names[column], field=schema.names[field], how=how, sure=round(sure, 3))
            for field, (sure, column, how) in sorted(pairs.items())
        ],
        missing=missing,
        extra=extra,
        reordered=places != sorted(places),
        score=round(2 * sum(sure for sure, _, _ in pairs.values()) / whole, 3) if whole else 0.0,
    )


def _find_required(schema: TableSchema) -> frozenset[str]:
    return frozenset([*(item.name for item in schema.fields if item.is_required), *schema.primary_key])
