"""The library of Table Schemas: named, versioned, immutable."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import Schema
from opendata.domain.schema import TableSchema
from opendata.errors import (
    N_,
    IntegrityError,
    InvalidMetadataError,
    InvalidSchemaError,
    NotFoundError,
    StateError,
    fault,
)
from opendata.metadata.canonical import write_canonical
from opendata.metadata.identifiers import find_identifier_fault
from opendata.metadata.text import find_value_faults
from opendata.metadata.versions import parse_version
from opendata.services.core.actors import Actor, require_maintainer
from opendata.services.core.context import Context
from opendata.services.core.once import Once, create_once
from opendata.services.core.paging import DEFAULT_LIMIT, read_cursor, write_cursor
from opendata.services.core.records import keep_record
from opendata.services.core.values import Page, SchemaView
from opendata.storage.store import schema_key
from opendata.tables.schema.schema import read_schema
from opendata.wording.parser_faults import explain_json


class Schemas:
    """Adding schemas to the library and reading them."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(self, *, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> Page[SchemaView]:
        """The newest version of each schema, by name."""
        after = read_cursor(cursor) or ""
        with self._context.read() as session:
            names = list(
                session.scalars(
                    select(Schema.name).where(Schema.name > after).distinct().order_by(Schema.name).limit(limit + 1)
                )
            )
            rows = list(session.scalars(select(Schema).where(Schema.name.in_(names[:limit]))))
        newest: dict[str, Schema] = {}
        for row in sorted(rows, key=lambda row: parse_version(row.version) or (0, 0, 0)):
            newest[row.name] = row
        items = [view_schema(newest[name]) for name in names[:limit]]
        return Page(items, write_cursor(names[limit - 1]) if len(names) > limit else None)

    def get(self, name: str, version: str | None = None) -> SchemaView:
        """A schema by name, the newest version if `version` is None. Raises `NotFoundError`."""
        with self._context.read() as session:
            return view_schema(find_schema(session, name, version))

    def list_versions(self, name: str) -> tuple[str, ...]:
        """The versions of a schema, newest first."""
        if find_identifier_fault("", name):
            return ()
        with self._context.read() as session:
            found = session.scalars(select(Schema.version).where(Schema.name == name))
            return tuple(sorted(found, key=lambda text: parse_version(text) or (0, 0, 0), reverse=True))

    def list_history(self, name: str) -> Sequence[SchemaView]:
        """The versions of a schema as they are, newest first. Raises `NotFoundError`."""
        with self._context.read() as session:
            find_schema(session, name)
            rows = session.scalars(select(Schema).where(Schema.name == name))
            return sorted(
                map(view_schema, rows), key=lambda item: parse_version(item.version) or (0, 0, 0), reverse=True
            )

    def resolve(self, ref: str) -> SchemaView:
        """A schema by `name` or `name@version`. Raises `NotFoundError`."""
        name, _, version = ref.partition("@")
        return self.get(name, version or None)

    def add(
        self, actor: Actor | None, name: str, version: str, descriptor: Mapping[str, Any], *, once: Once | None = None
    ) -> tuple[SchemaView, bool]:
        """Add a version of a schema; the same again changes nothing. Return it and whether it is new.

        Raises `InvalidSchemaError`, `InvalidMetadataError` for name or number, `StateError` for another of that number.
        """
        found_actor = require_maintainer(actor)
        faults = [find_identifier_fault("/name", name)]
        if parse_version(version) is None:
            faults.append(fault("/version", N_("A version number must look like 1.2.3")))
        wrong = [item for item in faults if item]
        if wrong:
            raise InvalidMetadataError(faults=wrong)
        wrong = list(find_value_faults(descriptor))
        if wrong:
            raise InvalidSchemaError(faults=wrong)
        read_schema(descriptor)
        new = False

        def create(session: Session) -> str:
            nonlocal new
            self._record(name, version, descriptor)
            new = session.scalar(select(Schema.id).where(Schema.name == name, Schema.version == version)) is None
            if not new:
                return f"{name}@{version}"
            session.add(index_schema(name, version, descriptor, self._context.now()))
            self._context.log(session, found_actor, "create", "schema", f"{name}@{version}")
            return f"{name}@{version}"

        ref, created = create_once(self._context, found_actor, once, create)
        return self.resolve(ref), created and new

    def _record(self, name: str, version: str, descriptor: Mapping[str, Any]) -> None:
        """Write the schema into the store, which always keeps the first schema under a number."""
        try:
            keep_record(self._context, schema_key(name, version), write_canonical(descriptor))
        except IntegrityError:
            raise StateError(
                N_("The schema %(name)s@%(version)s already exists with different rules. Use a new version number"),
                name=name,
                version=version,
            ) from None

    def load_folder(self, actor: Actor, folder: Path) -> int:
        """Add every `{name}/{version}/schema.json` below a folder; return how many were new."""
        new = 0
        for path in sorted(folder.glob("*/*/schema.json")):
            try:
                descriptor = json.loads(path.read_text(encoding="utf-8"))
            except (ValueError, RecursionError) as error:
                raise InvalidSchemaError(
                    N_("“%(path)s” isn't valid JSON: %(reason)s"), path=path, reason=explain_json(error)
                ) from None
            new += self.add(actor, path.parent.parent.name, path.parent.name, descriptor)[1]
        return new


def index_schema(name: str, version: str, descriptor: Mapping[str, Any], created: datetime) -> Schema:
    """The row of a schema, which says nothing but `created` that its descriptor does not."""
    return Schema(
        name=name,
        version=version,
        title=str(descriptor.get("title") or name),
        description=str(descriptor.get("description") or ""),
        i18n=_read_translations(descriptor.get("opendata")),
        descriptor=dict(descriptor),
        created=created,
    )


def _read_translations(ours: object) -> dict[str, Any]:
    found = ours.get("i18n") if isinstance(ours, Mapping) else None
    pairs = found.items() if isinstance(found, Mapping) else ()
    return {language: dict(texts) for language, texts in pairs if isinstance(texts, Mapping)}


def find_schema(session: Session, name: str, version: str | None = None) -> Schema:
    """The row of a schema, the newest if `version` is None. Raises `NotFoundError`."""
    query = select(Schema).where(Schema.name == name)
    if version:
        query = query.where(Schema.version == version)
    known = find_identifier_fault("", name) is None and (not version or parse_version(version) is not None)
    found = session.scalars(query) if known else ()
    rows = sorted(found, key=lambda row: parse_version(row.version) or (0, 0, 0))
    if not rows:
        ref = f"{name}@{version}" if version else name
        raise NotFoundError(N_("The library has no schema “%(ref)s”"), ref=ref[:200])
    return rows[-1]


def view_schema(row: Schema) -> SchemaView:
    """The value of a row."""
    return SchemaView(
        name=row.name,
        version=row.version,
        title=row.title,
        description=row.description,
        i18n=row.i18n,
        schema=TableSchema(row.descriptor),
        created=row.created,
    )


def resolve_schema(context: Context, place: str, given: object) -> tuple[dict[str, Any], str]:
    """A schema's descriptor and, where it is of the library, its name."""
    if isinstance(given, str):
        name, _, version = given.partition("@")
        with context.read() as session:
            try:
                row = find_schema(session, name, version or None)
            except NotFoundError:
                raise InvalidMetadataError(
                    faults=[fault(place, N_("The library has no schema “%(ref)s”"), ref=given[:200])]
                ) from None
            return dict(row.descriptor), f"{row.name}@{row.version}"
    checked = read_schema(given)
    if not isinstance(given, Mapping):
        raise InvalidSchemaError
    return dict(checked.descriptor), ""
