"""A schema on its way into the library: the number it gets, what it changes, and who uses the one before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, select

from opendata.db.models import Dataset, SchemaUse, Version
from opendata.domain.schema import TableSchema
from opendata.domain.texts import I18n
from opendata.errors import InvalidMetadataError, NotFoundError
from opendata.metadata.identifiers import find_identifier_fault
from opendata.metadata.reasons import Reason, find_bump
from opendata.metadata.schema_changes import compare_schemas
from opendata.metadata.versions import next_version
from opendata.services.catalogue.manifests import Manifests
from opendata.services.catalogue.schemas import Schemas
from opendata.services.catalogue.version_index import list_uses
from opendata.services.core.access import where_listed
from opendata.services.core.actors import Actor, require_maintainer
from opendata.services.core.context import Context
from opendata.services.core.values import SchemaView
from opendata.tables.schema.schema import read_schema

_IS_NEWEST = and_(Version.dataset_id == Dataset.id, Version.version == Dataset.latest)
_LISTED_AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class TableUse:
    """A published table that is checked by a schema of the library: `ref` says by which version."""

    dataset: str
    title: str
    i18n: I18n
    version: str
    table: str
    ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaPlan:
    """What becomes of a schema in the library.

    `version` is the number it would get, None where the library has it already as `newest`. `bump` is the part of the
    number that is raised, `reasons` say why. `uses` are the tables that follow an earlier version of it: they stay with
    that until somebody changes them.
    """

    name: str
    version: str | None
    newest: str | None
    bump: str | None
    reasons: Sequence[Reason]
    uses: Sequence[TableUse]


class SchemaLibrary:
    """Plans and adds versions of schemas. Maintainers add; anyone may see who uses a schema."""

    def __init__(self, context: Context, manifests: Manifests, schemas: Schemas) -> None:
        self._context = context
        self._manifests = manifests
        self._schemas = schemas

    def list_uses(self, name: str) -> Sequence[TableUse]:
        """The tables of the newest versions of listed datasets that are checked by a schema, whatever its version."""
        self._schemas.get(name)
        self._list_missing()
        query = (
            select(Dataset.id, Dataset.meta, Version.version, SchemaUse.resource, SchemaUse.ref)
            .join(Version, SchemaUse.version_id == Version.id)
            .join(Dataset, _IS_NEWEST)
            .where(SchemaUse.name == name, where_listed())
            .order_by(Dataset.id, SchemaUse.id)
        )
        with self._context.read() as session:
            return [
                TableUse(
                    dataset=dataset,
                    title=meta["title"],
                    i18n=meta.get("i18n") or {},
                    version=version,
                    table=table,
                    ref=ref,
                )
                for dataset, meta, version, table, ref in session.execute(query)
            ]

    def _list_missing(self) -> None:
        """List the uses of those newest versions that an earlier release has published."""
        query = select(Version.id, Version.dataset_id, Version.version).join(Dataset, _IS_NEWEST)
        with self._context.read() as session:
            missing = session.execute(query.where(Version.are_uses_listed.is_(False), where_listed())).all()
        for start in range(0, len(missing), _LISTED_AT_ONCE):
            part = missing[start : start + _LISTED_AT_ONCE]
            found = {number: list_uses(self._manifests.get(dataset, version)) for number, dataset, version in part}
            with self._context.write() as session:
                rows = session.scalars(
                    select(Version).where(Version.id.in_(found), Version.are_uses_listed.is_(False)).with_for_update()
                )
                for row in rows:
                    row.uses, row.are_uses_listed = found[row.id], True

    def plan(self, actor: Actor | None, name: str, descriptor: Mapping[str, Any]) -> SchemaPlan:
        """What adding a schema under a name would do.

        Raises `InvalidMetadataError` for the name, `InvalidSchemaError`, `NotPermittedError`.
        """
        require_maintainer(actor)
        wrong = find_identifier_fault("/name", name)
        if wrong:
            raise InvalidMetadataError(faults=[wrong])
        schema = read_schema(descriptor)
        try:
            newest = self._schemas.get(name)
        except NotFoundError:
            return SchemaPlan(name=name, version=next_version(None, None), newest=None, bump=None, reasons=(), uses=())
        before = read_schema(newest.schema.descriptor)
        reasons = compare_schemas(name, before, TableSchema(schema.descriptor))
        bump = find_bump(reasons)
        return SchemaPlan(
            name=name,
            version=next_version(newest.version, bump) if reasons else None,
            newest=newest.version,
            bump=bump,
            reasons=reasons,
            uses=self.list_uses(name),
        )

    def add(self, actor: Actor | None, name: str, descriptor: Mapping[str, Any]) -> SchemaView:
        """Add a schema under the number that its changes make, unless the newest is the same; raises as `plan`."""
        plan = self.plan(actor, name, descriptor)
        if plan.version is None:
            return self._schemas.get(name)
        return self._schemas.add(actor, name, plan.version, descriptor)[0]
