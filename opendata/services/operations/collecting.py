"""Garbage: what no version, draft, upload or record needs is removed from the stores, and nothing else."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from opendata.db.models import CatalogueSnapshot, Draft, UploadPiece
from opendata.domain.drafts import ENDED, DraftState
from opendata.errors import NotFoundError
from opendata.services.catalogue.files.needed_blobs import list_own, list_planned, list_published
from opendata.services.core.context import Context
from opendata.storage.store import Store

_YOUNG_SECONDS = 24 * 3600
"""Whatever was kept, or kept again, less than a day ago may be about to be named."""


@dataclass(slots=True)
class Collected:
    """How many files went (or would), and how many bytes they had."""

    public: int = 0
    private: int = 0
    bytes: int = 0


class Collecting:
    """Removes what nothing needs."""

    def __init__(self, context: Context, *, young_seconds: float = _YOUNG_SECONDS) -> None:
        self._context = context
        self._young_seconds = young_seconds

    def run(self, *, dry: bool = False) -> Collected:
        """Remove it, or with `dry` only count it. Safe while people work.

        Originals and reports of published drafts are kept for `private_retention_days`, those of discarded ones for 30.
        The private store keeps the files of versions that aren't public.
        """
        collected = Collected()
        with self._context.read() as session:
            private = self._list_private(session) | set(session.scalars(select(UploadPiece.blob)))
            public = list_planned(self._context, session) | set(session.scalars(select(CatalogueSnapshot.blob)))
        published = list_published(self._context)
        public |= published
        private |= {name for name in published if not self._context.public.has_blob(name)}
        for store, needed, where in (
            (self._context.public, public, "public"),
            (self._context.private, private, "private"),
        ):
            for name, size in store.list_blobs():
                if name not in needed and self._is_old(store, name):
                    if not dry:
                        store.delete_blob(name)
                    setattr(collected, where, getattr(collected, where) + 1)
                    collected.bytes += size
        return collected

    def _list_private(self, session: Session) -> set[str]:
        """The blobs of the drafts that are at work, and of the others for as long as they are kept."""
        settings, now = self._context.settings, self._context.clock()
        published = now - timedelta(days=settings.private_retention_days)
        discarded = now - timedelta(days=min(30, settings.private_retention_days))
        query = select(Draft).where(
            or_(
                Draft.status.not_in(ENDED),
                (Draft.status == DraftState.PUBLISHED) & (Draft.modified > published),
                (Draft.status == DraftState.DISCARDED) & (Draft.modified > discarded),
            )
        )
        found = {name for draft in session.scalars(query) for name in list_own(draft)}
        return found | list_planned(self._context, session)

    def _is_old(self, store: Store, name: str) -> bool:
        """Whether nobody has kept it for so long."""
        try:
            return time.time() - store.find_state(name).kept > self._young_seconds
        except NotFoundError:
            return False
