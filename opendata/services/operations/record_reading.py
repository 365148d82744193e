"""Signed records of the store read for a rebuild: of one dataset after the other, in several processes."""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, cast

from opendata.db.models import Version
from opendata.domain.manifest import Manifest
from opendata.domain.records import Entry, Erratum, Suspension, Tombstone
from opendata.errors import N_, BackendError, IntegrityError, NotFoundError, OpendataError
from opendata.metadata.canonical import digest
from opendata.metadata.keys import PublicKey, find_signer
from opendata.metadata.versions import parse_version
from opendata.services.catalogue.version_index import index_version
from opendata.services.core.records import count_editions
from opendata.settings import Settings
from opendata.storage.opening import open_stores
from opendata.storage.store import Store, entry_key, erratum_key, signature_key, suspension_key, tombstone_key

_THREADS = 8
_AT_ONCE = 64
"""So many datasets are read together, and restored in one unit of work."""
_AHEAD = 2
"""So many parts a process are read before they are needed."""


@dataclass(frozen=True, slots=True)
class FoundDataset:
    """A dataset as the store has it."""

    entry: Entry | None
    editions: int
    versions: Sequence[Version]
    errata: Sequence[Erratum]
    opened: Sequence[datetime]
    wrong: Sequence[tuple[str, str]]


class RecordReader:
    """Reads records that are signed by a key of this portal."""

    def __init__(self, store: Store, keys: Sequence[PublicKey]) -> None:
        self._store = store
        self._keys = keys

    def read(self, key: str, time: str) -> Mapping[str, Any]:
        """A record that is signed. Raises `IntegrityError`, `NotFoundError`; `time` names the member with its time."""
        return self._prove(key, self._store.get_record(key), time)

    def _prove(self, key: str, data: bytes, time: str) -> Mapping[str, Any]:
        try:
            found: Mapping[str, Any] = json.loads(data)
            made = datetime.fromisoformat(found[time]) if time else self._keys[0].created
        except (ValueError, KeyError, TypeError):
            raise IntegrityError(N_("This isn't a record of this kind")) from None
        if find_signer(self._keys, data, self._store.get_record(signature_key(key)), made) is None:
            raise IntegrityError(N_("This isn't signed by a key of this portal"))
        return found

    def read_dataset(self, dataset: str) -> FoundDataset:
        """A dataset with its versions and corrections; what is wrong with its records is named in it."""
        wrong: list[tuple[str, str]] = []
        entry: Entry | None = None
        editions = count_editions(self._store, partial(entry_key, dataset))
        with naming(wrong, entry_key(dataset, editions)):
            entry = cast(Entry, self.read(entry_key(dataset, editions), "modified"))
        versions, opened = [], []
        for key in self._store.list_records(
            entry_key(dataset, 1).replace("entries/", "datasets/", 1).rpartition("/")[0]
        ):
            name = key.rpartition("/")[2].removesuffix(".json")
            if key.count("/") == 3 and parse_version(name) is not None:
                with naming(wrong, key):
                    versions.append(self._read_version(dataset, key))
                    if Manifest.from_json(json.loads(self._store.get_record(key))).metadata.disclosure.is_open:
                        opened.append(versions[-1].published)
        errata = []
        for number in range(1, count_editions(self._store, partial(erratum_key, dataset)) + 1):
            with naming(wrong, erratum_key(dataset, number)):
                errata.append(cast(Erratum, self.read(erratum_key(dataset, number), "created")))
        return FoundDataset(entry, editions, versions, errata, opened, wrong)

    def _read_version(self, dataset: str, key: str) -> Version:
        data = self._store.get_record(key)
        self._prove(key, data, "created")
        row = index_version(dataset, data)
        editions = count_editions(self._store, partial(tombstone_key, dataset, row.version))
        if editions:
            tombstone = self.read(tombstone_key(dataset, row.version, editions), "changed")
            if tombstone["manifest"] != digest(data):
                raise IntegrityError(N_("Its tombstone belongs to another manifest"))
            row.withdrawal = cast(Tombstone, tombstone)
        stops = count_editions(self._store, partial(suspension_key, dataset, row.version))
        if stops:
            suspension = cast(Suspension, self.read(suspension_key(dataset, row.version, stops), "created"))
            if suspension["manifest"] != digest(data):
                raise IntegrityError(N_("Its stop belongs to another manifest"))
            row.suspension, row.suspended = suspension, suspension["suspended"]
        return row


@contextmanager
def naming(wrong: list[tuple[str, str]], key: str) -> Iterator[None]:
    """Note what is wrong with a record instead of ending there."""
    try:
        yield
    except NotFoundError:
        wrong.append((key, "it is missing, or its signature is"))
    except (OpendataError, KeyError, TypeError, ValueError) as error:
        wrong.append((key, str(error)))


def read_all(reader: RecordReader, names: Sequence[str]) -> Generator[Sequence[FoundDataset], None, None]:
    """Datasets in their order, in parts, read by this process."""
    with ThreadPoolExecutor(_THREADS) as pool:
        for part in _divide(names):
            yield list(pool.map(reader.read_dataset, part))


def read_in_processes(
    settings: Settings, keys: Sequence[PublicKey], names: Sequence[str], processes: int
) -> Generator[Sequence[FoundDataset], None, None]:
    """The same by several processes, which end with this one. Raises `BackendError` where one of them was killed."""
    pool = ProcessPoolExecutor(
        processes,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start,
        initargs=(settings, keys),
    )
    under_way: deque[Future[Sequence[FoundDataset]]] = deque()
    try:
        for part in _divide(names):
            under_way.append(pool.submit(_work, part))
            if len(under_way) > processes * _AHEAD:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    except BrokenProcessPool as error:
        raise BackendError(N_("A process that read the store was killed. Run the command again")) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _divide(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), _AT_ONCE):
        yield names[start : start + _AT_ONCE]


_reader: RecordReader


def _start(settings: Settings, keys: Sequence[PublicKey]) -> None:
    """Prepare a process."""
    global _reader
    threading.Thread(target=_end_with_parent, daemon=True).start()
    logging.getLogger("opendata").addHandler(logging.NullHandler())
    _reader = RecordReader(open_stores(settings, _refuse_lock).public, keys)


def _work(names: Sequence[str]) -> Sequence[FoundDataset]:
    return [_reader.read_dataset(name) for name in names]


def _refuse_lock(name: str) -> AbstractContextManager[Any]:
    raise RuntimeError(name)  # what only reads takes no lock


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
