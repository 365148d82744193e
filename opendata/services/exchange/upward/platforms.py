"""Higher platforms: they are registered, changed, turned off, compared and removed here, by maintainers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from opendata.db.models import HigherPlatform, Publisher, UpwardRecord
from opendata.domain.upward.platforms import PlatformKind, SendMethod
from opendata.errors import N_, Fault, InvalidMetadataError, NotFoundError, PreconditionError, StateError, fault
from opendata.metadata.identifiers import find_identifier_fault
from opendata.services.core.actors import Actor, require_maintainer, require_overseer
from opendata.services.core.context import Context
from opendata.services.core.leases import give_back
from opendata.services.exchange.upward.following import ALL, count_states
from opendata.services.exchange.upward.values import PlatformInput, PlatformView, view_platform
from opendata.storage.secrets import encrypt_secret


class HigherPlatforms:
    """Keeps the platforms that the catalogue is registered on."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(self, actor: Actor | None) -> Sequence[PlatformView]:
        """All platforms by id. Raises `NotPermittedError`, `NotSignedInError`."""
        require_overseer(actor)
        with self._context.read() as session:
            rows = session.scalars(select(HigherPlatform).order_by(HigherPlatform.id)).all()
            return [_view(session, row) for row in rows]

    def get(self, actor: Actor | None, platform: str) -> PlatformView:
        """One platform. Raises `NotFoundError`, and as `list`."""
        require_overseer(actor)
        with self._context.read() as session:
            return _view(session, find_platform(session, platform))

    def put(
        self, actor: Actor | None, platform: str, said: PlatformInput, *, revision: int | None = None
    ) -> tuple[PlatformView, bool]:
        """Register a platform, or change it; what it is now, and whether it is new. All entries are looked at again.

        With another address, kind or account it is another platform: nothing is known to be there.
        Raises `InvalidMetadataError`, `NotPermittedError`, `PreconditionError` if `revision` isn't the current one.
        """
        found = require_maintainer(actor)
        with self._context.write() as session:
            row = None
            if not find_identifier_fault("", platform):
                row = session.get(HigherPlatform, platform, with_for_update=True)
            is_new = row is None
            self._require_sound(session, platform, said, is_new=is_new)
            now = self._context.clock()
            if row is None:
                row = HigherPlatform(id=platform, created=now, revision=0, failures=0, is_asked=False)
                session.add(row)
            elif revision is not None and revision != row.revision:
                text = N_("The platform has been changed since you read it. Read it again, then make your change")
                raise PreconditionError(text)
            elif (row.url, row.kind, row.account) != (said.url, said.kind, said.account):
                session.execute(delete(UpwardRecord).where(UpwardRecord.platform_id == platform))
                row.compared = row.step = None
            row.title, row.url, row.kind, row.account = said.title, said.url, PlatformKind(said.kind), said.account
            if said.secret:
                row.secret = encrypt_secret(self._context.settings.key_folder, said.secret)
            row.method = SendMethod(said.method)
            row.publishers, row.themes = list(said.publishers), list(said.themes)
            row.takes_harvested, row.is_active, row.is_public = said.takes_harvested, said.is_active, said.is_public
            row.is_withdrawn = said.is_withdrawn
            row.author, row.changed = found.name, now
            row.revision += 1
            row.position, row.digest = ALL, ""
            row.failures, row.rests_until, row.reason = 0, None, None
            give_back(row)  # what is under way may be about another platform
            details: dict[str, Any] = {"url": said.url, "speaks": said.kind, "active": said.is_active}
            if said.is_withdrawn:
                details["withdrawn"] = True
            self._context.log(session, found, "put-platform", "platform", platform, **details)
            session.flush()
            return _view(session, row), is_new

    def switch(self, actor: Actor | None, platform: str, *, is_active: bool) -> PlatformView:
        """Turn a platform off, or on again; what it has stays there. Raises `NotFoundError`, `NotPermittedError`."""
        found = require_maintainer(actor)
        with self._context.write() as session:
            row = find_platform(session, platform, lock=True)
            row.is_active, row.position, row.digest = is_active, ALL, ""
            row.failures, row.rests_until, row.reason = 0, None, None
            row.revision += 1
            give_back(row)
            self._context.log(session, found, "switch-platform", "platform", platform, active=is_active)
            session.flush()
            return _view(session, row)

    def ask(self, actor: Actor | None, platform: str) -> PlatformView:
        """Have what a platform has compared at once. Raises `StateError` where it can't be, and as `switch`."""
        found = require_maintainer(actor)
        with self._context.write() as session:
            row = find_platform(session, platform, lock=True)
            if row.kind == PlatformKind.HTTP:
                raise StateError(N_("A platform of this kind can't say what it has. Send the records again instead"))
            require_active(row)
            row.is_asked, row.rests_until = True, None
            self._context.log(session, found, "compare-platform", "platform", platform)
            session.flush()
            return _view(session, row)

    def delete(self, actor: Actor | None, platform: str) -> None:
        """Forget a platform that is turned off; what it has stays there. Raises `StateError`, and as `switch`."""
        found = require_maintainer(actor)
        with self._context.write() as session:
            row = find_platform(session, platform, lock=True)
            if row.is_active:
                raise StateError(
                    N_("Turn the platform off first. What it has stays there, unless you withdraw it before")
                )
            session.execute(delete(UpwardRecord).where(UpwardRecord.platform_id == platform))
            session.delete(row)
            self._context.log(session, found, "delete-platform", "platform", platform)

    def _require_sound(self, session: Session, platform: str, said: PlatformInput, *, is_new: bool) -> None:
        """Raises `InvalidMetadataError`; also where publishers don't exist, or nobody knows where this portal is."""
        settings = self._context.settings
        wrong = find_identifier_fault("/id", platform)
        faults: list[Fault] = [wrong] if wrong else []
        faults += said.list_faults(settings.source_hosts, is_new=is_new)
        if not settings.base_url:
            text = N_("The operator of the portal must set its address (OPENDATA_BASE_URL): records lead back to it")
            faults.append(fault("", text))
        there = set(session.scalars(select(Publisher.id).where(Publisher.id.in_(said.publishers))))
        text = N_("There is no publisher “%(id)s”")
        faults += [fault("/publishers", text, id=name[:100]) for name in said.publishers if name not in there]
        if faults:
            raise InvalidMetadataError(faults=faults)


def find_platform(session: Session, platform: str, *, lock: bool = False) -> HigherPlatform:
    """The row of a platform. Raises `NotFoundError`."""
    row = None if find_identifier_fault("", platform) else session.get(HigherPlatform, platform, with_for_update=lock)
    if row is None:
        raise NotFoundError(N_("There is no higher platform “%(id)s”"), id=platform[:100])
    return row


def require_active(row: HigherPlatform) -> None:
    """Raises `StateError` for a platform that is turned off."""
    if not row.is_active:
        raise StateError(N_("This platform is turned off. Turn it on first"))


def _view(session: Session, row: HigherPlatform) -> PlatformView:
    return view_platform(row, count_states(session, row.id))
