"""Comparing what a platform has with what was delivered: what is missing or other there is sent again.

Of a package at a CKAN only those are compared whose dataset is one of ours: others may send to the organization too.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, HigherPlatform, UpwardRecord
from opendata.domain.upward.messages import is_record_id
from opendata.domain.upward.platforms import PlatformKind
from opendata.domain.upward.records import RecordState, SentRecord, forget
from opendata.errors import N_, StateError
from opendata.services.core.context import Context
from opendata.services.exchange.upward.parcels import Platform, There, Way
from opendata.services.exchange.upward.rows import read_row, write_row

_BATCH = 200


class Comparing:
    """Compares records."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def compare(self, platform: Platform, way: Way) -> dict[str, int]:
        """How many records are equal, missing or other there. Raises `BackendError` where it doesn't answer."""
        there = {item.uuid: item for item in way.list_there()}
        counts = {"equal": 0, "missing": 0, "other": 0}
        after = 0
        while True:
            with self._context.write() as session:
                self._require_held(session, platform)
                own = UpwardRecord.platform_id == platform.id
                query = select(UpwardRecord).where(own, UpwardRecord.id > after).order_by(UpwardRecord.id).limit(_BATCH)
                rows = list(session.scalars(query.with_for_update()))
                for row in rows:
                    self._compare(row, there.pop(row.dataset_uuid, None), counts)
            if len(rows) < _BATCH:
                break
            after = rows[-1].id
        rest = iter(there.values())
        while part := list(islice(rest, _BATCH)):
            self._add_strange(platform, part, counts)
        return counts

    def _compare(self, row: UpwardRecord, found: There | None, counts: dict[str, int]) -> None:
        record = read_row(row)
        digest = found.digest if found is not None else None
        if record.delivered == digest:
            counts["equal"] += found is not None
            return
        counts["other" if found is not None else "missing"] += 1
        write_row(row, forget(record, digest))
        row.due = self._context.clock()
        row.revision += 1
        if found is not None and found.there:
            row.there = found.there

    def _add_strange(self, platform: Platform, found: Iterable[There], counts: dict[str, int]) -> None:
        """Take in what is there although nothing is known of it, as after a restore from a backup."""
        now = self._context.clock()
        with self._context.write() as session:
            self._require_held(session, platform)
            names = {item.uuid: item for item in found if is_record_id(item.uuid)}
            ours = set(session.scalars(select(Dataset.uuid).where(Dataset.uuid.in_(list(names)))))
            for uuid, item in names.items():
                if platform.kind == PlatformKind.CKAN and uuid not in ours:
                    continue
                counts["other"] += 1
                row = UpwardRecord(platform_id=platform.id, dataset_uuid=uuid, revision=1, due=now, there=item.there)
                row.answer = row.name = row.page = ""
                write_row(row, SentRecord(state=RecordState.WAITING, delivered=item.digest))
                session.add(row)

    def _require_held(self, session: Session, platform: Platform) -> None:
        row = session.get(HigherPlatform, platform.id)
        if row is None or row.owner != platform.owner:
            raise StateError(N_("The platform was changed while it was compared"))
