"""A schema on its way into the library: the number it gets, what it changes, and who uses the one before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from opendata.db.models import Dataset
from opendata.domain.schema import TableSchema
from opendata.domain.texts import I18n
from opendata.errors import InvalidMetadataError, NotFoundError
from opendata.metadata.identifiers import find_identifier_fault
from opendata.metadata.reasons import Reason, find_bump
from opendata.metadata.schema_changes import compare_schemas
from opendata.metadata.versions import next_version
from opendata.services.catalogue.manifests import Manifests
from opendata.services.catalogue.schemas import Schemas
from opendata.services.core.access import is_listed
from opendata.services.core.actors import Actor, require_maintainer
from opendata.services.core.context import Context
from opendata.services.core.values import SchemaView
from opendata.tables.schema.schema import read_schema


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaUse:
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
    uses: Sequence[SchemaUse]


class SchemaLibrary:
    """Plans and adds versions of schemas. Maintainers add; anyone may see who uses a schema."""

    def __init__(self, context: Context, manifests: Manifests, schemas: Schemas) -> None:
        self._context = context
        self._manifests = manifests
        self._schemas = schemas

    def list_uses(self, name: str) -> Sequence[SchemaUse]:
        """The tables of the newest versions of listed datasets that are checked by a schema, whatever its version."""
        self._schemas.get(name)
        with self._context.read() as session:
            rows = session.scalars(select(Dataset).where(Dataset.latest.is_not(None)).order_by(Dataset.id))
            datasets = [(row.id, row.meta, str(row.latest)) for row in rows if is_listed(row)]
        found = []
        for dataset, meta, version in datasets:
            for table in self._manifests.get(dataset, version).tables:
                if table.schema_name.partition("@")[0] == name:
                    found.append(
                        SchemaUse(
                            dataset=dataset,
                            title=meta["title"],
                            i18n=meta.get("i18n") or {},
                            version=version,
                            table=table.name,
                            ref=table.schema_name,
                        )
                    )
        return found

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
