"""Portals that register their entries here themselves: each is a harvest source, with a secret that it signs with.

So what one sends and what is harvested from it are the same datasets. Maintainers decide who may.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opendata.db.models import ExchangeSender, HarvestSource, ReceivedRecord
from opendata.domain.harvest.runs import HarvestWish
from opendata.domain.harvest.sources import HarvestKind
from opendata.domain.sources.timetable import Cycle
from opendata.errors import N_, NotFoundError
from opendata.metadata.identifiers import find_identifier_fault
from opendata.outside.signatures import make_secret
from opendata.services.core.actors import Actor, require_maintainer, require_overseer
from opendata.services.core.context import Context
from opendata.services.harvest.harvests import require_sound
from opendata.services.harvest.values import MOST_GONE, HarvestInput
from opendata.storage.secrets import encrypt_secret


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderInput:
    """A sender as a maintainer describes it; `mapping` as in `HarvestInput`."""

    title: str
    url: str
    publisher: str
    mapping: Mapping[str, str] = field(default_factory=dict)
    is_active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderView:
    """A sender. `live` are its records here, `received` is when the last one came."""

    id: str
    title: str
    url: str
    publisher: str
    mapping: Mapping[str, str]
    is_active: bool
    author: str
    created: datetime
    received: datetime | None
    live: int


class Senders:
    """Keeps the portals that may send."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(self, actor: Actor | None) -> Sequence[SenderView]:
        """All of them by id. Raises `NotPermittedError`, `NotSignedInError`."""
        require_overseer(actor)
        with self._context.read() as session:
            return [_view(session, row) for row in session.scalars(select(ExchangeSender).order_by(ExchangeSender.id))]

    def get(self, actor: Actor | None, sender: str) -> SenderView:
        """One of them. Raises `NotFoundError`, and as `list`."""
        require_overseer(actor)
        with self._context.read() as session:
            return _view(session, _find(session, sender))

    def put(self, actor: Actor | None, sender: str, said: SenderInput) -> tuple[SenderView, str]:
        """Register a sender or change it; a new one's secret, which is shown this once, else an empty text.

        A portal that is harvested under this id is the same portal. Raises `InvalidMetadataError`,
        `NotPermittedError`.
        """
        found = require_maintainer(actor)
        portal = HarvestInput(
            title=said.title,
            url=said.url,
            kind=HarvestKind.OPENDATA,
            publisher=said.publisher,
            mapping=said.mapping,
        )
        with self._context.write() as session:
            require_sound(session, sender, portal)
            now = self._context.clock()
            source = session.get(HarvestSource, sender, with_for_update=True)
            if source is None:
                source = HarvestSource(id=sender, created=now, kind=HarvestKind.OPENDATA, revision=0)
                source.is_active, source.wish, source.takes_data = False, HarvestWish.NOTHING, False
                source.cycle, source.at, source.day, source.most_gone = Cycle.DAILY, "03:00", 1, MOST_GONE
                source.tries, source.etag, source.modified = 0, "", ""
                source.url = said.url
                session.add(source)
            source.title, source.publisher_id, source.mapping = said.title, said.publisher, dict(said.mapping)
            source.author_id, source.author, source.changed = found.id, found.name, now
            source.revision += 1
            session.flush()
            row, secret = session.get(ExchangeSender, sender, with_for_update=True), ""
            if row is None:
                secret = make_secret()
                row = ExchangeSender(id=sender, created=now, secret=self._encrypt(secret))
                session.add(row)
            row.is_active, row.author, row.changed = said.is_active, found.name, now
            self._context.log(session, found, "put-sender", "harvest", sender, active=said.is_active)
            session.flush()
            return _view(session, row), secret

    def renew_secret(self, actor: Actor | None, sender: str) -> str:
        """Give it another secret, and return it: the old one is refused from now on. Raises `NotFoundError`."""
        found = require_maintainer(actor)
        secret = make_secret()
        with self._context.write() as session:
            row = _find(session, sender, lock=True)
            row.secret, row.changed = self._encrypt(secret), self._context.clock()
            self._context.log(session, found, "renew-secret", "harvest", sender)
        return secret

    def _encrypt(self, secret: str) -> str:
        return encrypt_secret(self._context.settings.key_folder, secret)


def _find(session: Session, sender: str, *, lock: bool = False) -> ExchangeSender:
    row = None if find_identifier_fault("", sender) else session.get(ExchangeSender, sender, with_for_update=lock)
    if row is None:
        raise NotFoundError(N_("There is no sender “%(id)s”"), id=sender[:100])
    return row


def _view(session: Session, row: ExchangeSender) -> SenderView:
    source = session.get_one(HarvestSource, row.id)
    live = select(func.count(ReceivedRecord.id)).where(ReceivedRecord.sender_id == row.id, ReceivedRecord.digest != "")
    return SenderView(
        id=row.id,
        title=source.title,
        url=source.url,
        publisher=source.publisher_id,
        mapping=source.mapping,
        is_active=row.is_active,
        author=row.author,
        created=row.created,
        received=row.received,
        live=session.scalar(live) or 0,
    )
