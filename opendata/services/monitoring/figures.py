"""Figures of the whole instance, read when Prometheus asks: what waits, what fails, what is behind."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from opendata.db.models import (
    Draft,
    DutyProgress,
    EventChain,
    HarvestSource,
    HigherPlatform,
    LastCheck,
    Obligation,
    OutboxMail,
    PublicEventProgress,
    Source,
    UpwardRecord,
    WebhookDelivery,
)
from opendata.db.session import list_revisions
from opendata.domain.drafts import DraftState
from opendata.domain.harvest.runs import HarvestWish
from opendata.domain.mail.letters import LetterState
from opendata.domain.upward.records import RecordState
from opendata.errors import BackendError
from opendata.services.core.context import Context
from opendata.services.drafts.lease import is_free
from opendata.services.monitoring.probes import Probes
from opendata.telemetry import instruments
from opendata.telemetry.draining import is_draining
from opendata.telemetry.exposing import Figure

_WORKER = "worker"

Moment = InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]


class Figures:
    """Reads the figures. `positions` are the followers of the audit log outside the database, by name."""

    def __init__(
        self,
        context: Context,
        probes: Probes,
        count_queue: Callable[[], int],
        positions: Mapping[str, Callable[[], int | None]],
        version: str,
    ) -> None:
        self._context = context
        self._probes = probes
        self._count_queue = count_queue
        self._positions = positions
        self._version = version

    def list(self) -> Iterator[Figure]:
        """All figures; those of the database only while it answers."""
        parts = self._probes.list()
        for part in parts:
            yield Figure(instruments.PROBE, float(part.is_ok), (part.name,))
        yield Figure(instruments.DRAINING, float(is_draining()))
        yield Figure(instruments.BUILD, 1, (self._version, max(list_revisions())))
        yield from self._list_disks()
        try:
            yield Figure(instruments.QUEUE_MESSAGES, self._count_queue())
        except BackendError:
            pass
        if all(part.is_ok for part in parts if part.name in ("database", "migrations")):
            with self._context.read() as session:
                yield from self._list_drafts(session)
                yield from self._list_outboxes(session)
                yield from self._list_followers(session)
                yield from self._list_duties(session)

    def _list_disks(self) -> Iterator[Figure]:
        settings = self._context.settings
        folders = {
            "home": settings.home,
            "public": settings.public_folder,
            "private": settings.private_folder,
            "derived": settings.derived_folder,
        }
        for name, folder in folders.items():
            if folder.is_dir():
                yield Figure(instruments.DISK_FREE, shutil.disk_usage(folder).free, (name,))

    def _list_drafts(self, session: Session) -> Iterator[Figure]:
        found = dict(session.execute(select(Draft.status, func.count()).group_by(Draft.status)).all())
        for state in DraftState:
            yield Figure(instruments.DRAFTS, found.get(state, 0), (state.value,))
        now = self._context.clock()
        due = or_(Draft.due.is_(None), Draft.due <= now)
        since = func.coalesce(Draft.due, Draft.modified)
        query = select(func.count(), func.min(since)).where(Draft.wanted != "", is_free(self._context), due)
        count, oldest = session.execute(query).one()
        yield Figure(instruments.DRAFTS_WAITING, count)
        yield Figure(instruments.OLDEST_DRAFT, self._count_seconds(oldest))

    def _list_outboxes(self, session: Session) -> Iterator[Figure]:
        now = self._context.clock()
        mail, hook = OutboxMail.state == LetterState.WAITING, WebhookDelivery.state == "waiting"
        asked = or_(HarvestSource.is_active.is_(True), HarvestSource.wish != HarvestWish.NOTHING)
        active = select(HigherPlatform.id).where(HigherPlatform.is_active.is_(True))
        unsent = UpwardRecord.state.in_((RecordState.WAITING, RecordState.FAILED))
        sent_up = and_(unsent, UpwardRecord.platform_id.in_(active))
        queries: Mapping[str, tuple[ColumnElement[bool], Moment, InstrumentedAttribute[int]]] = {
            "mail": (mail, OutboxMail.due, OutboxMail.tries),
            "webhooks": (hook, WebhookDelivery.due, WebhookDelivery.tries),
            "fetches": (Source.due.is_not(None), Source.due, Source.tries),
            "harvests": (asked, HarvestSource.due, HarvestSource.tries),
            "higher-platforms": (sent_up, UpwardRecord.due, UpwardRecord.attempts),
        }
        for name, (where, due, tries) in queries.items():
            count, oldest = session.execute(select(func.count(), func.min(due)).where(where, due <= now)).one()
            failing = session.scalar(select(func.count()).where(where, tries > 0)) or 0
            yield Figure(instruments.OUTBOX_WAITING, count, (name,))
            yield Figure(instruments.OUTBOX_FAILING, failing, (name,))
            yield Figure(instruments.OUTBOX_OLDEST, self._count_seconds(oldest), (name,))

    def _list_followers(self, session: Session) -> Iterator[Figure]:
        end = session.scalar(select(EventChain.position)) or 0
        kept = {"duties": select(DutyProgress.position), "public-events": select(PublicEventProgress.position)}
        reached = {name: session.scalar(query) for name, query in kept.items()}
        reached.update({name: read() for name, read in self._positions.items()})
        for name, position in reached.items():
            yield Figure(instruments.EVENTS_BEHIND, max(0, end - max(0, position or 0)), (name,))

    def _list_duties(self, session: Session) -> Iterator[Figure]:
        is_open = (Obligation.done_on.is_(None), Obligation.waived_on.is_(None))
        query = select(func.count()).where(*is_open, Obligation.due < self._context.today())
        yield Figure(instruments.DUTIES_OVERDUE, session.scalar(query) or 0)
        heard = session.scalar(select(LastCheck.at).where(LastCheck.name == _WORKER))
        if heard is not None:
            yield Figure(instruments.WORKER_SILENT, self._count_seconds(heard))

    def _count_seconds(self, since: datetime | None) -> float:
        """How long ago that was; 0 for nothing, and for what a clock ahead of ours has written."""
        return max(0.0, (self._context.clock() - since).total_seconds()) if since is not None else 0.0
