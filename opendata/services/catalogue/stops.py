"""The emergency stop: nobody has a version any more, until a maintainer decides about it.

Source: the Hainan key points of open government work of 2018 (海南省2018年政务公开工作要点), item 9: what was released
improperly is put right in time. A stop is a signed record in the store, and so is its end: a rebuilt or restored
catalogue keeps what was stopped.

1. One database commit decides it: from then on every address of the version answers 410 with the reason.
2. The record is written, the files move to the private store, and caches are purged. The next sweep finishes what a
   crash leaves undone.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, Version
from opendata.domain.moments import format_time
from opendata.errors import N_, StateError
from opendata.services.catalogue.entries import find_dataset
from opendata.services.catalogue.manifests import Manifests
from opendata.services.catalogue.version_rows import view_version
from opendata.services.catalogue.versions import find_version
from opendata.services.catalogue.withdrawals import Withdrawals, choose_latest, mark_suspended
from opendata.services.core.access import where_published_by, where_stopped
from opendata.services.core.actors import Actor, require_editor, require_maintainer, require_publisher
from opendata.services.core.context import Context
from opendata.services.core.editions.version_values import VersionView
from opendata.services.core.reasons import read_reason


class Stops:
    """Stops versions and lets them go."""

    def __init__(self, context: Context, manifests: Manifests, withdrawals: Withdrawals) -> None:
        self._context = context
        self._manifests = manifests
        self._withdrawals = withdrawals

    def suspend(self, actor: Actor | None, dataset: str, version: str, *, reason: str) -> VersionView:
        """Take a version off at once, with a reason that is published. For the publisher's editors and maintainers.

        Raises `NotFoundError`, `NotPermittedError`, `InvalidMetadataError`, and `StateError` where it is off already.
        """
        with self._context.write() as session:
            view = self.suspend_within(session, actor, dataset, version, reason=reason)
        self.finish(dataset, version)
        return view

    def release(self, actor: Actor | None, dataset: str, version: str, *, reason: str) -> VersionView:
        """Make a version public again, for maintainers. Raises as `suspend`."""
        found = require_maintainer(actor)
        with self._context.write() as session:
            owner = find_dataset(session, dataset, lock=True)
            view = self._decide_within(session, found, owner, version, reason, suspended=False)
        self.finish(dataset, version)
        return view

    def list(self, actor: Actor | None) -> Sequence[VersionView]:
        """The versions that wait for a decision, of the actor's publisher or of all, the latest stop first."""
        query = select(Version).where(_where_stopped(actor)).order_by(Version.changed.desc())
        with self._context.read() as session:
            return [view_version(row) for row in session.scalars(query)]

    def count(self, actor: Actor | None) -> int:
        """How many versions those are."""
        with self._context.read() as session:
            return session.scalar(select(func.count(Version.id)).where(_where_stopped(actor))) or 0

    def suspend_within(
        self, session: Session, actor: Actor | None, dataset: str, version: str, *, reason: str
    ) -> VersionView:
        """What `suspend` does, within a unit of work; `finish` follows once that is committed."""
        owner = find_dataset(session, dataset, lock=True)
        found = require_editor(actor, owner.publisher_id, dataset)
        return self._decide_within(session, found, owner, version, reason, suspended=True)

    def finish(self, dataset: str, version: str) -> None:
        """Write the record of what was decided, move the files, and purge caches."""
        self._withdrawals.finish(dataset, version)

    def _decide_within(
        self, session: Session, actor: Actor, owner: Dataset, version: str, reason: str, *, suspended: bool
    ) -> VersionView:
        reason, now = read_reason("/reason", reason), self._context.now()
        row = find_version(session, owner.id, version)
        if row.withdrawal is not None:
            raise StateError(N_("Version %(version)s is already withdrawn"), version=version)
        if row.suspended and suspended:
            raise StateError(N_("Version %(version)s is already stopped"), version=version)
        if not row.suspended and not suspended:
            raise StateError(N_("Version %(version)s isn't stopped"), version=version)
        mark_suspended(row, self._manifests.get(owner.id, version), reason, format_time(now), suspended=suspended)
        row.changed = now
        verb = "suspend" if suspended else "release"
        self._context.log(session, actor, verb, "version", f"{owner.id}@{version}", reason=reason)
        session.flush()
        choose_latest(session, owner, now)
        return view_version(row)


def _where_stopped(actor: Actor | None) -> ColumnElement[bool]:
    """The stopped versions that the actor decides about."""
    return and_(where_stopped(), Version.withdrawal.is_(None), where_published_by(require_publisher(actor)))
