"""What of the portal works now, in words, without secrets: each part is asked alone, so one can't hide the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select

from opendata.db.models import Damage
from opendata.domain.moments import format_time
from opendata.domain.site.kinds import PageKind
from opendata.errors import N_, BackendError, OpendataError
from opendata.search.index import SearchIndex
from opendata.services.core.context import Context
from opendata.services.core.health import Health
from opendata.services.governance.duties.calendars import read_calendar
from opendata.services.governance.site.pages import Pages
from opendata.services.governance.site.values import PageView, PartState, StatusView
from opendata.services.mail.outbox import Outbox
from opendata.services.operations.last_checks import CheckName, Noted, read_check

_SILENT_AFTER = timedelta(minutes=5)
"""After so long without a sign of life, no worker works."""

_NEXT_YEAR_MONTH = 12
"""From this month on, the working days of the next year should be entered: they are announced in autumn."""

_MOST_INCIDENTS = 20

_READY = N_("works")
_AWAY = N_("doesn't work at the moment")
_UNKNOWN = N_("can't be told while the database is away")


class Status:
    """Answers the status page."""

    def __init__(
        self,
        context: Context,
        *,
        health: Health,
        outbox: Outbox,
        index: SearchIndex,
        pages: Pages,
        count_queue: Callable[[], int],
    ) -> None:
        self._context = context
        self._health = health
        self._outbox = outbox
        self._index = index
        self._pages = pages
        self._count_queue = count_queue

    def read(self) -> StatusView:
        """What works now, what the last checks found, and incidents, the newest first."""
        now = self._context.now()
        return StatusView(
            at=now,
            parts=list(self._list_parts(now)),
            checks=list(self._list_checks(now)),
            incidents=self._list_incidents(),
        )

    def _list_parts(self, now: datetime) -> Iterator[PartState]:
        yield self._ask("database", self._health.check)
        yield self._find_store()
        yield self._ask("queue", self._count_queue)
        yield self._find_worker(now)
        is_ready = self._index.read_generation() is not None
        yield PartState(
            "search", is_ready or None, _READY if is_ready else N_("isn't ready yet: lists work without it")
        )
        yield self._find_mail()

    def _ask(self, name: str, question: Callable[[], object]) -> PartState:
        try:
            question()
        except OpendataError:
            return PartState(name, False, _AWAY)
        return PartState(name, True, _READY)

    def _find_store(self) -> PartState:
        try:
            self._context.public.check()
        except BackendError:
            return PartState("stores", False, _AWAY)
        if self._health.find_write_fault() is not None:
            return PartState("stores", False, N_("can be read, but nothing can be sent or published at the moment"))
        return PartState("stores", True, _READY)

    def _find_worker(self, now: datetime) -> PartState:
        try:
            with self._context.read() as session:
                noted = read_check(session, CheckName.WORKER)
        except BackendError:
            return PartState("worker", None, _UNKNOWN)
        if noted is None:
            return PartState("worker", None, N_("hasn't been started yet"))
        if now - noted.at > _SILENT_AFTER:
            since = {"time": format_time(noted.at)}
            return PartState("worker", False, N_("has given no sign of life since %(time)s"), since)
        return PartState("worker", True, _READY)

    def _find_mail(self) -> PartState:
        if not self._context.settings.sends_mail:
            return PartState("mail", None, N_("isn't used by this portal"))
        try:
            is_stuck = self._outbox.is_stuck()
        except BackendError:
            return PartState("mail", None, _UNKNOWN)
        return PartState("mail", not is_stuck, N_("doesn't get through at the moment") if is_stuck else _READY)

    def _list_checks(self, now: datetime) -> Iterator[PartState]:
        try:
            with self._context.read() as session:
                damaged = session.scalar(select(func.count()).select_from(Damage)) or 0
                years = read_calendar(session).years
                noted = {name: read_check(session, name) for name in CheckName}
        except BackendError:
            return
        text = N_("%(count)s published files are damaged and aren't served") if damaged else N_("none is known")
        yield PartState("damaged", damaged == 0, text, {"count": damaged})
        yield _describe_stores(noted[CheckName.STORES])
        yield _describe_blobs(noted[CheckName.BLOBS])
        yield _describe_links(noted[CheckName.LINKS])
        yield _describe_calendar(now, max(years))

    def _list_incidents(self) -> Sequence[PageView]:
        try:
            return self._pages.list(None, PageKind.INCIDENT)[:_MOST_INCIDENTS]
        except BackendError:
            return ()


def _describe_stores(noted: Noted | None) -> PartState:
    if noted is None:
        return PartState("stores", None, N_("hasn't been checked as a whole yet"))
    found = {"time": format_time(noted.at), "count": noted.result.get("faults", 0)}
    if found["count"]:
        return PartState("stores", False, N_("%(count)s faults were found on %(time)s"), found)
    return PartState("stores", True, N_("checked as a whole on %(time)s: nothing is wrong"), found)


def _describe_blobs(noted: Noted | None) -> PartState:
    if noted is None:
        return PartState("blobs", None, N_("no file has been checked yet"))
    return PartState("blobs", True, N_("the worker last checked files on %(time)s"), {"time": format_time(noted.at)})


def _describe_links(noted: Noted | None) -> PartState:
    if noted is None:
        return PartState("links", None, N_("no link has been checked yet"))
    found = {"time": format_time(noted.at), **noted.result}
    text = N_("links of re-uses last checked on %(time)s: %(alive)s answer, %(failing)s don't, %(dead)s are dead")
    return PartState("links", not noted.result.get("failing"), text, found)


def _describe_calendar(now: datetime, last: int) -> PartState:
    wanted = now.year + (now.month >= _NEXT_YEAR_MONTH)
    return PartState("calendar", last >= wanted, N_("working days are known up to %(year)s"), {"year": last})
