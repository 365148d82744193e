"""What the virus scanner said of the files of a draft: who may read them, and what is kept instead of a virus."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from opendata.db.models import Draft, DraftAttachment, DraftResource
from opendata.domain.drafts import FORESEEN, DraftState
from opendata.errors import N_, NotFoundError, StateError
from opendata.services.core.context import Context

_PASSED = (*FORESEEN, DraftState.INVALID, DraftState.PUBLISHED)
"""States that a draft reaches once its files are scanned; or had, when the instance got its scanner."""


def find_virus(row: Draft, upload: str) -> str:
    """The signature that was found in a file of a draft; empty where none was."""
    verdict = (row.scans or {}).get(upload)
    return verdict["found"] if verdict else ""


def require_scanned(context: Context, row: Draft, upload: str) -> None:
    """Raises `StateError` while a file of a draft waits for the scanner, `NotFoundError` where that found a virus."""
    found = find_virus(row, upload)
    if found:
        raise NotFoundError(
            N_("The virus scanner found “%(signature)s” in this file, so it was deleted"), signature=found
        )
    if context.settings.scanner and upload not in (row.scans or {}) and row.status not in _PASSED:
        raise StateError(N_("This file is held until the virus scanner has checked it"))


def list_verdicts(session: Session, upload: str) -> Iterator[str]:
    """The signatures that were found in a file when it was scanned with other drafts."""
    of_table = select(DraftResource.draft_id).where(DraftResource.upload == upload)
    of_attachment = select(DraftAttachment.draft_id).where(DraftAttachment.upload == upload)
    for row in session.scalars(select(Draft).where(or_(Draft.id.in_(of_table), Draft.id.in_(of_attachment)))):
        if found := find_virus(row, upload):
            yield found
