"""Which files versions and drafts need, so that all others may go."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from opendata.db.models import Draft, DraftResource
from opendata.domain.drafts import ENDED, DraftState
from opendata.domain.manifest import Manifest
from opendata.domain.parts import StoredFile
from opendata.errors import NotFoundError
from opendata.services.core.context import Context
from opendata.storage.store import list_manifests


def list_published(context: Context) -> set[str]:
    """Every blob that a manifest of the store names, of withdrawn versions too."""
    store = context.public
    manifests = (Manifest.from_json(json.loads(store.get_record(key))) for key in list_manifests(store))
    return {name for manifest in manifests for name in manifest.list_blobs()}


def read_planned(context: Context, session: Session) -> Iterator[Manifest]:
    """The manifests of the versions that are about to be published."""
    query = select(Draft.target_manifest).where(
        Draft.target_manifest.is_not(None), Draft.status != DraftState.PUBLISHED
    )
    for name in session.scalars(query):
        try:
            with context.private.open_blob(str(name)) as file:
                yield Manifest.from_json(json.load(file))
        except NotFoundError:
            continue


def list_planned(context: Context, session: Session) -> set[str]:
    """The blobs of the versions that are about to be published."""
    return {name for manifest in read_planned(context, session) for name in manifest.list_blobs()}


def list_own(draft: Draft) -> set[str]:
    """The private blobs of a draft: what was sent, and all that was made of it."""
    found = {draft.target_manifest, *(item.upload for item in draft.attachments)}
    for item in draft.resources:
        found |= {*list_own_of_table(item), item.changes["rows"] if item.changes else None}
    return {name for name in found if name}


def list_own_of_table(item: DraftResource) -> set[str]:
    """What was sent for a table and what was made of it, but for its changed rows."""
    return {name for name in (*_list_tables(item), item.plain, item.findings, item.texts, *list_parts(item)) if name}


def list_parts(item: DraftResource) -> Iterator[str | None]:
    """The files that a joined table has its rows from, and their texts."""
    for part in (item.series or {}).get("parts", ()):
        yield part["upload"]
        yield part.get("plain")
        yield from part.get("made", ())


def _list_tables(item: DraftResource) -> tuple[str | None, ...]:
    return item.upload, item.part_csv, item.part_parquet, *list_made(item.csv, item.parquet, item.parts)


def list_made(csv: str | None, parquet: str | None, parts: Mapping[str, Any] | None) -> tuple[str | None, ...]:
    """The blobs of a table's two files: themselves, or the parts of both and the tail of one."""
    found: list[str | None] = []
    for form, name in (("csv", csv), ("parquet", parquet)):
        file = StoredFile.from_json({"hash": name or "", "bytes": 0}, (parts or {}).get(form))
        found += [piece.sha256 or None for piece in file.pieces]
    return tuple(found)


def list_unneeded(
    context: Context, session: Session, names: Collection[str], *, besides: Collection[str] = ()
) -> set[str]:
    """Those of some blobs that no version needs, and no draft `besides` those with these ids.

    The store is looked at after the database: a draft that is published meanwhile is at work here, or a version there.
    """
    found = set(names)
    columns = (
        DraftResource.upload,
        DraftResource.part_csv,
        DraftResource.part_parquet,
        DraftResource.plain,
        DraftResource.findings,
        DraftResource.texts,
    )
    query = select(*columns).where(DraftResource.draft_id.not_in(besides), or_(*(item.in_(found) for item in columns)))
    for row in session.execute(query):
        found.difference_update(row)
    made = select(DraftResource.csv, DraftResource.parquet, DraftResource.parts)
    is_one = or_(DraftResource.csv.in_(found), DraftResource.parquet.in_(found), DraftResource.parts.is_not(None))
    for csv, parquet, parts in session.execute(made.where(DraftResource.draft_id.not_in(besides), is_one)):
        found.difference_update(list_made(csv, parquet, parts))
    joined = select(DraftResource).where(DraftResource.series.is_not(None), DraftResource.draft_id.not_in(besides))
    for item in session.scalars(joined):
        found.difference_update(list_parts(item))
    for draft in _list_at_work(session, besides):
        found -= list_own(draft)
    if found:
        found -= list_planned(context, session)
        found -= list_published(context) if found else set()
    return found


def _list_at_work(session: Session, besides: Collection[str]) -> Iterable[Draft]:
    return session.scalars(select(Draft).where(Draft.status.not_in(ENDED), Draft.id.not_in(besides)))
