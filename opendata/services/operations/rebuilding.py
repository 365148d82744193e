"""The published catalogue restored from the public store alone, into an empty database or what a broken-off run left.

Accounts, drafts and events are not in the store; whatever was published, closed, renamed or withdrawn is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opendata.db.models import Alias, Dataset, Draft, NegativeList, OpeningDate, Publisher, Schema, Version
from opendata.domain.disclosure import Disclosure
from opendata.domain.manifest import Manifest
from opendata.domain.records import Alias as AliasRecord
from opendata.domain.records import Entry, Erratum, Suspension, Tombstone
from opendata.errors import N_, IntegrityError, NotFoundError, OpendataError, StateError
from opendata.metadata.canonical import digest
from opendata.metadata.keys import PublicKey, find_signer
from opendata.metadata.versions import parse_version
from opendata.services.audit.checkpoints import Checkpoints
from opendata.services.catalogue.grounds import list_records
from opendata.services.catalogue.publisher_records import restore_publisher
from opendata.services.catalogue.registering import plan_records
from opendata.services.catalogue.registering.numbers import keep_numbers
from opendata.services.catalogue.schemas import index_schema
from opendata.services.catalogue.version_index import index_version
from opendata.services.core.actors import SYSTEM
from opendata.services.core.context import Context
from opendata.services.core.records import count_editions, read_keys
from opendata.storage.store import (
    entry_key,
    erratum_key,
    negative_list_key,
    plan_key,
    publisher_key,
    signature_key,
    suspension_key,
    tombstone_key,
)

_THREADS = 8
_AT_ONCE = 64


@dataclass(slots=True)
class Rebuilt:
    """How many of each were restored, and what could not be: its key in the store and why.

    `lists` are versions of the negative list, `plans` the datasets that the opening plan had a day for.
    """

    publishers: int = 0
    schemas: int = 0
    datasets: int = 0
    versions: int = 0
    withdrawn: int = 0
    aliases: int = 0
    lists: int = 0
    plans: int = 0
    wrong: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Found:
    """A dataset as the store has it."""

    entry: Entry | None
    editions: int
    versions: Sequence[Version]
    errata: Sequence[Erratum]
    opened: Sequence[datetime]
    wrong: Sequence[tuple[str, str]]


class Rebuilding:
    """Restores the index from the truth."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = context.public

    def run(self, on_progress: Callable[[int, int], object] | None = None) -> Rebuilt:
        """Restore everything; `on_progress` hears how many of how many datasets are done.

        Each dataset is restored whole or not at all, so a run that was broken off can be started again. A record whose
        signature is wrong restores nothing; it is named. Raises `StateError` where people are at work already.
        """
        with self._context.read() as session:
            if session.scalar(select(func.count()).select_from(Draft)):
                raise StateError(N_("The database has drafts. “rebuild” works only with an empty database"))
            known = set(session.scalars(select(Dataset.id)))
        keys = read_keys(self._store)
        rebuilt = Rebuilt()
        with self._context.write() as session:
            self._restore_publishers(session, keys, rebuilt)
            self._restore_schemas(session, keys, rebuilt)
            self._restore_lists(session, keys, rebuilt)
            Checkpoints(self._context).begin_again(session)
            self._context.log(session, SYSTEM, "rebuild", "catalogue", "")
        aliases = self._read_aliases(keys, rebuilt)
        names = [name for name in self._list_names("entries") if name not in aliases]
        todo = [name for name in names if name not in known]
        done = len(names) - len(todo)
        zone = ZoneInfo(self._context.settings.timezone)
        with ThreadPoolExecutor(_THREADS) as pool:
            for start in range(0, len(todo), _AT_ONCE):
                part = todo[start : start + _AT_ONCE]
                found = pool.map(partial(self._read_dataset, keys), part)
                with self._context.write() as session:
                    for item in found:
                        _restore_dataset(session, item, rebuilt, zone)
                done += len(part)
                if on_progress is not None:
                    on_progress(done, len(names))
        self._restore_plans(keys, rebuilt)
        with self._context.write() as session:
            keep_numbers(self._context, session)
            present = set(session.scalars(select(Alias.old)))
            for old, alias in aliases.items():
                if old not in present:
                    created = datetime.fromisoformat(alias["renamed"])
                    session.add(Alias(old=old, dataset_id=_follow(aliases, old), created=created))
                    rebuilt.aliases += 1
        return rebuilt

    def _list_names(self, kind: str) -> Sequence[str]:
        """The ids below `datasets` or `entries`."""
        return sorted({key.split("/")[2] for key in self._store.list_records(kind)})

    def _read(self, keys: Sequence[PublicKey], key: str, time: str) -> Mapping[str, Any]:
        """A record that is signed. Raises `IntegrityError`, `NotFoundError`; `time` names the member with its time."""
        return self._prove(keys, key, self._store.get_record(key), time)

    def _prove(self, keys: Sequence[PublicKey], key: str, data: bytes, time: str) -> Mapping[str, Any]:
        try:
            found: Mapping[str, Any] = json.loads(data)
            made = datetime.fromisoformat(found[time]) if time else keys[0].created
        except (ValueError, KeyError, TypeError):
            raise IntegrityError(N_("This isn't a record of this kind")) from None
        if find_signer(keys, data, self._store.get_record(signature_key(key)), made) is None:
            raise IntegrityError(N_("This isn't signed by a key of this portal"))
        return found

    def _restore_publishers(self, session: Session, keys: Sequence[PublicKey], rebuilt: Rebuilt) -> None:
        known = set(session.scalars(select(Publisher.id)))
        placed: list[tuple[Publisher, str, Mapping[str, str]]] = []
        for name in sorted({key.split("/")[1] for key in self._store.list_records("publishers")} - known):
            count = count_editions(self._store, partial(publisher_key, name))
            with _naming(rebuilt.wrong, publisher_key(name, count)):
                found = self._read(keys, publisher_key(name, count), "created")
                row, leads = restore_publisher({**found, "id": name}, count)
                session.add(row)
                placed.append((row, publisher_key(name, count), leads))
                rebuilt.publishers += 1
        session.flush()
        known |= {row.id for row, _, _ in placed}
        for row, key, leads in placed:
            lost = [name for name in leads.values() if name not in known]
            rebuilt.wrong += [(key, f"there is no publisher “{name}”") for name in lost]
            kept = {name: lead for name, lead in leads.items() if lead in known}
            row.parent_id, row.supervisor_id = kept.get("parent"), kept.get("supervisor")

    def _restore_schemas(self, session: Session, keys: Sequence[PublicKey], rebuilt: Rebuilt) -> None:
        known = {(name, version) for name, version in session.execute(select(Schema.name, Schema.version))}
        for key in self._store.list_records("schemas"):
            name, version = key.split("/")[1], key.split("/")[2].removesuffix(".json")
            if key.endswith(".json") and (name, version) not in known:
                with _naming(rebuilt.wrong, key):
                    session.add(index_schema(name, version, self._read(keys, key, ""), self._context.now()))
                    rebuilt.schemas += 1

    def _restore_lists(self, session: Session, keys: Sequence[PublicKey], rebuilt: Rebuilt) -> None:
        known = {negative_list_key(number) for number in session.scalars(select(NegativeList.number)) if number}
        for key in self._store.list_records(list_records.FOLDER):
            if key.endswith(".json") and key not in known:
                with _naming(rebuilt.wrong, key):
                    session.add(list_records.restore_list(self._read(keys, key, "created"), key))
                    rebuilt.lists += 1

    def _restore_plans(self, keys: Sequence[PublicKey], rebuilt: Rebuilt) -> None:
        """The newest edition of what the plan has for each dataset, a part of them in one unit of work."""
        names = sorted({key.split("/")[2] for key in self._store.list_records(plan_records.FOLDER)})
        for start in range(0, len(names), _AT_ONCE):
            part = names[start : start + _AT_ONCE]
            with self._context.write() as session:
                known = select(OpeningDate.dataset_uuid).where(OpeningDate.dataset_uuid.in_(part))
                planned = set(session.scalars(known))
                rows = {row.uuid: row for row in session.scalars(select(Dataset).where(Dataset.uuid.in_(part)))}
                for uuid in part:
                    key = plan_key(uuid, count_editions(self._store, partial(plan_key, uuid)))
                    if uuid in planned:
                        continue
                    with _naming(rebuilt.wrong, key):
                        found = self._read(keys, key, "modified")
                        if found["uuid"] != uuid or uuid not in rows:
                            raise IntegrityError(N_("There is no dataset to which this belongs"))
                        plan_records.restore_plan(session, rows[uuid], found)
                        rebuilt.plans += 1

    def _read_aliases(self, keys: Sequence[PublicKey], rebuilt: Rebuilt) -> Mapping[str, AliasRecord]:
        """What the datasets that were renamed are called next, by the id they had."""
        aliases: dict[str, AliasRecord] = {}
        for key in self._store.list_records("aliases"):
            if key.endswith(".json"):
                with _naming(rebuilt.wrong, key):
                    found = cast(AliasRecord, self._read(keys, key, "renamed"))
                    aliases[found["old"]] = found
        return aliases

    def _read_dataset(self, keys: Sequence[PublicKey], dataset: str) -> _Found:
        wrong: list[tuple[str, str]] = []
        entry: Entry | None = None
        editions = count_editions(self._store, partial(entry_key, dataset))
        with _naming(wrong, entry_key(dataset, editions)):
            entry = cast(Entry, self._read(keys, entry_key(dataset, editions), "modified"))
        versions, opened = [], []
        for key in self._store.list_records(
            entry_key(dataset, 1).replace("entries/", "datasets/", 1).rpartition("/")[0]
        ):
            name = key.rpartition("/")[2].removesuffix(".json")
            if key.count("/") == 3 and parse_version(name) is not None:
                with _naming(wrong, key):
                    versions.append(self._read_version(keys, dataset, key))
                    if Manifest.from_json(json.loads(self._store.get_record(key))).metadata.disclosure.is_open:
                        opened.append(versions[-1].published)
        errata = []
        for number in range(1, count_editions(self._store, partial(erratum_key, dataset)) + 1):
            with _naming(wrong, erratum_key(dataset, number)):
                errata.append(cast(Erratum, self._read(keys, erratum_key(dataset, number), "created")))
        return _Found(entry, editions, versions, errata, opened, wrong)

    def _read_version(self, keys: Sequence[PublicKey], dataset: str, key: str) -> Version:
        data = self._store.get_record(key)
        self._prove(keys, key, data, "created")
        row = index_version(dataset, data)
        editions = count_editions(self._store, partial(tombstone_key, dataset, row.version))
        if editions:
            tombstone = self._read(keys, tombstone_key(dataset, row.version, editions), "changed")
            if tombstone["manifest"] != digest(data):
                raise IntegrityError(N_("Its tombstone belongs to another manifest"))
            row.withdrawal = cast(Tombstone, tombstone)
        stops = count_editions(self._store, partial(suspension_key, dataset, row.version))
        if stops:
            suspension = cast(Suspension, self._read(keys, suspension_key(dataset, row.version, stops), "created"))
            if suspension["manifest"] != digest(data):
                raise IntegrityError(N_("Its stop belongs to another manifest"))
            row.suspension, row.suspended = suspension, suspension["suspended"]
        return row


def _restore_dataset(session: Session, found: _Found, rebuilt: Rebuilt, zone: ZoneInfo) -> None:
    rebuilt.wrong += found.wrong
    entry = found.entry
    if entry is None:
        return
    standing = [row for row in found.versions if row.withdrawal is None and not row.suspended]
    times = [
        datetime.fromisoformat(entry["modified"]),
        *(moment for row in found.versions for moment in _list_times(row, found.errata)),
    ]
    session.add(
        Dataset(
            id=entry["id"],
            uuid=entry["uuid"],
            publisher_id=entry["publisher"],
            meta=entry["metadata"],
            created=datetime.fromisoformat(entry["created"]),
            modified=max(times),
            head=_find_highest(found.versions),
            latest=_find_highest(standing),
            errata=list(found.errata) or None,
            editions=found.editions,
            archived=entry.get("archived"),
            moves=list(entry.get("moves", ())) or None,
            origin=entry.get("origin"),
            opened=min(found.opened).astimezone(zone).date() if found.opened else None,
        )
    )
    session.flush()
    is_open = Disclosure.from_json(entry["metadata"].get("disclosure")).is_open
    for row in found.versions:
        row.unfinished = not is_open or row not in standing  # the worker puts its files where they belong
        row.changed = max(_list_times(row, found.errata))
    versions = sorted(found.versions, key=lambda row: parse_version(row.version) or (0, 0, 0))
    session.add_all(versions)
    rebuilt.datasets += 1
    rebuilt.versions += len(found.versions)
    rebuilt.withdrawn += sum(row.withdrawal is not None for row in found.versions)


def _list_times(row: Version, errata: Sequence[Erratum]) -> Iterator[datetime]:
    """When a version was published, taken down and corrected."""
    yield row.published
    if row.withdrawal:
        yield datetime.fromisoformat(row.withdrawal["changed"])
    if row.suspension:
        yield datetime.fromisoformat(row.suspension["created"])
    for item in errata:
        if row.version in (item["version"], item["successor"]):
            yield datetime.fromisoformat(item["created"])


def _follow(aliases: Mapping[str, AliasRecord], old: str) -> str:
    """What a dataset is called after all its renamings; an id is never given twice, so they end."""
    name = old
    while name in aliases:
        name = aliases[name]["id"]
    return name


def _find_highest(versions: Sequence[Version]) -> str | None:
    return max((row.version for row in versions), key=lambda text: parse_version(text) or (0, 0, 0), default=None)


@contextmanager
def _naming(wrong: list[tuple[str, str]], key: str) -> Iterator[None]:
    """Note what is wrong with a record instead of ending there."""
    try:
        yield
    except NotFoundError:
        wrong.append((key, "it is missing, or its signature is"))
    except (OpendataError, KeyError, TypeError, ValueError) as error:
        wrong.append((key, str(error)))
