"""Taking back, honestly: a version is withdrawn, or erased, and a signed tombstone says why, by whose right and when.

1. One database commit decides it: from then on every address of the version answers 410.
2. The tombstone is written into the store, where it beats the manifest; what is to be erased is then deleted, and
   what is not is moved to the private store.
3. A second commit says that nothing is left to do. A crash before that is finished by the next sweep.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, Version
from opendata.domain.disclosure import Disclosure
from opendata.domain.manifest import Manifest
from opendata.domain.moments import format_time
from opendata.domain.records import Erratum
from opendata.domain.resources import Resource, StoredFile
from opendata.errors import N_, BackendError, InvalidMetadataError, OpendataError, StateError, fault
from opendata.metadata.versions import parse_version
from opendata.outside.caches import purge_caches
from opendata.services.catalogue.entries import find_dataset
from opendata.services.catalogue.files.erased_drafts import forget_erased
from opendata.services.catalogue.files.placement import Placement
from opendata.services.catalogue.manifests import Manifests
from opendata.services.catalogue.version_rows import view_version
from opendata.services.catalogue.versions import find_version
from opendata.services.core.access import disclosure_of, where_standing
from opendata.services.core.actors import SYSTEM, Actor, require_maintainer
from opendata.services.core.context import Context
from opendata.services.core.editions.version_values import VersionView
from opendata.services.core.reasons import read_reason
from opendata.services.core.records import count_editions, keep_edition
from opendata.storage.derived import DerivedFolder
from opendata.storage.store import erratum_key, suspension_key, tombstone_key

logger = logging.getLogger(__name__)


class Withdrawals:
    """Withdraws versions and reports mistakes in them."""

    def __init__(self, context: Context, manifests: Manifests) -> None:
        self._context = context
        self._manifests = manifests
        self._placement = Placement(context, manifests)
        self._derived = DerivedFolder(context.settings.derived_folder, context.settings.derived_bytes)

    def withdraw(
        self,
        actor: Actor | None,
        dataset: str,
        version: str,
        *,
        reason: str,
        legal_basis: str = "",
        successor: str | None = None,
        erase: bool = False,
        resources: Sequence[str] = (),
    ) -> Sequence[VersionView]:
        """Withdraw a version permanently; return all versions that are withdrawn with it.

        With `erase` the bytes of its `resources` (all of them where none is named) go as well, and with them every
        version, of whatever dataset, that is made of the same bytes; `reason` and `legal_basis` are both needed then.
        A version that was withdrawn before can still be erased. Raises `NotFoundError`, `NotPermittedError`,
        `InvalidMetadataError`, and `StateError` where there is nothing left to take down.
        """
        found_actor = require_maintainer(actor)
        reason, legal_basis = read_reason("/reason", reason), read_reason("/legalBasis", legal_basis, needed=erase)
        if resources and not erase:
            text = N_("Only what is erased can be chosen table by table. A version is withdrawn as a whole")
            raise InvalidMetadataError(faults=[fault("/resources", text)])
        now = self._context.now()
        with self._context.write() as session:
            owner = find_dataset(session, dataset, lock=True)
            row = find_version(session, dataset, version)
            if owner.publishing_id is not None:
                raise StateError(N_("A version of this dataset is being published. Try again in a moment"))
            if row.withdrawal is not None and not erase:
                raise StateError(N_("Version %(version)s is already withdrawn"), version=version)
            if successor is not None and (successor == version or not _stands(session, dataset, successor)):
                raise InvalidMetadataError(
                    faults=[
                        fault(
                            "/successor", N_("Version “%(version)s” doesn't exist or was withdrawn"), version=successor
                        )
                    ]
                )
            rows, gone = self._plan_erasure(session, row, resources) if erase else ([row], frozenset())
            for item in rows:
                self._decide(item, reason, legal_basis, successor if item is row else None, gone, now)
                verb, subject = "erase" if erase else "withdraw", f"{item.dataset_id}@{item.version}"
                self._context.log(session, found_actor, verb, "version", subject, reason=reason)
            session.flush()
            for identifier in sorted({item.dataset_id for item in rows}):
                choose_latest(session, find_dataset(session, identifier, lock=True), now)
            taken = [view_version(item) for item in rows]
        for view in taken:
            self.finish(view.dataset, view.version)
        return taken

    def follow(self, session: Session, row: Dataset, before: Disclosure, actor: Actor) -> None:
        """Have the versions of a dataset follow its disclosure, within a unit of work, which was another `before`.

        If fewer people may have its data now, all versions are withdrawn; the tombstones give the reason and the legal
        basis of the disclosure. If more may, the files move. Call `finish_all` when the unit of work is committed.
        Raises `StateError` while a version is being published.
        """
        disclosure = disclosure_of(row)
        is_narrower = disclosure.is_narrower_than(before)
        if not is_narrower and not before.is_narrower_than(disclosure):
            return
        if row.publishing_id is not None:
            raise StateError(N_("A version of this dataset is being published. Try again in a moment"))
        now = self._context.now()
        standing = select(Version).where(Version.dataset_id == row.id, Version.withdrawal.is_(None))
        for item in list(session.scalars(standing)):
            item.unfinished = True
            if not is_narrower:
                continue
            self._decide(item, disclosure.reason or disclosure.audience, disclosure.legal_basis, None, frozenset(), now)
            subject = f"{item.dataset_id}@{item.version}"
            self._context.log(session, actor, "withdraw", "version", subject, reason=disclosure.reason)
        session.flush()
        if is_narrower:
            choose_latest(session, row, now)

    def finish_all(self, dataset: str | None = None) -> int:
        """Finish what was decided and not done, of one dataset or of all; how many versions that were."""
        found = self._list_unfinished(dataset)
        for dataset, version in found:
            self.finish(dataset, version)
        return len(found)

    def place_all(self) -> None:
        """Put the files of versions with something left to do where they belong, without the key that finishing needs.

        A version whose records are damaged is left to the check of the stores, which names it.
        """
        for dataset, version in self._list_unfinished():
            with contextlib.suppress(OpendataError, ValueError, KeyError, TypeError):
                self._placement.place(dataset, version)

    def _list_unfinished(self, dataset: str | None = None) -> Sequence[tuple[str, str]]:
        query = select(Version.dataset_id, Version.version).where(Version.unfinished)
        if dataset is not None:
            query = query.where(Version.dataset_id == dataset)
        with self._context.read() as session:
            return [(name, version) for name, version in session.execute(query)]

    def finish(self, dataset: str, version: str) -> None:
        """Write the records of a version's stop and tombstone, delete what is erased, put its files where they belong.

        Doing so again changes nothing.
        """
        self._stop_what_was_open(dataset, version)
        with self._context.read() as session:
            row = find_version(session, dataset, version)
            withdrawal, suspension = row.withdrawal, row.suspension
        if suspension is not None:
            count = count_editions(self._context.public, partial(suspension_key, dataset, version))
            keep_edition(self._context, partial(suspension_key, dataset, version), suspension, count)
        if withdrawal is not None:
            count = count_editions(self._context.public, partial(tombstone_key, dataset, version))
            keep_edition(self._context, partial(tombstone_key, dataset, version), withdrawal, count)
            self._erase([sha256.removeprefix("sha256:") for sha256 in withdrawal["erased"]])
            if withdrawal["erased"]:
                self._derived.forget([*withdrawal["erased"], withdrawal["manifest"]])
        self._placement.place(dataset, version)
        try:
            purge_caches(self._context.settings, f"/datasets/{dataset}/{version}/")
        except BackendError as error:
            logger.warning("%s@%s isn't public, but caches may still hold it: %s", dataset, version, error)
            return
        with self._context.write() as session:
            find_version(session, dataset, version).unfinished = False

    def _stop_what_was_open(self, dataset: str, version: str) -> None:
        """Stop a version that was open to all when it was published, while its dataset isn't.

        An older program left such versions standing; a maintainer decides about each.
        """
        with self._context.write() as session:
            owner, row = find_dataset(session, dataset, lock=True), find_version(session, dataset, version)
            manifest, disclosure = self._manifests.get(dataset, version), disclosure_of(owner)
            is_narrower = disclosure.is_narrower_than(manifest.metadata.disclosure)
            if is_narrower and row.withdrawal is None and row.suspension is None:
                now = self._context.now()
                reason = disclosure.reason or disclosure.audience
                mark_suspended(row, manifest, reason, format_time(now), suspended=True)
                row.changed = now
                self._context.log(session, SYSTEM, "suspend", "version", f"{dataset}@{version}")
                session.flush()
                choose_latest(session, owner, now)

    def read_suspension(self, dataset: str, version: str, *, signature: bool = False) -> bytes:
        """The exact bytes of the newest record of a version's stops, or their signature. Raises `NotFoundError`."""
        count = count_editions(self._context.public, partial(suspension_key, dataset, version))
        key = suspension_key(dataset, version, max(1, count))
        return self._context.public.get_record(f"{key}.sig" if signature else key)

    def read_tombstone(self, dataset: str, version: str, *, signature: bool = False) -> bytes:
        """The exact bytes of a version's newest tombstone, or their signature. Raises `NotFoundError`."""
        count = count_editions(self._context.public, partial(tombstone_key, dataset, version))
        key = tombstone_key(dataset, version, max(1, count))
        return self._context.public.get_record(f"{key}.sig" if signature else key)

    def list_resources(self, actor: Actor | None, dataset: str, version: str) -> Sequence[Resource]:
        """What may be erased of a version, stopped or not; nothing of one that was withdrawn. For maintainers."""
        require_maintainer(actor)
        with self._context.read() as session:
            is_withdrawn = find_version(session, dataset, version).withdrawal is not None
        return () if is_withdrawn else self._manifests.get(dataset, version).resources

    def report_erratum(
        self, actor: Actor | None, dataset: str, version: str, *, text: str, successor: str | None = None
    ) -> Erratum:
        """Report what is wrong with a published version; it is shown there and on the version that corrects it."""
        found_actor = require_maintainer(actor)
        text = read_reason("/text", text, missing=N_("Say what is wrong with this version"))
        if successor == version:
            raise InvalidMetadataError(faults=[fault("/successor", N_("A version can't be its own successor"))])
        now = self._context.now()
        with self._context.write() as session:
            row = find_dataset(session, dataset, lock=True)
            for named in (version, successor):
                if named is not None:
                    find_version(session, dataset, named).changed = now
            number = len(row.errata or ()) + 1
            erratum: Erratum = {
                "dataset": dataset,
                "number": number,
                "version": version,
                "successor": successor,
                "text": text,
                "created": format_time(now),
            }
            keep_edition(self._context, partial(erratum_key, dataset), erratum, number - 1)
            row.errata = [*(row.errata or ()), erratum]
            row.modified = now
            row.revision += 1
            self._context.log(session, found_actor, "erratum", "version", f"{dataset}@{version}", text=text)
        return erratum

    def _plan_erasure(
        self, session: Session, row: Version, names: Sequence[str]
    ) -> tuple[list[Version], frozenset[str]]:
        """Every version made of the bytes to be deleted, `row` first, and the digests of the files no other needs."""
        manifest = self._manifests.get(row.dataset_id, row.version)
        chosen = _choose(manifest, names)
        wanted = _list_content(chosen)
        rows, gone, needed = [row], _list_files(chosen), set[str]()
        for other in session.scalars(select(Version).where(Version.id != row.id)):
            resources = self._manifests.get(other.dataset_id, other.version).resources
            shared = [item for item in resources if wanted & _list_content([item])]
            if shared:
                rows.append(other)
                gone |= _list_files(shared)
            else:
                needed |= _list_files(resources)
        return rows, frozenset(gone - needed)

    def _decide(
        self,
        row: Version,
        reason: str,
        legal_basis: str,
        successor: str | None,
        gone: frozenset[str],
        now: datetime,
    ) -> None:
        """Fix what the tombstone of a version will say."""
        before = row.withdrawal
        manifest = self._manifests.get(row.dataset_id, row.version)
        moment = format_time(now)
        row.changed = now
        row.withdrawal = {
            "dataset": row.dataset_id,
            "version": row.version,
            "manifest": f"sha256:{row.manifest}",
            "previous": manifest.previous,
            "withdrawn": before["withdrawn"] if before else moment,
            "changed": moment,
            "reason": reason,
            "legalBasis": legal_basis,
            "successor": successor or (before["successor"] if before else None),
            "erased": sorted({*(before["erased"] if before else ()), *(_list_files(manifest.resources) & gone)}),
        }
        row.unfinished = True

    def _erase(self, names: Sequence[str]) -> None:
        """Delete blobs from both stores, and what drafts still hold of them."""
        if not names:
            return
        with self._context.write() as session:
            own = forget_erased(session, names, self._context.clock())
        for name in {*names, *own}:
            self._context.private.delete_blob(name)
        for name in names:
            self._context.public.delete_blob(name)


def _choose(manifest: Manifest, names: Sequence[str]) -> Sequence[Resource]:
    """The resources named, or all. Raises `InvalidMetadataError` for a name there is not."""
    known = {item.name: item for item in manifest.resources}
    faults = [
        fault("/resources", N_("This version has no resource “%(name)s”"), name=name[:100])
        for name in names
        if name not in known
    ]
    if faults:
        raise InvalidMetadataError(faults=faults)
    return [known[name] for name in names] if names else list(known.values())


def _list_content(resources: Sequence[Resource]) -> set[str]:
    """The digests of the whole files that have what is in resources: to share a part is not to be the same."""
    return {file.hash for item in resources for file in item.contents}


def _list_files(resources: Sequence[Resource]) -> set[str]:
    """The digests of the files of these resources, those of their reports included."""
    return _list_hashes(file for item in resources for file in (*item.contents, *item.published))


def _list_hashes(files: Iterable[StoredFile]) -> set[str]:
    """The digests of files, and of their parts. What was made of a joined file is found by the digest of the whole."""
    return {item.hash for file in files for item in (file, *file.pieces)}


def _stands(session: Session, dataset: str, version: str) -> bool:
    query = select(Version.id).where(
        Version.dataset_id == dataset, Version.version == version, Version.withdrawal.is_(None)
    )
    return session.scalar(query) is not None


def mark_suspended(row: Version, manifest: Manifest, reason: str, moment: str, *, suspended: bool) -> None:
    """Fix what the next record of a version's stops will say; `moment` is RFC 3339."""
    row.suspended = suspended
    row.suspension = {
        "dataset": row.dataset_id,
        "version": row.version,
        "manifest": f"sha256:{row.manifest}",
        "previous": manifest.previous,
        "suspended": suspended,
        "reason": reason,
        "created": moment,
    }
    row.unfinished = True


def choose_latest(session: Session, row: Dataset, now: datetime) -> None:
    """Make the dataset name its highest version that is there to be read."""
    query = select(Version.version).where(Version.dataset_id == row.id, where_standing())
    numbers = [parse_version(text) or (0, 0, 0) for text in session.scalars(query)]
    row.latest = ".".join(str(part) for part in max(numbers)) if numbers else None
    row.modified = now
    row.revision += 1
