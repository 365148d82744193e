"""Where the files of a version lie: in the public store what anybody may have now, in the private store all else.

The rows of a version that was stopped or withdrawn, or whose dataset isn't open, are in the private store, so that the
public store can be served as it is, by a content delivery network or a mirror.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, Version
from opendata.domain.manifest import Manifest
from opendata.errors import N_, IntegrityError, NotFoundError
from opendata.services.catalogue.files.needed_blobs import read_planned
from opendata.services.catalogue.manifests import Manifests
from opendata.services.core.access import disclosure_of, list_public_blobs, where_standing
from opendata.services.core.context import Context
from opendata.storage.store import Store

_WRITABLE = 0o222
_FRESH_SECONDS = 24 * 3600


class Placement:
    """Moves the files of versions to the store in which they belong."""

    def __init__(self, context: Context, manifests: Manifests) -> None:
        self._context = context
        self._manifests = manifests

    def place(self, dataset: str, version: str) -> None:
        """Move the files of a published version; doing so again changes nothing. Files that were erased stay away."""
        with self._context.read() as session:
            query = select(Version, Dataset).join(Dataset, Dataset.id == Version.dataset_id)
            row, owner = session.execute(query.where(Version.dataset_id == dataset, Version.version == version)).one()
            manifest = self._manifests.get(dataset, version)
            public = self._list_public(row, owner)
            hidden = set(manifest.list_blobs()) - public
            hidden -= self._list_public_elsewhere(session, row, hidden)
        self._share(manifest, public)
        for name in hidden:
            if self._context.public.has_blob(name):
                _copy(self._context.public, self._context.private, name)
                self._context.public.delete_blob(name)

    def share(self, manifest: Manifest, public: Collection[str]) -> None:
        """See to it that those of a new version's files which are public are in the public store, and none is lost.

        Raises `IntegrityError` where a file isn't what it was, `NotFoundError` where it is gone.
        """
        self._share(manifest, public)
        for name in manifest.list_blobs():
            if not self._context.public.has_blob(name) and not self._context.private.has_blob(name):
                raise NotFoundError(N_("The store has no blob %(name)s"), name=name)

    def _share(self, manifest: Manifest, public: Collection[str]) -> None:
        """Copy the files of a version to the stores where they belong. What is in neither stays away."""
        stores = self._context.public, self._context.private
        files = [file for item in manifest.resources for file in item.published]
        sizes = {piece.sha256: piece.bytes for file in files for piece in file.pieces}
        for name, size in sizes.items():
            target, other = stores if name in public else stores[::-1]
            if not target.has_blob(name) and other.has_blob(name):
                _copy(other, target, name, size)

    def _list_public(self, row: Version, owner: Dataset) -> set[str]:
        """The files of a version that anybody may have."""
        if row.withdrawal is not None or row.suspended:
            return set()
        return list_public_blobs(self._manifests.get(row.dataset_id, row.version), disclosure_of(owner))

    def _list_public_elsewhere(self, session: Session, row: Version, names: Collection[str]) -> set[str]:
        """Which of these files anybody may have as a part of other versions, or soon as a part of planned ones."""
        if not names:
            return set()
        found: set[str] = set()
        query = select(Version, Dataset).join(Dataset, Dataset.id == Version.dataset_id)
        for other, owner in session.execute(query.where(Version.id != row.id, where_standing())):
            data = self._manifests.read(other.dataset_id, other.version)
            if any(name.encode() in data for name in names):
                found |= self._list_public(other, owner)
        for manifest in read_planned(self._context, session):
            found |= list_public_blobs(manifest, manifest.metadata.disclosure)
        return found


def find_store(context: Context, name: str) -> Store:
    """The store that has a published file: the public one, unless not everybody may have the file."""
    return context.private if not context.public.has_blob(name) and context.private.has_blob(name) else context.public


def _copy(source: Store, target: Store, name: str, size: int | None = None) -> None:
    with source.local_copy(name) as path:
        copied, _ = target.put_blob(path, sha256=name if _was_just_written(path, size) else None)
    if copied != name:
        raise IntegrityError(N_("The blob %(name)s is damaged"), name=name)


def _was_just_written(path: Path, size: int | None) -> bool:
    """Whether a file is as its writer left it not long ago: read-only, and of its size. Then its name is its digest.

    The writer hashed it on the way, and the checks of the store will look at it as at all others.
    """
    found = path.stat()
    return (
        found.st_size == size and not found.st_mode & _WRITABLE and 0 <= time.time() - found.st_mtime < _FRESH_SECONDS
    )
