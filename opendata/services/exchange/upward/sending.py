"""Sending what waits: the worker takes a platform, sends its records one after the other, and notes each answer.

A platform is held by a lease for a short while, so that a slow one holds up no other, and one that doesn't answer
rests. What is sent is decided at that moment by what is public then. Before a message is sent it is written down that
it may arrive, so a worker that dies in between repeats it under the same name.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from opendata.db.models import HigherPlatform, UpwardRecord
from opendata.domain.upward.messages import MessageName
from opendata.domain.upward.platforms import BACK_AFTER, PlatformKind, find_rest
from opendata.domain.upward.records import Answer, RecordState, Step, begin, choose_step, find_pause, rest, settle
from opendata.errors import N_, KeptMessage, OpendataError
from opendata.exchange.upward.ckan import name_package
from opendata.outside.guard import Guard, say_refusal
from opendata.services.core.context import Context
from opendata.services.core.leases import Leases, give_back
from opendata.services.exchange.upward.ckan_way import CkanWay
from opendata.services.exchange.upward.comparing import Comparing
from opendata.services.exchange.upward.contents import Contents, Wanted
from opendata.services.exchange.upward.following import Following
from opendata.services.exchange.upward.parcels import Outcome, Parcel, Platform, Way
from opendata.services.exchange.upward.rows import read_row, write_row
from opendata.services.exchange.upward.signed import GuideWay, PortalWay
from opendata.services.exchange.upward.values import read_selection
from opendata.storage.secrets import decrypt_secret

logger = logging.getLogger(__name__)

TURN_SECONDS = 20.0
"""A platform is sent to for so long at once; then another one has its turn."""

COMPARED_EVERY = timedelta(days=1)
"""How often what a platform has is compared with what was delivered."""

_AT_ONCE = 100
_LASTS = timedelta(minutes=5)
"""How long a platform is held: longer than one message or one page of a comparison takes."""

_LOST = timedelta(hours=1)
_REFUSES = N_("The platform answers with the status %(status)s")

_WAYS: Mapping[PlatformKind, Callable[[Platform, Guard, Callable[[], datetime]], Way]] = {
    PlatformKind.OPENDATA: PortalWay,
    PlatformKind.CKAN: CkanWay,
    PlatformKind.HTTP: GuideWay,
}


@dataclass(frozen=True, slots=True)
class _Due:
    """A record that is due, by its number, and the times that it was marked until then."""

    number: int
    revision: int
    uuid: str


class Sending:
    """Follows the audit log for each platform, and sends what waits."""

    def __init__(self, context: Context, contents: Contents) -> None:
        self._context = context
        self._contents = contents
        self._following = Following(context)
        self._comparing = Comparing(context)
        self._leases = Leases(
            context=context,
            table=HigherPlatform,
            is_due=_is_due,
            order=(func.coalesce(HigherPlatform.taken, HigherPlatform.created), HigherPlatform.id),
            lasts=_LASTS,
        )

    def run_due(self, is_stopping: Callable[[], bool] = lambda: False) -> int:
        """Send what is due, until it is to stop; how many platforms had a turn."""
        count = 0
        while not is_stopping():
            self._follow(is_stopping)
            platform = self._leases.take(self._begin)
            if platform is None:
                break
            try:
                self._work(platform, is_stopping)
            finally:
                self._end(platform)
            count += 1
        return count

    def _follow(self, is_stopping: Callable[[], bool]) -> None:
        """Mark what has changed, for every platform: also while one of them has long to take everything."""
        with self._context.read() as session:
            names = list(session.scalars(select(HigherPlatform.id).where(HigherPlatform.is_active)))
        for name in names:
            while not is_stopping() and self._following.follow(name):
                pass

    def _begin(self, session: Session, row: HigherPlatform, owner: str) -> Platform | None:  # noqa: ARG002
        now = self._context.clock()
        row.taken = now
        try:
            secret = decrypt_secret(self._context.settings.key_folder, row.secret)
        except OpendataError as error:  # the key was lost: a maintainer enters the secret again
            row.reason, row.failures = {**error.describe()}, row.failures + 1
            row.rests_until = now + _LOST
            return None
        return Platform(
            id=row.id,
            owner=owner,
            kind=row.kind,
            url=row.url,
            account=row.account,
            method=row.method,
            secret=secret,
            selection=read_selection(row),
            compares=bool(_wants_comparison(row, now)),
        )

    def _end(self, platform: Platform) -> None:
        with self._context.write() as session:
            row = self._leases.find(session, platform.id, platform.owner)
            if row is not None:
                give_back(row)

    def _work(self, platform: Platform, is_stopping: Callable[[], bool]) -> None:
        way = _WAYS[platform.kind](platform, Guard(self._context.settings.source_hosts), self._context.clock)
        ends = monotonic() + TURN_SECONDS
        if platform.compares and not self._compare(platform, way):
            return
        while monotonic() < ends and (due := self._list_due(platform)):
            wanted = self._contents.write(platform, [item.uuid for item in due])
            left = self._rest(platform, due, wanted)
            if left is None:
                return
            for item in left:
                if is_stopping() or monotonic() >= ends or not self._leases.keep(platform.id, platform.owner):
                    return
                if not self._send(platform, way, item):
                    return

    def _compare(self, platform: Platform, way: Way) -> bool:
        """Compare what the platform has; whether it answered."""
        try:
            step = self._comparing.compare(platform, way)
        except OpendataError as error:
            self._note_away(platform, say_refusal(error), None)
            return False
        with self._context.write() as session:
            row = self._leases.find(session, platform.id, platform.owner)
            if row is None:
                return False
            row.compared, row.is_asked, row.step = self._context.clock(), False, step
        return True

    def _list_due(self, platform: Platform) -> list[_Due]:
        """The next records: first those that the platform has already, so that no withdrawal waits behind new ones."""
        query = (
            select(UpwardRecord.id, UpwardRecord.revision, UpwardRecord.dataset_uuid)
            .where(UpwardRecord.platform_id == platform.id, *_is_record_due(self._context.clock()))
            .order_by(UpwardRecord.delivered.is_(None), UpwardRecord.due, UpwardRecord.id)
            .limit(_AT_ONCE)
        )
        with self._context.read() as session:
            return [_Due(*found) for found in session.execute(query)]

    def _rest(self, platform: Platform, due: list[_Due], wanted: Mapping[str, Wanted]) -> list[_Due] | None:
        """Settle the records for which nothing needs to be sent, and return the others; None if the hold is lost."""
        left = []
        with self._context.write() as session:
            if self._leases.find(session, platform.id, platform.owner) is None:
                return None
            for item in due:
                row = session.get(UpwardRecord, item.number, with_for_update=True)
                if row is None or row.revision != item.revision:
                    continue  # it was marked meanwhile, and is looked at again
                record, found = read_row(row), wanted.get(item.uuid)
                digest = found.digest if found else None
                if choose_step(record, digest) == Step.NOTHING:
                    write_row(row, rest(record, digest))
                    row.answer, row.reason = "", None
                else:
                    left.append(item)
        return left

    def _send(self, platform: Platform, way: Way, item: _Due) -> bool:
        """Send one record as it is now; whether the platform can be sent the next one."""
        found = self._contents.write(platform, [item.uuid]).get(item.uuid)
        parcel = self._prepare(item, found)
        if parcel is None:
            return True
        try:
            outcome = way.send(parcel)
        except OpendataError as error:
            outcome = Outcome(answer=Answer.AWAY, reason=say_refusal(error))
        self._settle(platform, parcel, outcome)
        return outcome.answer != Answer.AWAY

    def _prepare(self, item: _Due, found: Wanted | None) -> Parcel | None:
        """The message about a record, written down before it is sent; None where there is nothing to send."""
        with self._context.write() as session:
            row = session.get(UpwardRecord, item.number, with_for_update=True)
            if row is None or row.revision != item.revision:
                return None
            record, digest = read_row(row), found.digest if found else None
            step = choose_step(record, digest)
            if step == Step.NOTHING:
                write_row(row, rest(record, digest))
                return None
            clock = int(self._context.clock().timestamp() * 1000)
            begun = begin(record, digest, clock)
            write_row(row, begun)
            if not row.name and found is not None:
                row.name = name_package(found.dataset, item.uuid)
            return Parcel(
                number=row.id,
                revision=row.revision,
                message=MessageName(step, item.uuid, begun.serial),
                digest=digest,
                content=found.content if found else None,
                name=row.name,
                there=row.there,
                was_unsure=record.is_unsure,
            )

    def _settle(self, platform: Platform, parcel: Parcel, outcome: Outcome) -> None:
        now = self._context.clock()
        with self._context.write() as session:
            row = session.get(UpwardRecord, parcel.number, with_for_update=True)
            if row is None:
                return  # the platform was deleted, or is another one now
            record = settle(read_row(row), outcome.answer, was_unsure=parcel.was_unsure)
            write_row(row, record)
            row.tried, row.status, row.answer = now, outcome.status, outcome.text
            row.reason = {**outcome.reason} if outcome.reason else None
            if outcome.answer == Answer.TAKEN:
                row.settled, row.answer = now, ""
                row.there = outcome.there or row.there
                row.page = "" if parcel.is_deletion else outcome.page or row.page
            elif record.state == RecordState.FAILED:
                row.due = now + find_pause(record.attempts)
            if row.revision != parcel.revision:  # it changed while it was sent
                row.state, row.due, row.attempts = RecordState.WAITING, now, 0
        if outcome.answer == Answer.AWAY:
            said: KeptMessage = {"message": _REFUSES, "params": {"status": outcome.status or 0}}
            self._note_away(platform, outcome.reason or said, outcome.retry_after)
        else:
            self._note_back(platform)

    def _note_away(self, platform: Platform, reason: KeptMessage, asked: float | None) -> None:
        with self._context.write() as session:
            row = self._leases.find(session, platform.id, platform.owner)
            if row is None:
                return
            row.failures += 1
            row.reason = {**reason}
            row.rests_until = self._context.clock() + find_rest(row.failures, asked)
            if row.failures == BACK_AFTER:
                logger.warning("the higher platform “%s” doesn't take anything", platform.id)

    def _note_back(self, platform: Platform) -> None:
        """What waited for a platform that was away is due once it takes something."""
        with self._context.write() as session:
            row = self._leases.find(session, platform.id, platform.owner)
            if row is None or not row.failures:
                return
            if row.failures >= BACK_AFTER:
                own = (UpwardRecord.platform_id == platform.id, UpwardRecord.state == RecordState.FAILED)
                session.execute(
                    update(UpwardRecord)
                    .where(*own)
                    .values(due=self._context.clock())
                    .execution_options(synchronize_session=False)
                )
            row.failures, row.rests_until, row.reason = 0, None, None


def _is_record_due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    states = (RecordState.WAITING, RecordState.FAILED)
    return UpwardRecord.state.in_(states), UpwardRecord.due <= now


def _is_due(now: datetime) -> ColumnElement[bool]:
    waits = select(UpwardRecord.id).where(UpwardRecord.platform_id == HigherPlatform.id, *_is_record_due(now)).exists()
    is_old = or_(HigherPlatform.compared.is_(None), HigherPlatform.compared <= now - COMPARED_EVERY)
    compares = and_(HigherPlatform.kind != PlatformKind.HTTP, or_(HigherPlatform.is_asked, is_old))
    is_rested = or_(HigherPlatform.rests_until.is_(None), HigherPlatform.rests_until <= now)
    return and_(HigherPlatform.is_active, is_rested, or_(compares, waits))


def _wants_comparison(row: HigherPlatform, now: datetime) -> bool:
    if row.kind == PlatformKind.HTTP:
        return False
    return row.is_asked or row.compared is None or row.compared <= now - COMPARED_EVERY
