"""Records at higher platforms, for those who look: of a platform by state, of a dataset, as a table; sending again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, HigherPlatform, UpwardRecord
from opendata.domain.upward.messages import is_record_id
from opendata.domain.upward.records import RecordState, repeat
from opendata.errors import N_, InputError, NotFoundError
from opendata.services.catalogue.entries import find_dataset
from opendata.services.core.actors import Actor, require_insider, require_maintainer, require_overseer
from opendata.services.core.context import Context
from opendata.services.core.paging import read_cursor, refuse_cursor, write_cursor
from opendata.services.core.values import Page
from opendata.services.exchange.upward.platforms import find_platform, require_active
from opendata.services.exchange.upward.rows import read_row, write_row
from opendata.services.exchange.upward.values import RecordView, view_record

_BATCH = 500

_RECORDS, _PLATFORMS = UpwardRecord.__table__, HigherPlatform.__table__
_PUBLIC = (
    select(_PLATFORMS.c.title, _RECORDS.c.page)
    .select_from(_RECORDS.join(_PLATFORMS, _PLATFORMS.c.id == _RECORDS.c.platform_id))
    .where(
        _RECORDS.c.dataset_uuid == bindparam("uuid"),
        _RECORDS.c.delivered.is_not(None),
        _RECORDS.c.page != "",
        _PLATFORMS.c.is_public,
    )
    .order_by(_PLATFORMS.c.id)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicPlace:
    """Where a higher platform has a dataset, for anybody."""

    platform: str
    page: str


class UpwardRecords:
    """Reads records, and has them sent again."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(
        self, actor: Actor | None, platform: str, *, state: str | None = None, limit: int, cursor: str | None = None
    ) -> Page[RecordView]:
        """A page of the records of a platform, of one state if wanted.

        Raises `InputError` for a state or a cursor that there isn't, `NotFoundError`, `NotPermittedError`.
        """
        require_overseer(actor)
        query = _select(platform, state)
        key = read_cursor(cursor)
        if key is not None:
            if not (key.isascii() and key.isdecimal() and len(key) < 19):
                raise refuse_cursor()
            query = query.where(UpwardRecord.id > int(key))
        with self._context.read() as session:
            find_platform(session, platform)
            rows = list(session.execute(query.limit(limit + 1)))
            items = [_view(*row) for row in rows[:limit]]
            last = rows[limit - 1][0].id if len(rows) > limit else None
        return Page(items, write_cursor(str(last)) if last is not None else None)

    def iterate(self, actor: Actor | None, platform: str, *, state: str | None = None) -> Iterator[RecordView]:
        """All of them, read in batches. Raises as `list`, before the first one."""
        require_overseer(actor)
        query = _select(platform, state)
        with self._context.read() as session:
            find_platform(session, platform)
        return self._iterate(query)

    def list_of(self, actor: Actor | None, dataset: str) -> Sequence[RecordView]:
        """What became of a dataset at each platform, for those who work on it. Raises `NotFoundError`."""
        with self._context.read() as session:
            row = find_dataset(session, dataset)
            require_insider(actor, row.publisher_id, row.id)
            query = _join().where(UpwardRecord.dataset_uuid == row.uuid, HigherPlatform.is_active)
            return [_view(*found) for found in session.execute(query.order_by(HigherPlatform.id))]

    def list_public(self, uuid: str) -> Sequence[PublicPlace]:
        """Where a public dataset is at platforms whose addresses are shown to all."""
        with self._context.read() as session:
            return [PublicPlace(platform=title, page=page) for title, page in session.execute(_PUBLIC, {"uuid": uuid})]

    def repeat(self, actor: Actor | None, platform: str, uuid: str | None = None) -> int:
        """Have a record sent again, or all of a platform; how many. Raises `NotFoundError`, `StateError`."""
        found = require_maintainer(actor)
        after, count = 0, 0
        while True:
            with self._context.write() as session:
                row = find_platform(session, platform, lock=True)
                require_active(row)
                row.rests_until = None
                rows = _find_rows(session, platform, uuid, after)
                for record in rows:
                    write_row(record, repeat(read_row(record)))
                    record.due = self._context.clock()
                    record.revision += 1
                count += len(rows)
                if uuid is not None and not rows:
                    raise NotFoundError(N_("There is no record “%(id)s” at this platform"), id=uuid[:100])
                if uuid is not None or len(rows) < _BATCH:
                    self._context.log(session, found, "send-again", "platform", platform, records=count)
                    return count
                after = rows[-1].id

    def _iterate(self, query: Select[UpwardRecord, str, str, str | None]) -> Iterator[RecordView]:
        after = 0
        while True:
            with self._context.read() as session:
                rows = list(session.execute(query.where(UpwardRecord.id > after).limit(_BATCH)))
                items = [_view(*row) for row in rows]
                after = rows[-1][0].id if rows else after
            yield from items
            if len(rows) < _BATCH:
                return


def describe_line(found: RecordView) -> Mapping[str, object]:
    """A record as a line of a table, under the names that REST gives its parts."""
    return {
        "dataset": found.dataset or "",
        "title": found.title,
        "uuid": found.uuid,
        "state": str(found.state),
        "digest": found.delivered or "",
        "attempts": found.attempts,
        "tried": found.tried,
        "delivered": found.settled,
        "due": found.due,
        "status": found.status or "",
        "idThere": found.there,
        "url": found.page,
    }


def _join() -> Select[UpwardRecord, str, str, str | None]:
    return (
        select(UpwardRecord, HigherPlatform.title, Dataset.id, Dataset.title)
        .join(HigherPlatform, HigherPlatform.id == UpwardRecord.platform_id)
        .outerjoin(Dataset, Dataset.uuid == UpwardRecord.dataset_uuid)
    )


def _select(platform: str, state: str | None) -> Select[UpwardRecord, str, str, str | None]:
    query = _join().where(UpwardRecord.platform_id == platform).order_by(UpwardRecord.id)
    if not state:
        return query
    if state not in list(RecordState):
        raise InputError(N_("There is no state “%(state)s” of records"), state=state[:60])
    return query.where(UpwardRecord.state == RecordState(state))


def _view(row: UpwardRecord, platform: str, dataset: str | None, title: str | None) -> RecordView:
    return view_record(row, platform, dataset, title or "")


def _find_rows(session: Session, platform: str, uuid: str | None, after: int) -> Sequence[UpwardRecord]:
    query = select(UpwardRecord).where(UpwardRecord.platform_id == platform, UpwardRecord.id > after)
    if uuid is not None:
        query = query.where(UpwardRecord.dataset_uuid == (uuid if is_record_id(uuid) else ""))
    return session.scalars(query.order_by(UpwardRecord.id).limit(_BATCH).with_for_update()).all()
