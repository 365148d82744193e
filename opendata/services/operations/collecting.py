"""Garbage: what no version, draft, upload or record needs is removed from the stores, and nothing else."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from opendata.db.models import Draft
from opendata.domain.drafts import ENDED, DraftState
from opendata.domain.manifest import Manifest
from opendata.errors import NotFoundError
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
            private = self._list_private(session)
            public = {name for manifest in self._read_planned(session) for name in manifest.list_blobs()}
        published = self._list_published()
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

    def _list_published(self) -> set[str]:
        """Every blob that a manifest of the store names, withdrawn ones too: erasing is not our business."""
        store = self._context.public
        keys = (key for key in store.list_records("datasets") if key.count("/") == 3 and key.endswith(".json"))
        return {name for key in keys for name in Manifest.from_json(json.loads(store.get_record(key))).list_blobs()}

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
        found: set[str | None] = set()
        for draft in session.scalars(query):
            found.add(draft.target_manifest)
            for item in draft.resources:
                found |= {item.upload, item.csv, item.parquet, item.plain, item.findings}
                found.add(item.changes["rows"] if item.changes else None)
            found |= {item.upload for item in draft.attachments}
        return {name for name in found if name} | {
            name for manifest in self._read_planned(session) for name in manifest.list_blobs()
        }

    def _read_planned(self, session: Session) -> Iterator[Manifest]:
        """The manifests of versions that are about to be published."""
        query = select(Draft.target_manifest).where(
            Draft.target_manifest.is_not(None), Draft.status != DraftState.PUBLISHED
        )
        for name in session.scalars(query):
            try:
                with self._context.private.open_blob(str(name)) as file:
                    yield Manifest.from_json(json.load(file))
            except NotFoundError:
                continue

    def _is_old(self, store: Store, name: str) -> bool:
        """Whether nobody has kept it for so long."""
        try:
            return time.time() - store.find_state(name).kept > self._young_seconds
        except NotFoundError:
            return False
