"""Which schemas fit the tables of a draft, and which of their columns is which field: proposed, never applied.

Candidates are the schemas of the tables in the dataset's last version and the newest of each schema of the library.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import Draft, DraftResource, Schema
from opendata.domain.resources import TableResource
from opendata.domain.schema import TableSchema, find_own
from opendata.domain.texts import I18n
from opendata.metadata.versions import parse_version
from opendata.services.catalogue.manifests import Manifests
from opendata.services.core.actors import Actor, require_insider
from opendata.services.core.context import Context
from opendata.services.drafts.draft_view import find_draft, find_sent_table
from opendata.tables.schema.matching import ColumnMatch, rank_schemas

LEAST_SCORE = 0.5
MOST_PROPOSALS = 10
MOST_TABLES = 20
"""At most this many tables of a draft are matched with schemas at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaProposal:
    """A schema for a table, and what its columns are by it.

    `ref` is `name@version`, empty for a schema that is not of the library; `table` names the table of the last version
    that has it. `schema` is what to change the table's to, and `match.columns` the choice that belongs to it. `fields`
    counts those of the schema. `is_in_force` marks the one the table is checked by.
    """

    ref: str
    table: str
    title: str
    i18n: I18n
    schema: str | Mapping[str, Any]
    fields: int
    match: ColumnMatch
    is_in_force: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    """A schema under consideration."""

    schema: TableSchema
    ref: str = ""
    table: str = ""
    title: str = ""
    i18n: I18n = field(default_factory=dict)
    is_in_library: bool = False
    is_in_force: bool = False


class Matching:
    """Proposes schemas. All raise `NotFoundError` and `NotPermittedError`."""

    def __init__(self, context: Context, manifests: Manifests) -> None:
        self._context = context
        self._manifests = manifests

    def propose(self, actor: Actor | None, draft: str, resource: str) -> Sequence[SchemaProposal]:
        """The schemas that fit a checked table, the best first, and the one in force; none where it has no header."""
        with self._context.read() as session:
            row, found = find_sent_table(session, actor, draft, resource)
            if not _list_labels(found):
                return []
            return _rank(found, [*_list_in_force(found), *self._list_candidates(session, row)])

    def propose_all(self, actor: Actor | None, draft: str) -> Mapping[str, Sequence[SchemaProposal]]:
        """The proposals for those tables of a draft that have no schema, by their names; only where some fit."""
        with self._context.read() as session:
            row = find_draft(session, draft)
            require_insider(actor, row.dataset.publisher_id, row.dataset_id)
            bare = [item for item in row.resources if not item.schema and _list_labels(item)][:MOST_TABLES]
            candidates = self._list_candidates(session, row) if bare else []
            ranked = {item.name: _rank(item, candidates) for item in bare}
        return {name: proposals for name, proposals in ranked.items() if proposals}

    def _list_candidates(self, session: Session, row: Draft) -> Sequence[_Candidate]:
        """The schemas to choose from, those of the last version first."""
        library = _Library(session)
        latest = row.dataset.latest
        tables = self._manifests.get(row.dataset_id, latest).tables if latest else ()
        found = [_read_published(item, library.refs) for item in tables]
        known = {item.ref for item in found}
        return [*found, *(item for item in library.list_newest() if item.ref not in known)]


class _Library:
    """The schemas of the library as candidates."""

    def __init__(self, session: Session) -> None:
        self._session = session
        rows = session.execute(select(Schema.id, Schema.name, Schema.version))
        self._versions = sorted(rows, key=lambda row: parse_version(row.version) or (0, 0, 0))
        self.refs = frozenset(f"{row.name}@{row.version}" for row in self._versions)

    def list_newest(self) -> Iterator[_Candidate]:
        """The newest version of each, by name."""
        newest = {row.name: row.id for row in self._versions}
        query = select(Schema).where(Schema.id.in_(newest.values())).order_by(Schema.name)
        for row in self._session.scalars(query):
            yield _Candidate(
                schema=TableSchema(row.descriptor),
                ref=f"{row.name}@{row.version}",
                title=row.title,
                i18n=row.i18n,
                is_in_library=True,
            )


def _read_published(table: TableResource, refs: Collection[str]) -> _Candidate:
    """The schema of a table of a version, as its source had to follow it."""
    return _Candidate(
        schema=table.source_schema or table.schema,
        ref=table.schema_name,
        table=table.name,
        title=table.title or table.name,
        i18n=table.i18n,
        is_in_library=table.schema_name in refs,
    )


def _list_in_force(resource: DraftResource) -> Sequence[_Candidate]:
    if not resource.schema:
        return ()
    own = find_own(resource.schema).get("i18n")
    return [
        _Candidate(
            schema=TableSchema(resource.schema),
            ref=resource.schema_name,
            title=str(resource.schema.get("title") or resource.schema_name or resource.name),
            i18n=own if isinstance(own, Mapping) else {},
            is_in_library=bool(resource.schema_name),
            is_in_force=True,
        )
    ]


def _list_labels(resource: DraftResource) -> Sequence[str]:
    """The labels of a table that was checked, as its file has them."""
    return list((resource.report or {}).get("labels", ())) if resource.checked else []


def _rank(resource: DraftResource, candidates: Iterable[_Candidate]) -> Sequence[SchemaProposal]:
    """The candidates that fit, each schema once."""
    found: list[SchemaProposal] = []
    seen: list[str | Mapping[str, Any]] = []
    for item in rank_schemas(_list_labels(resource), [(candidate, candidate.schema) for candidate in candidates]):
        candidate = item.ref
        same = candidate.ref or candidate.schema.descriptor
        if same in seen or (item.score < LEAST_SCORE and not candidate.is_in_force):
            continue
        seen.append(same)
        found.append(
            SchemaProposal(
                ref=candidate.ref,
                table=candidate.table,
                title=candidate.title,
                i18n=candidate.i18n,
                schema=candidate.ref if candidate.is_in_library else candidate.schema.descriptor,
                fields=item.fields,
                match=item.match,
                is_in_force=candidate.is_in_force,
            )
        )
    kept = found[:MOST_PROPOSALS]
    return [*kept, *(item for item in found[MOST_PROPOSALS:] if item.is_in_force)]
