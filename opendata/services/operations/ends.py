"""What has ended, by the signed records of a store: grants, stopped versions, withdrawn versions.

The records of a store can be newer than the database of a backup. They count if they are proven: each must be signed by
a key that was valid at its time, and be about the version or grant that it is kept for. The newest proven record of a
version decides. One that isn't proven changes nothing and is named: the worker would sign it again as ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, Grant, Version
from opendata.domain.records import Suspension, Tombstone
from opendata.errors import N_, InputError, IntegrityError, NotFoundError
from opendata.metadata.keys import PublicKey, find_signer
from opendata.services.catalogue.withdrawals import choose_latest
from opendata.services.core.context import read_clock
from opendata.services.core.records import read_keys
from opendata.services.operations.verification.sources import StoreSource, find_store
from opendata.services.operations.verification.verifying import FORGED, KEYS_BROKEN, NO_RECORD, UNSIGNED, Evidence
from opendata.storage.local import LocalStore
from opendata.storage.store import Store, grant_end_key, signature_key, signing_key_key

ELSEWHERE = N_("the record is about something else, so it was ignored")
DIFFERENT = N_("the restored store has another record in this place, so this one was ignored")

COUNTED = ("grants", "stopped", "released", "withdrawn")
"""What `Ends` counts."""

_STOP, _TOMBSTONE, _GRANT = "suspended", "withdrawn", "grants"
_TIMES = {_STOP: "created", _TOMBSTONE: "changed", _GRANT: "created"}
"""The member of a record that says when it was made."""


@dataclass(slots=True)
class Ends:
    """What was kept to by records newer than the database, and which records weren't believed."""

    grants: int = 0
    stopped: int = 0
    released: int = 0
    withdrawn: int = 0
    wrong: list[Evidence] = field(default_factory=list)


@dataclass(frozen=True, slots=True, order=True)
class _End:
    """A proven record. Of two about the same, the later one counts, or the one with the higher number."""

    made: datetime
    number: int
    key: str = field(compare=False)
    kind: str = field(compare=False)
    record: Mapping[str, Any] = field(compare=False)


def take_ends(session: Session, source: Path, target: Store, ends: Ends) -> None:
    """Copy what has ended from a newer copy of the public store, for the versions and grants that the database has.

    Keys that were added since are copied too. Raises `InputError` if the store is older or of another portal.
    """
    records = _Records(find_store(source), ends.wrong)
    ours = [key.id for key in read_keys(target)]
    if [key.id for key in records.keys[: len(ours)]] != ours:
        raise InputError(
            N_("“%(folder)s” isn't a newer copy of this portal's public store: its keys differ"), folder=source
        )
    for number in range(len(ours) + 1, len(records.keys) + 1):
        _copy(records.store, target, signing_key_key(number))
    for _, found in _list_ends(session, records):
        for end in found:
            try:
                _copy(records.store, target, end.key)
            except IntegrityError:
                ends.wrong.append(Evidence(end.key, DIFFERENT))


def keep_ends(session: Session, place: Path | Store, ends: Ends) -> None:
    """Enter into a restored database what has ended by the records of its public store."""
    datasets = set()
    for row, found in _list_ends(session, _Records(place, ends.wrong)):
        if isinstance(row, Grant):
            row.ended, row.invitation = found[-1].made, None
            ends.grants += 1
            continue
        before = (row.suspension, row.withdrawal)
        for end in sorted(found):
            _enter(row, end)
        if before == (row.suspension, row.withdrawal):
            continue
        datasets.add(row.dataset_id)
        ends.withdrawn += row.withdrawal != before[1]
        ends.stopped += row.suspension != before[0] and row.suspended
        ends.released += row.suspension != before[0] and not row.suspended
    session.flush()
    for name in datasets:
        choose_latest(session, session.get_one(Dataset, name), read_clock().replace(microsecond=0))


def _enter(row: Version, end: _End) -> None:
    """Have a version say what a record says, unless it says something newer; the worker does what is left to do."""
    known = cast(Mapping[str, Any] | None, row.suspension if end.kind == _STOP else row.withdrawal)
    if known is not None and (known == end.record or datetime.fromisoformat(known[_TIMES[end.kind]]) > end.made):
        return
    if end.kind == _STOP:
        row.suspension = cast(Suspension, end.record)
        row.suspended = end.record["suspended"] is not False
    else:
        row.withdrawal = cast(Tombstone, end.record)
    row.changed = max(row.changed, end.made)
    row.unfinished = True


class _Records:
    """The records of ends in a store. Those that aren't proven are added to `wrong`."""

    def __init__(self, place: Path | Store, wrong: list[Evidence]) -> None:
        self.store = LocalStore(place, writes=False) if isinstance(place, Path) else place
        self.keys: list[PublicKey] = []
        self._source = StoreSource(self.store, "")
        self._wrong = wrong
        try:
            self.keys += read_keys(self.store)
        except (IntegrityError, ValueError):
            wrong.append(Evidence("keys", KEYS_BROKEN))

    def list_versions(self) -> Mapping[tuple[str, str], list[tuple[str, str, int]]]:
        """The records about versions: by dataset and version their keys, kinds and numbers."""
        found: dict[tuple[str, str], list[tuple[str, str, int]]] = {}
        for key in self.store.list_records("datasets"):
            place, _, suffix = key.rpartition(".")
            _, _, dataset, kind, rest = [*place.split("/", 4), "", "", "", ""][:5]
            version, _, number = rest.replace("/", "-").partition("-")
            if suffix == "json" and kind in (_STOP, _TOMBSTONE) and (number or "1").isdecimal():
                found.setdefault((dataset, version), []).append((key, kind, int(number or 1)))
        return found

    def prove(self, key: str, kind: str, number: int, dataset: str, expected: Mapping[str, str]) -> _End | None:
        """A record that is about this dataset and says what is `expected`, if that is proven."""
        found = self._judge(key, kind, number, dataset, expected)
        if isinstance(found, _End):
            return found
        self._wrong.append(Evidence(key, found))
        return None

    def _judge(self, key: str, kind: str, number: int, dataset: str, expected: Mapping[str, str]) -> _End | str:
        """The record, or what is wrong with it."""
        data = self.store.get_record(key)
        try:
            record = json.loads(data)
            made = datetime.fromisoformat(record[_TIMES[kind]])
            name, said = record["dataset"], {member: record[member] for member in expected}
        except (ValueError, KeyError, TypeError, RecursionError):
            return NO_RECORD
        if made.tzinfo is None:
            return NO_RECORD
        try:
            signature = self.store.get_record(signature_key(key))
        except NotFoundError:
            return UNSIGNED
        if find_signer(self.keys, data, signature, made) is None:
            return FORGED
        if said != expected or not (name == dataset or self._source.leads_to(str(name), dataset)):
            return ELSEWHERE
        return _End(made, number, key, kind, record)


def _list_ends(session: Session, records: _Records) -> Iterator[tuple[Version | Grant, list[_End]]]:
    """Each version and grant of the database that a record is about, with its proven records."""
    for (dataset, version), items in records.list_versions().items():
        row = session.scalar(select(Version).where(Version.dataset_id == dataset, Version.version == version))
        if row is not None:
            expected = {"version": version, "manifest": f"sha256:{row.manifest}"}
            proven = [records.prove(key, kind, number, dataset, expected) for key, kind, number in items]
            if found := [end for end in proven if end is not None]:
                yield row, found
    for grant in session.scalars(select(Grant).where(Grant.ended.is_(None))).all():
        key = grant_end_key(grant.dataset_id, grant.id)
        if records.store.has_record(key):
            end = records.prove(key, _GRANT, 1, grant.dataset_id, {"grant": grant.id})
            if end is not None:
                yield grant, [end]


def _copy(source: Store, target: Store, key: str) -> None:
    """Copy a record, its signature first, so that no record is ever without. Raises `IntegrityError`."""
    if target.has_record(key) and target.get_record(key) != source.get_record(key):
        raise IntegrityError(N_("The record %(key)s already exists with different bytes"), key=key)
    target.put_record(signature_key(key), source.get_record(signature_key(key)))
    target.put_record(key, source.get_record(key))
