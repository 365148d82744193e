"""Signed records of how far the audit log had come, and of where its old end was cut off.

They are in the private store, `audit/checkpoints/{position}.json` and `audit/cuts/{position}.json`, each with its
signature. So anyone who can write only to the database can neither rewrite the log up to the newest checkpoint nor
take its end away unnoticed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from opendata.db.models import Event
from opendata.domain.moments import format_time
from opendata.errors import N_, IntegrityError, NotFoundError
from opendata.metadata.canonical import write_canonical
from opendata.metadata.keys import PublicKey, find_signer
from opendata.services.core.actors import SYSTEM, Actor, require_maintainer
from opendata.services.core.context import Context
from opendata.services.core.event_chain import begin_after, chain_past
from opendata.services.core.records import read_keys, require_key
from opendata.storage.store import Store, signature_key

_CHECKPOINTS, _CUTS = "audit/checkpoints", "audit/cuts"
_EVERY = timedelta(hours=24)


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """The digest of the event at a position, as a signed record says."""

    position: int
    digest: str


class Checkpoints:
    """Writes checkpoints and cuts off what is older than the log is kept."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def tidy(self) -> None:
        """What the worker does every hour: chain what is unchained, a checkpoint once a day, cut what is too old."""
        now = self._context.clock()
        chain_past(self._context.database, now)
        newest = max(self._context.private.list_records(_CHECKPOINTS), default=None)
        if newest is None or now.timestamp() - self._context.private.find_written(newest) >= _EVERY.total_seconds():
            self.write()
        oldest_day = now - timedelta(days=self._context.settings.audit_retention_days)
        self.cut(SYSTEM, oldest_day.replace(hour=0, minute=0, second=0, microsecond=0))

    def write(self) -> int:
        """Sign how far the log has come; the position, 0 where there is nothing to sign."""
        query = select(Event.position, Event.digest).where(Event.position.is_not(None))
        with self._context.read() as session:
            last = session.execute(query.order_by(Event.position.desc()).limit(1)).first()
        if last is None or last[0] is None or last[1] is None:
            return 0
        if not self._context.private.has_record(_key(_CHECKPOINTS, last[0])):
            self._sign(_CHECKPOINTS, Mark(last[0], last[1]), {})
        return last[0]

    def cut(self, actor: Actor | None, before: datetime) -> int:
        """Delete the events before a moment, keeping a signed record of where the log begins now; how many.

        The newest event always stays. Raises `NotPermittedError`.
        """
        found = require_maintainer(actor)
        with self._context.write() as session:
            end = session.scalar(select(func.max(Event.position)))
            first_kept = select(func.min(Event.position)).where(Event.at >= before)
            limit = min(session.scalar(first_kept) or end or 1, end or 1)
            row = session.execute(select(Event.position, Event.digest).where(Event.position == limit - 1)).first()
            if row is None or row[0] is None or row[1] is None:
                return 0
            count = session.scalar(select(func.count()).where(Event.position < limit)) or 0
            self._sign(_CUTS, Mark(row[0], row[1]), {"events": count, "before": format_time(before)})
            session.execute(delete(Event).where(Event.position < limit))
            details = {"events": count, "last": row[0], "before": format_time(before)}
            self._context.log(session, found, "cut", "audit-log", "", **details)
        return count

    def begin_again(self, session: Session) -> None:
        """Have the log of a database without events go on after the newest checkpoint: what it had is lost.

        This is recorded like a cut, so that the lost events are not reported forever.
        """
        newest = max(list_checkpoints(self._context.private, read_keys(self._context.public)), default=None)
        if newest is None or not begin_after(session, newest.position, newest.digest, self._context.clock()):
            return
        self._sign(_CUTS, newest, {"lost": True})

    def _sign(self, folder: str, mark: Mark, details: Mapping[str, Any]) -> None:
        require_key(self._context)
        created = format_time(self._context.clock())
        document = {"position": mark.position, "digest": mark.digest, "created": created, **details}
        data, store, key = write_canonical(document), self._context.private, _key(folder, mark.position)
        if store.has_record(key):  # kept by a run that broke off before its events were deleted
            return
        store.put_record(signature_key(key), self._context.signer.sign(data))
        store.put_record(key, data)


def list_checkpoints(store: Store, keys: Sequence[PublicKey]) -> Iterator[Mark]:
    """The checkpoints in order. Raises `IntegrityError` for one that isn't signed by a key of the portal."""
    return (_read(store, keys, key) for key in store.list_records(_CHECKPOINTS) if key.endswith(".json"))


def find_cut(store: Store, keys: Sequence[PublicKey]) -> Mark | None:
    """Where the log was cut last. Raises as `list_checkpoints` does."""
    newest = max((key for key in store.list_records(_CUTS) if key.endswith(".json")), default=None)
    return None if newest is None else _read(store, keys, newest)


def read_position(key: str) -> int:
    """The position that a record of the audit log is about, by its name in the private store; 0 for anything else."""
    folder, _, name = key.rpartition("/")
    number = name.partition(".")[0]
    return int(number) if folder in (_CHECKPOINTS, _CUTS) and number.isdecimal() else 0


def _key(folder: str, position: int) -> str:
    return f"{folder}/{position:015d}.json"


def _read(store: Store, keys: Sequence[PublicKey], key: str) -> Mark:
    data = store.get_record(key)
    try:
        document = json.loads(data)
        mark = Mark(document["position"], document["digest"])
        made = datetime.fromisoformat(document["created"])
        signature = store.get_record(signature_key(key))
    except (ValueError, KeyError, TypeError, NotFoundError):
        raise IntegrityError(N_("The record %(key)s of the audit log is damaged"), key=key) from None
    if _key(key.rpartition("/")[0], mark.position) != key or find_signer(keys, data, signature, made) is None:
        raise IntegrityError(N_("The record %(key)s of the audit log isn't signed by a key of this portal"), key=key)
    return mark
