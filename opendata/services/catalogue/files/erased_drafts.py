"""What drafts say of the contents of erased files is forgotten; drafts that still need such a file are discarded."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from opendata.db.models import Draft, DraftAttachment, DraftResource
from opendata.domain.drafts import ENDED, DraftState
from opendata.recipes.publishing import forget_texts
from opendata.services.catalogue.files.needed_blobs import list_own_of_table


def forget_erased(session: Session, names: Collection[str], now: datetime) -> set[str]:
    """Forget what drafts hold of these blobs, and discard those at work; the private blobs made of the same tables."""
    own, drafts, tables, files = set[str](), set[str](), set[int](), set[int]()
    parts = (
        *(DraftResource.upload, DraftResource.csv, DraftResource.parquet),
        *(DraftResource.part_csv, DraftResource.part_parquet),
    )
    for row in session.scalars(select(DraftResource).where(or_(*(part.in_(names) for part in parts)))):
        drafts.add(row.draft_id)
        own |= list_own_of_table(row)
        tables.add(row.id)
        if row.changes:
            own.add(row.changes["rows"])
            row.changes = None
    for row in session.scalars(select(DraftResource).where(DraftResource.series.is_not(None))):
        if not list_own_of_table(row).isdisjoint(names):
            drafts.add(row.draft_id)
            own |= list_own_of_table(row)
            tables.add(row.id)
    for attachment in session.scalars(select(DraftAttachment).where(DraftAttachment.upload.in_(names))):
        drafts.add(attachment.draft_id)
        files.add(attachment.id)
    for row in _list_grown(session, names):
        drafts.add(row.draft_id)
        tables.add(row.id)
        own |= list_own_of_table(row)
    own |= _forget_changes(session, names)
    for draft in session.scalars(select(Draft).where(Draft.id.in_(drafts))):
        forget_contents(
            draft,
            [item for item in draft.resources if item.id in tables],
            [item for item in draft.attachments if item.id in files],
        )
        if draft.status not in ENDED:
            draft.status, draft.wanted = DraftState.DISCARDED, ""
            draft.modified = now
            draft.revision += 1
    return own


def forget_contents(draft: Draft, tables: Iterable[DraftResource], attachments: Iterable[DraftAttachment]) -> None:
    """Forget what the rows of a draft say of the contents of these tables and attachments.

    Schemas go too: the values that a column may have can be those of persons. What was published has its own schema.
    So do steps; of those kept for the tables' next files, the ones that hold texts of cells.
    """
    draft.key_reports = {}
    gone = set()
    for row in tables:
        gone.add(row.name)
        row.report = row.profile = row.reading = row.findings = row.plain = row.texts = None
        row.marks = row.texts_of = None
        row.schema = row.proposed_schema = row.untreated = row.meaning = row.recipe = row.series = None
        if row.edition is not None:
            row.edition = {"wanted": row.edition["wanted"], "mode": row.edition.get("mode", "")}
        if draft.version is None:
            row.published_schema = None
    kept = draft.dataset.recipes or {}
    if gone.intersection(kept):
        draft.dataset.recipes = {
            name: forget_texts(recipe) if name in gone else recipe for name, recipe in kept.items()
        }
    draft.dataset.schemas = {
        name: item for name, item in (draft.dataset.schemas or {}).items() if name not in gone
    } or None
    draft.dataset.meanings = {
        name: item for name, item in (draft.dataset.meanings or {}).items() if name not in gone
    } or None
    draft.privacy = [{**item, "examples": []} if item["resource"] in gone else item for item in draft.privacy]
    draft.benches = [item for item in draft.benches if item.resource not in gone]
    for attachment in attachments:
        attachment.texts = None


def _list_grown(session: Session, names: Collection[str]) -> Iterator[DraftResource]:
    """The tables of drafts at work that have the rows of these blobs, since their own were added to them."""
    gone = {f"sha256:{name}" for name in names}
    query = (
        select(DraftResource)
        .join(Draft)
        .where(Draft.status.not_in(ENDED), DraftResource.part_parquet.is_not(None), DraftResource.changes.is_not(None))
    )
    for row in session.scalars(query):
        if row.changes and gone.intersection(row.changes.get("blobs", ())):
            yield row


def _forget_changes(session: Session, names: Collection[str]) -> set[str]:
    """Forget in all drafts which rows of these blobs they change; the blobs that have the rows."""
    gone = {f"sha256:{name}" for name in names}
    found = set()
    for row in session.scalars(select(DraftResource).where(DraftResource.changes.is_not(None))):
        if row.changes and gone.intersection(row.changes.get("blobs", ())):
            found.add(row.changes["rows"])
            row.changes = None
    return found
