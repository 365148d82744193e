"""What every service works with: settings, database, stores, signer, queue and clock, handed in once by `wiring`."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import InstrumentedAttribute, Session

from opendata.db.models import Event
from opendata.db.session import Database
from opendata.domain.access.addresses import shorten_address
from opendata.errors import N_, NotFoundError
from opendata.services.core.actors import Actor
from opendata.services.core.event_chain import add_event, chain_events, collect_events
from opendata.settings import Settings
from opendata.storage.signing import Signer
from opendata.storage.store import Store


class Queue(Protocol):
    """Tells a worker that a draft has work; the draft's row says which. Losing a message loses time, never work."""

    def put(self, draft: str) -> None:
        """Tell about one draft."""
        ...


WORK_FOLDER = "work"
"""Where in the private store's folder work in progress lies."""


def read_clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The parts services share."""

    settings: Settings
    database: Database
    public: Store
    private: Store
    signer: Signer
    queue: Queue
    clock: Callable[[], datetime] = read_clock

    def now(self) -> datetime:
        """The current second: times in records have no fractions."""
        return self.clock().replace(microsecond=0)

    def is_fresh(self, moment: datetime, seconds: float) -> bool:
        """Whether something happened within so many seconds; the clock of another machine may be ahead."""
        return timedelta(0) <= self.clock() - moment < timedelta(seconds=seconds)

    def where_rested(self, column: InstrumentedAttribute[datetime], seconds: float) -> ColumnElement[bool]:
        """Where a moment isn't one of the last so many seconds."""
        now, rest = self.clock(), timedelta(seconds=seconds)
        return or_(column <= now - rest, column > now + rest)

    def today(self) -> date:
        """The current day in the portal's time zone."""
        return self.clock().astimezone(ZoneInfo(self.settings.timezone)).date()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A unit of work that only reads."""
        with self.database.unit() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A unit of work that changes something; what it logs is chained at its end."""
        with self.database.unit(write=True) as session:
            collect_events(session)
            yield session
            chain_events(session, self.clock())

    @contextmanager
    def work_folder(self) -> Iterator[Path]:
        """An empty folder for work in progress, deleted at the end."""
        root = self.settings.private_folder / WORK_FOLDER
        root.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=root))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def kept_copy(self, blob: str) -> Iterator[Path]:
        """A local file of what was sent with a draft, or made of it. Raises `NotFoundError` if it is no longer kept."""
        with ExitStack() as opened:
            try:
                path = opened.enter_context(self.private.local_copy(blob))
            except NotFoundError:
                text = N_(
                    "This file is no longer kept. Files sent with a draft are deleted some time after the draft ends"
                )
                raise NotFoundError(text) from None
            yield path

    def log(self, session: Session, actor: Actor, verb: str, kind: str, subject: str, **details: Any) -> None:
        """Add a line to the audit log within a unit of work that writes."""
        address = shorten_address(actor.address, self.settings.audit_addresses)
        event = Event(at=self.clock(), actor=actor.name, verb=verb, subject_kind=kind, subject=subject)
        event.details, event.address = details, address
        add_event(session, event)

    def note(self, actor: Actor, verb: str, kind: str, subject: str, **details: Any) -> None:
        """Add a line to the audit log about something that changes nothing else."""
        with self.write() as session:
            self.log(session, actor, verb, kind, subject, **details)
