"""What drafts have of files that are erased: it is forgotten, and drafts that still need such a file are discarded."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from opendata.db.models import Draft, DraftAttachment, DraftResource
from opendata.domain.drafts import ENDED, DraftState
from opendata.services.catalogue.needed_blobs import list_own_of_table


def forget_erased(session: Session, names: Collection[str], now: datetime) -> set[str]:
    """Forget what drafts hold of these blobs, and discard those at work; the private blobs made of the same tables."""
    own, drafts = set[str](), set[str]()
    parts = (DraftResource.upload, DraftResource.csv, DraftResource.parquet)
    for row in session.scalars(select(DraftResource).where(or_(*(part.in_(names) for part in parts)))):
        drafts.add(row.draft_id)
        own |= list_own_of_table(row)
        row.report = row.profile = row.proposed_schema = row.reading = row.findings = row.plain = None
        if row.changes:
            own.add(row.changes["rows"])
            row.changes = None
    for attachment in session.scalars(select(DraftAttachment).where(DraftAttachment.upload.in_(names))):
        drafts.add(attachment.draft_id)
        attachment.texts = None
    own |= _forget_changes(session, names)
    for draft in session.scalars(select(Draft).where(Draft.id.in_(drafts))):
        draft.key_reports = {}
        if draft.status not in ENDED:
            draft.status, draft.wanted = DraftState.DISCARDED, ""
            draft.modified = now
            draft.revision += 1
    return own


def _forget_changes(session: Session, names: Collection[str]) -> set[str]:
    """Forget in all drafts which rows of these blobs they change; the blobs that have the rows."""
    gone = {f"sha256:{name}" for name in names}
    found = set()
    for row in session.scalars(select(DraftResource).where(DraftResource.changes.is_not(None))):
        if row.changes and gone.intersection(row.changes.get("blobs", ())):
            found.add(row.changes["rows"])
            row.changes = None
    return found
