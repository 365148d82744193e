"""The published catalogue restored from the public store alone, into an empty database or what a broken-off run left.

Accounts, drafts and events are not in the store; whatever was published, closed, renamed or withdrawn is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import cast
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opendata.db.models import (
    Alias,
    CalendarYear,
    Dataset,
    Draft,
    NegativeList,
    OpeningDate,
    Publisher,
    Schema,
    SelfCheck,
    Version,
)
from opendata.domain.disclosure import Disclosure
from opendata.domain.records import Alias as AliasRecord
from opendata.domain.records import Erratum
from opendata.errors import N_, IntegrityError, StateError
from opendata.metadata.versions import parse_version
from opendata.services.audit.checkpoints import Checkpoints
from opendata.services.catalogue.grounds import list_records, year_records
from opendata.services.catalogue.public_state.restoring import StateReader
from opendata.services.catalogue.publisher_records import restore_publisher
from opendata.services.catalogue.registering import plan_records
from opendata.services.catalogue.registering.numbers import keep_numbers
from opendata.services.catalogue.schemas import index_schema
from opendata.services.core.actors import SYSTEM
from opendata.services.core.context import Context
from opendata.services.core.records import count_editions, read_keys
from opendata.services.operations.record_reading import FoundDataset, RecordReader, naming, read_all, read_in_processes
from opendata.storage.store import (
    negative_list_key,
    plan_key,
    publisher_key,
)

MOST_PROCESSES = 16
_WORTH_A_PROCESS = 250
"""With fewer datasets for each, a process takes longer to start than to read them."""
_AT_ONCE = 64
_KNOWN_AT_ONCE = 500


@dataclass(slots=True)
class Rebuilt:
    """How many of each were restored, and what could not be: its key in the store and why.

    `lists` are versions of the negative list, `plans` the datasets that the opening plan had a day for,
    `years` calendars and reports of self-checks, `basics` versions of the basic catalogue, `pages` pages of the site,
    `reports` those on a year.
    """

    publishers: int = 0
    schemas: int = 0
    datasets: int = 0
    versions: int = 0
    withdrawn: int = 0
    aliases: int = 0
    lists: int = 0
    plans: int = 0
    years: int = 0
    basics: int = 0
    pages: int = 0
    reports: int = 0
    wrong: list[tuple[str, str]] = field(default_factory=list)


class Rebuilding:
    """Restores the index from the truth."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = context.public

    def run(self, on_progress: Callable[[int, int], object] | None = None, *, processes: int = 0) -> Rebuilt:
        """Restore everything; `on_progress` hears how many of how many datasets are done.

        Many datasets are read by so many `processes`, or with 0 by one for each processor.

        Each dataset is restored whole or not at all, so a run that was broken off can be started again. A record whose
        signature is wrong restores nothing; it is named. Raises `StateError` where people are at work already.
        """
        with self._context.read() as session:
            if session.scalar(select(func.count()).select_from(Draft)):
                raise StateError(N_("The database has drafts. “rebuild” works only with an empty database"))
        keys = read_keys(self._store)
        reader = RecordReader(self._store, keys)
        rebuilt = Rebuilt()
        with self._context.write() as session:
            self._restore_publishers(session, reader, rebuilt)
            self._restore_schemas(session, reader, rebuilt)
            self._restore_lists(session, reader, rebuilt)
            self._restore_years(session, reader, rebuilt)
            state = self._read_state(reader, rebuilt)
            restored = state.restore(session)
            rebuilt.basics, rebuilt.pages, rebuilt.reports = restored.basics, restored.pages, restored.reports
            Checkpoints(self._context).begin_again(session)
            self._context.log(session, SYSTEM, "rebuild", "catalogue", "")
        aliases = self._read_aliases(reader, rebuilt)
        names = [name for name in self._list_names("entries") if name not in aliases]
        todo = self._list_missing(names)
        done = len(names) - len(todo)
        zone = ZoneInfo(self._context.settings.timezone)
        count = min(processes or os.cpu_count() or 1, MOST_PROCESSES, len(todo) // _WORTH_A_PROCESS)
        parts = read_in_processes(self._context.settings, keys, todo, count) if count > 1 else read_all(reader, todo)
        with closing(parts):
            for part in parts:
                with self._context.write() as session:
                    for item in part:
                        _restore_dataset(session, item, rebuilt, zone)
                done += len(part)
                if on_progress is not None:
                    on_progress(done, len(names))
        self._restore_plans(reader, rebuilt)
        with self._context.write() as session:
            state.restore_links(session)
            keep_numbers(self._context, session)
            present = set(session.scalars(select(Alias.old)))
            for old, alias in aliases.items():
                if old not in present:
                    created = datetime.fromisoformat(alias["renamed"])
                    session.add(Alias(old=old, dataset_id=_follow(aliases, old), created=created))
                    rebuilt.aliases += 1
            # Who followed the log from the line at the start has not seen all of it.
            self._context.log(session, SYSTEM, "rebuild", "catalogue", "")
        return rebuilt

    def _list_missing(self, names: Sequence[str]) -> Sequence[str]:
        """Those of some ids that the database doesn't have."""
        missing: list[str] = []
        with self._context.read() as session:
            for start in range(0, len(names), _KNOWN_AT_ONCE):
                part = names[start : start + _KNOWN_AT_ONCE]
                known = set(session.scalars(select(Dataset.id).where(Dataset.id.in_(part))))
                missing += [name for name in part if name not in known]
        return missing

    def _list_names(self, kind: str) -> Sequence[str]:
        """The ids below `datasets` or `entries`."""
        return sorted({key.split("/")[2] for key in self._store.list_records(kind)})

    def _restore_publishers(self, session: Session, reader: RecordReader, rebuilt: Rebuilt) -> None:
        known = set(session.scalars(select(Publisher.id)))
        placed: list[tuple[Publisher, str, Mapping[str, str]]] = []
        for name in sorted({key.split("/")[1] for key in self._store.list_records("publishers")} - known):
            count = count_editions(self._store, partial(publisher_key, name))
            with naming(rebuilt.wrong, publisher_key(name, count)):
                found = reader.read(publisher_key(name, count), "created")
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

    def _restore_schemas(self, session: Session, reader: RecordReader, rebuilt: Rebuilt) -> None:
        known = {(name, version) for name, version in session.execute(select(Schema.name, Schema.version))}
        for key in self._store.list_records("schemas"):
            name, version = key.split("/")[1], key.split("/")[2].removesuffix(".json")
            if key.endswith(".json") and (name, version) not in known:
                with naming(rebuilt.wrong, key):
                    session.add(index_schema(name, version, reader.read(key, ""), self._context.now()))
                    rebuilt.schemas += 1

    def _restore_lists(self, session: Session, reader: RecordReader, rebuilt: Rebuilt) -> None:
        known = {negative_list_key(number) for number in session.scalars(select(NegativeList.number)) if number}
        for key in self._store.list_records(list_records.FOLDER):
            if key.endswith(".json") and key not in known:
                with naming(rebuilt.wrong, key):
                    session.add(list_records.restore_list(reader.read(key, "created"), key))
                    rebuilt.lists += 1

    def _restore_years(self, session: Session, reader: RecordReader, rebuilt: Rebuilt) -> None:
        """The newest edition of each year's working days and self-check."""
        restored = {"calendar": year_records.restore_calendar, "self-checks": year_records.restore_self_check}
        known = {("calendar", year) for year in session.scalars(select(CalendarYear.year))}
        known |= {("self-checks", year) for year in session.scalars(select(SelfCheck.year))}
        for folder, key_of in year_records.FOLDERS.items():
            for year in sorted({int(key.split("/")[1]) for key in self._store.list_records(folder)}):
                key = key_of(year, count_editions(self._store, partial(key_of, year)))
                if (folder, year) not in known:
                    with naming(rebuilt.wrong, key):
                        session.add(restored[folder](reader.read(key, ""), year))
                        rebuilt.years += 1

    def _read_state(self, reader: RecordReader, rebuilt: Rebuilt) -> StateReader:
        """What reads the records of pages, reports and the basic catalogue."""
        return StateReader(
            self._store,
            reader.read,
            partial(naming, rebuilt.wrong),
            lambda key, what: rebuilt.wrong.append((key, what)),
        )

    def _restore_plans(self, reader: RecordReader, rebuilt: Rebuilt) -> None:
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
                    with naming(rebuilt.wrong, key):
                        found = reader.read(key, "modified")
                        if found["uuid"] != uuid or uuid not in rows:
                            raise IntegrityError(N_("There is no dataset to which this belongs"))
                        plan_records.restore_plan(session, rows[uuid], found)
                        rebuilt.plans += 1

    def _read_aliases(self, reader: RecordReader, rebuilt: Rebuilt) -> Mapping[str, AliasRecord]:
        """What the datasets that were renamed are called next, by the id they had."""
        aliases: dict[str, AliasRecord] = {}
        for key in self._store.list_records("aliases"):
            if key.endswith(".json"):
                with naming(rebuilt.wrong, key):
                    found = cast(AliasRecord, reader.read(key, "renamed"))
                    aliases[found["old"]] = found
        return aliases


def _restore_dataset(session: Session, found: FoundDataset, rebuilt: Rebuilt, zone: ZoneInfo) -> None:
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
