"""Portals to harvest: they are registered, changed, asked for, started, stopped and removed here.

Maintainers do it. What became of each run is public: a portal that is harvested can see why a dataset is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from opendata.db.models import ExchangeSender, HarvestItem, HarvestRun, HarvestSource, Publisher
from opendata.domain.harvest.runs import HarvestWish
from opendata.domain.harvest.sources import HarvestKind
from opendata.domain.sources.timetable import Cycle
from opendata.errors import N_, InvalidMetadataError, NotFoundError, PreconditionError, StateError, fault
from opendata.metadata.identifiers import find_identifier_fault
from opendata.services.core.actors import Actor, require_maintainer
from opendata.services.core.context import Context
from opendata.services.core.leases import give_back
from opendata.services.harvest.values import HarvestInput, HarvestSourceView, read_timetable, view_source

_SHOWN_RUNS = 20


class Harvests:
    """Keeps the portals that are harvested."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(self) -> Sequence[HarvestSourceView]:
        """All portals by id; anybody may see them."""
        with self._context.read() as session:
            rows = session.scalars(select(HarvestSource).order_by(HarvestSource.id)).all()
            return [_view(session, row, 1) for row in rows]

    def get(self, source: str) -> HarvestSourceView:
        """One portal; anybody may see it. Raises `NotFoundError`."""
        with self._context.read() as session:
            return _view(session, _find(session, source), _SHOWN_RUNS)

    def put(
        self, actor: Actor | None, source: str, said: HarvestInput, *, revision: int | None = None
    ) -> tuple[HarvestSourceView, bool]:
        """Register a portal, or change it; what it is now, and whether it is new. A trial is asked for.

        Raises `InvalidMetadataError`, `NotPermittedError`, `PreconditionError` if `revision` isn't the current one.
        """
        found = require_maintainer(actor)
        with self._context.write() as session:
            require_sound(session, source, said)
            _require_account(found, said)
            row = session.get(HarvestSource, source, with_for_update=True)
            is_new = row is None
            now = self._context.clock()
            if row is None:
                row = HarvestSource(id=source, created=now, changed=now, revision=0, is_active=False, wish="nothing")
                row.etag = row.modified = ""
                session.add(row)
            elif revision is not None and revision != row.revision:
                text = N_("The portal has been changed since you read it. Read it again, then make your change")
                raise PreconditionError(text)
            row.title, row.url, row.kind = said.title, said.url, HarvestKind(said.kind)
            row.publisher_id, row.mapping, row.most_gone = said.publisher, dict(said.mapping), said.most_gone
            row.cycle, row.at, row.day = Cycle(said.cycle), said.at, said.day
            row.takes_data = said.takes_data
            row.author_id, row.author, row.changed = found.id, found.name, now
            row.revision += 1
            row.tries, row.etag, row.modified = 0, "", ""
            give_back(row)  # a run that is under way is void: it may be of another portal
            row.wish = HarvestWish.TRIAL
            row.due = self._find_due(row)
            self._context.log(session, found, "put-harvest", "harvest", source, url=said.url, speaks=said.kind)
            session.flush()
            return _view(session, row, _SHOWN_RUNS), is_new

    def ask(self, actor: Actor | None, source: str, *, is_trial: bool) -> HarvestSourceView:
        """Have a worker harvest a portal now, or try it without writing anything.

        Once it is harvested, its timetable begins. Raises `NotFoundError`, `NotPermittedError`, `StateError` while a
        run is under way.
        """
        found = require_maintainer(actor)
        with self._context.write() as session:
            row = _find(session, source, lock=True)
            if row.owner is not None:
                raise StateError(N_("A run of this portal is under way. Wait until it has ended"))
            row.wish = HarvestWish.TRIAL if is_trial else HarvestWish.RUN
            if not is_trial:
                row.is_active = True
                row.due = self._find_due(row)
                row.etag = row.modified = ""
            verb = "try-harvest" if is_trial else "ask-harvest"
            self._context.log(session, found, verb, "harvest", source)
            session.flush()
            return _view(session, row, _SHOWN_RUNS)

    def stop(self, actor: Actor | None, source: str) -> HarvestSourceView:
        """Harvest a portal no more; its datasets stay. Raises `NotFoundError`, `NotPermittedError`."""
        found = require_maintainer(actor)
        with self._context.write() as session:
            row = _find(session, source, lock=True)
            row.is_active, row.wish, row.due = False, HarvestWish.NOTHING, None
            give_back(row)
            self._context.log(session, found, "stop-harvest", "harvest", source)
            session.flush()
            return _view(session, row, _SHOWN_RUNS)

    def delete(self, actor: Actor | None, source: str) -> None:
        """Forget a portal from which nothing has come. Raises `StateError` where datasets have, and as `stop`."""
        found = require_maintainer(actor)
        with self._context.write() as session:
            row = _find(session, source, lock=True)
            if session.scalar(select(HarvestItem.id).where(HarvestItem.source_id == source).limit(1)) is not None:
                text = N_("Datasets of this portal are in the catalogue, so it can't be removed. Stop harvesting it")
                raise StateError(text)
            if session.get(ExchangeSender, source) is not None:
                text = N_(
                    "This portal registers its datasets here itself, so it can't be removed. Turn it off as a sender"
                )
                raise StateError(text)
            session.execute(delete(HarvestRun).where(HarvestRun.source_id == source))
            session.delete(row)
            self._context.log(session, found, "delete-harvest", "harvest", source)

    def _find_due(self, row: HarvestSource) -> datetime | None:
        zone = ZoneInfo(self._context.settings.timezone)
        return read_timetable(row).find_next(self._context.clock(), zone, "") if row.is_active else None


def _find(session: Session, source: str, *, lock: bool = False) -> HarvestSource:
    row = None if find_identifier_fault("", source) else session.get(HarvestSource, source, with_for_update=lock)
    if row is None:
        raise NotFoundError(N_("There is no portal “%(id)s” that is harvested"), id=source[:100])
    return row


def _view(session: Session, row: HarvestSource, runs: int) -> HarvestSourceView:
    query = select(HarvestRun).where(HarvestRun.source_id == row.id).order_by(HarvestRun.id.desc())
    newest = list(session.scalars(query.limit(runs)))
    if runs == 1:
        real = query.where(~HarvestRun.is_trial, HarvestRun.ended.is_not(None)).limit(1)
        newest = [*{item.id: item for item in (*newest, *session.scalars(real))}.values()]
    count = select(func.count(HarvestItem.id)).where(HarvestItem.source_id == row.id)
    live = session.scalar(count.where(HarvestItem.gone.is_(None))) or 0
    gone = session.scalar(count.where(HarvestItem.gone.is_not(None))) or 0
    return view_source(row, newest, live=live, gone=gone)


def require_sound(session: Session, source: str, said: HarvestInput) -> None:
    """Raises `InvalidMetadataError`; also where a publisher doesn't exist or has ended."""
    wrong = find_identifier_fault("/id", source)
    faults = [wrong] if wrong else []
    faults += said.list_faults()
    if not faults:
        wanted = {said.publisher: "/publisher", **dict.fromkeys(said.mapping.values(), "/mapping")}
        query = select(Publisher.id).where(Publisher.id.in_(wanted), Publisher.ended.is_(None))
        there = set(session.scalars(query))
        text = N_("There is no publisher “%(id)s”")
        faults += [fault(place, text, id=name) for name, place in wanted.items() if name not in there]
    if faults:
        raise InvalidMetadataError(faults=faults)


def _require_account(actor: Actor, said: HarvestInput) -> None:
    """Raises `InvalidMetadataError` where tables would be fetched as nobody."""
    if said.takes_data and actor.id is None:
        text = N_("Tables are fetched as the account that registers the portal. Sign in to register it")
        raise InvalidMetadataError(faults=[fault("/data", text)])
