"""The schema of a draft's table on the workbench: begun, kept while it is edited, undone, compared, saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from opendata.db.models import Draft, DraftResource
from opendata.domain.drafts import CHANGE, ENDED
from opendata.domain.schema import TableSchema
from opendata.errors import N_, Fault, InvalidSchemaError, NotFoundError, StateError
from opendata.metadata.reasons import Reason
from opendata.metadata.schema_changes import compare_schemas
from opendata.recipes.recipe import describe_recipe
from opendata.services.catalogue.manifests import Manifests
from opendata.services.catalogue.schemas import find_schema
from opendata.services.core.actors import Actor
from opendata.services.core.context import Context
from opendata.services.core.values import DraftView
from opendata.services.drafts.draft_view import find_sent_table, is_at_work
from opendata.services.drafts.drafts import Drafts
from opendata.services.workbench.columns import arrange, find_sources, list_labels, said_columns
from opendata.services.workbench.states import (
    BenchState,
    find_faults,
    keep_state,
    move,
    place_sources,
    read_history,
)
from opendata.tables.schema.origins import drop_marks
from opendata.tables.schema.schema import PROFILE, publish_schema, read_schema


class Origin(StrEnum):
    """What a schema may begin as."""

    IN_FORCE = "force"
    PROPOSAL = "proposal"
    LAST = "last"
    LIBRARY = "library"
    COLUMNS = "columns"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """The workbench of a table.

    `labels` are those of its columns, distinct; none for a table without a header. `faults` are those of the schema.
    `origins` are what it may begin as, `is_saved` says that the table is checked by this schema. `last` is the schema
    of the version before, `reasons` is what differs from it (None: the schema can't be compared).
    """

    draft: str
    dataset: str
    resource: str
    title: str
    revision: int
    state: BenchState
    labels: Sequence[str]
    faults: Sequence[Fault]
    undo: int
    redo: int
    origins: Sequence[Origin]
    is_saved: bool
    can_save: bool
    can_count: bool
    last: TableSchema | None
    reasons: Sequence[Reason] | None


class Workbench:
    """Edits schemas. All raise `NotFoundError` and `NotPermittedError`, and `StateError` for a draft that has ended."""

    def __init__(self, context: Context, manifests: Manifests, drafts: Drafts) -> None:
        self._context = context
        self._manifests = manifests
        self._drafts = drafts

    def show(self, actor: Actor | None, draft: str, resource: str) -> Bench:
        """The workbench as it was left; at first with the schema in force, or what fits the table best."""
        with self._context.read() as session:
            row, found = self._find(session, actor, draft, resource)
            return self._view(row, found)

    def keep(self, actor: Actor | None, draft: str, resource: str, state: BenchState) -> Bench:
        """Keep what was typed, right or wrong. Raises `InvalidMetadataError` for too much of it."""
        return self._change(actor, draft, resource, lambda row, _: keep_state(row, resource, state))

    def undo(self, actor: Actor | None, draft: str, resource: str) -> Bench:
        """Go back to the state before."""
        return self._change(actor, draft, resource, lambda row, _: move(row, resource, -1))

    def redo(self, actor: Actor | None, draft: str, resource: str) -> Bench:
        """Go on to the state that was undone."""
        return self._change(actor, draft, resource, lambda row, _: move(row, resource, 1))

    def start(self, actor: Actor | None, draft: str, resource: str, origin: Origin, ref: str = "") -> Bench:
        """Begin again; what was there can be undone. `ref` names the schema of the library.

        Raises `NotFoundError` where there is no such schema to begin with.
        """

        def change(row: Draft, found: DraftResource) -> None:
            state = self._begin(row, found, origin, ref)
            if state is None:
                raise NotFoundError(N_("There is no such schema to start from"))
            keep_state(row, resource, state)

        return self._change(actor, draft, resource, change)

    def adopt(self, actor: Actor | None, draft: str, resource: str, schema: Mapping[str, Any]) -> Bench:
        """Take over a schema from elsewhere, such as a workbook."""

        def change(row: Draft, found: DraftResource) -> None:
            keep_state(row, resource, _state_of(schema, found))

        return self._change(actor, draft, resource, change)

    def save(
        self,
        actor: Actor | None,
        draft: str,
        resource: str,
        *,
        for_next: bool = False,
        revision: int | None = None,
    ) -> DraftView:
        """Check the table again by the schema; `for_next`: and the next files of this table too.

        Raises `InvalidSchemaError` where it is wrong, and as `Drafts.change_resource`.
        """
        with self._context.read() as session:
            row, found = self._find(session, actor, draft, resource)
            bench = self._view(row, found)
            given = self._name(session, bench.state)
            session.expunge_all()
        if bench.faults:
            raise InvalidSchemaError(N_("The schema doesn't follow Table Schema"), faults=bench.faults)
        changes: dict[str, Any] = {"schema": given}
        if for_next:
            changes["for_next"] = True
        arranged = arrange(found, bench.state)
        if arranged.columns != said_columns(found):
            changes["choices"] = {**_without_notes(found.choices or {}), "columns": arranged.columns}
        if arranged.added:
            changes["recipe"] = describe_recipe(arranged.whole)
        return self._drafts.change_resource(actor, draft, resource, changes, revision=revision)

    def _change(
        self, actor: Actor | None, draft: str, resource: str, change: Callable[[Draft, DraftResource], None]
    ) -> Bench:
        with self._context.write() as session:
            row, found = self._find(session, actor, draft, resource, lock=True)
            if not any(item.resource == resource for item in row.benches):  # so that the first change can be undone
                keep_state(row, resource, self._view(row, found).state)
            change(row, found)
            session.flush()
            return self._view(row, found)

    def _find(
        self, session: Session, actor: Actor | None, draft: str, resource: str, *, lock: bool = False
    ) -> tuple[Draft, DraftResource]:
        row, found = find_sent_table(session, actor, draft, resource, lock=lock)
        if row.status in ENDED:
            raise StateError(N_("This draft has ended. Its schemas can't be edited any more"))
        return row, found

    def _view(self, row: Draft, found: DraftResource) -> Bench:
        history = read_history(row, found.name)
        labels = list_labels(found)
        state = find_sources(history.state or self._begin_best(row, found), labels)
        faults = find_faults(state.schema)
        last = self._find_last(row, found.name)
        arranged = arrange(found, state)
        is_in_force = _is_same(state.schema, found.schema) and arranged.columns == said_columns(found)
        return Bench(
            draft=row.id,
            dataset=row.dataset_id,
            resource=found.name,
            title=found.called,
            revision=row.revision,
            state=state,
            labels=labels,
            faults=faults,
            undo=history.undo,
            redo=history.redo,
            origins=[item for item in Origin if item == Origin.LIBRARY or self._begin(row, found, item) is not None],
            is_saved=is_in_force and not arranged.added,
            can_save=row.status in CHANGE.sources and not is_at_work(row.wanted, row.error),
            can_count=found.checked and found.engine_dialect is not None,
            last=last,
            reasons=None if faults or last is None else compare_with(found.name, last, state.schema),
        )

    def _begin_best(self, row: Draft, found: DraftResource) -> BenchState:
        """What a workbench begins as."""
        for origin in (Origin.IN_FORCE, Origin.PROPOSAL, Origin.COLUMNS):
            state = self._begin(row, found, origin)
            if state is not None:
                return state
        return BenchState(schema={"$schema": PROFILE, "fields": []})

    def _begin(self, row: Draft, found: DraftResource, origin: Origin, ref: str = "") -> BenchState | None:
        match origin:
            case Origin.IN_FORCE:
                return _state_of(found.schema, found, found.schema_name) if found.schema else None
            case Origin.PROPOSAL:
                return _state_of(found.proposed_schema, found) if found.proposed_schema else None
            case Origin.LAST:
                table = self._find_table(row, found.name)
                if table is None:
                    return None
                return _state_of((table.source_schema or table.schema).descriptor, found, table.schema_name)
            case Origin.LIBRARY:
                return self._begin_from_library(found, ref) if ref else None
            case Origin.COLUMNS:
                labels = list_labels(found)
                fields = [{"name": label, "type": "string"} for label in labels]
                return BenchState(schema={"$schema": PROFILE, "fields": fields}, sources=labels) if labels else None

    def _begin_from_library(self, found: DraftResource, ref: str) -> BenchState:
        name, _, version = ref.partition("@")
        with self._context.read() as session:
            schema = find_schema(session, name, version or None)
            return _state_of(schema.descriptor, found, f"{schema.name}@{schema.version}")

    def _name(self, session: Session, state: BenchState) -> str | Mapping[str, Any]:
        """The schema to change to: by its name in the library while it is the one there."""
        name, _, version = state.ref.partition("@")
        if version:
            try:
                if _is_same(find_schema(session, name, version).descriptor, state.schema):
                    return state.ref
            except NotFoundError:
                pass
        return state.schema

    def _find_table(self, row: Draft, name: str) -> Any:
        if not row.base:
            return None
        return next((item for item in self._manifests.get(row.dataset_id, row.base).tables if item.name == name), None)

    def _find_last(self, row: Draft, name: str) -> TableSchema | None:
        table = self._find_table(row, name)
        return table.schema if table is not None else None


def compare_with(resource: str, last: TableSchema, schema: Mapping[str, Any]) -> Sequence[Reason]:
    """What a schema without faults changes for the readers of the version before."""
    return compare_schemas(resource, last, TableSchema(publish_schema(read_schema(schema))))


def _state_of(schema: Mapping[str, Any], found: DraftResource, ref: str = "") -> BenchState:
    plain = drop_marks(schema)  # what a person saves here is declared
    sources = place_sources(plain, list_labels(found), said_columns(found))
    return BenchState(schema=plain, sources=sources, ref=ref)


def _without_notes(choices: Mapping[str, Any]) -> dict[str, Any]:
    """The choices of a draft's row without what isn't about reading."""
    return {name: value for name, value in choices.items() if name != "noRows"}


def _is_same(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> bool:
    return one is not None and other is not None and _spell(one) == _spell(other)


def _spell(schema: Mapping[str, Any]) -> Mapping[str, Any] | None:
    try:
        return read_schema(drop_marks(schema)).descriptor
    except InvalidSchemaError:
        return schema
