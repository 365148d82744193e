"""Files that were found once and are the same still: found again by one query and one look at the disk.

A file is as immutable as its version; what may come between are withdrawal, renaming, damage and a change of the
disclosure, of which the database tells, and another hand on the disk, of which the file's state tells.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Generic, TypeVar
from urllib.parse import quote

from sqlalchemy import Engine, bindparam, exists, select
from sqlalchemy.exc import SQLAlchemyError

from opendata.db.models import Damage, Dataset, Version
from opendata.errors import NotFoundError
from opendata.services.core.access import where_open, where_standing
from opendata.services.core.context import Context
from opendata.services.core.values import ServedFile
from opendata.storage.store import BlobState

File = TypeVar("File", bound=ServedFile)

_LIMIT = 4096
_STANDING = (
    select(Version.id)
    .join(Dataset, Dataset.id == Version.dataset_id)
    .where(
        Version.dataset_id == bindparam("dataset"),
        Version.version == bindparam("version"),
        where_standing(),
        ~exists().where(Damage.sha256 == bindparam("sha256")),
        where_open(),
    )
)


class KnownFiles(Generic[File]):
    """Remembers files by dataset, version, table and suffix; `find` is asked where one is not known as it is now."""

    def __init__(self, context: Context, find: Callable[[str, str, str, str], File]) -> None:
        engine = context.database.engine
        self._store = context.public
        self._standing = _SqliteStanding(engine) if engine.dialect.name == "sqlite" else _Standing(engine)
        self._find = find
        self._known = lru_cache(maxsize=_LIMIT)(self._remember)

    def get(self, dataset: str, version: str, resource: str, suffix: str) -> File:
        """What `find` gives, and raises."""
        file, state = self._known(dataset, version, resource, suffix)
        if file.local_parts is not None:  # what is known of one blob isn't known of many
            return self._find(dataset, version, resource, suffix)
        if not self._standing.ask(dataset, version, file.sha256):
            return self._find(dataset, version, resource, suffix)
        if state == self._find_state(file):
            return file
        file = self._find(dataset, version, resource, suffix)
        self._known.cache_clear()  # it is whole: the same bytes were put into the store again
        return file

    def _remember(self, *place: str) -> tuple[File, BlobState | None]:
        file = self._find(*place)
        return file, self._find_state(file)

    def _find_state(self, file: ServedFile) -> BlobState | None:
        try:
            return self._store.find_state(file.sha256)
        except NotFoundError:
            return None


class _Standing:
    """Whether a version is there, public and not withdrawn, and a file of it not known to be damaged."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def ask(self, dataset: str, version: str, sha256: str) -> bool:
        """False if the database is unavailable: the full lookup reports why."""
        try:
            with self._engine.connect() as connection:
                values = {"dataset": dataset, "version": version, "sha256": sha256}
                return connection.execute(_STANDING, values).first() is not None
        except SQLAlchemyError:
            return False


class _SqliteStanding(_Standing):
    """Answers over SQLite, by a connection for each thread: it takes a tenth of the time of a transaction."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._place = str(engine.url.database)
        self._own = threading.local()

    @cached_property
    def _compiled(self) -> tuple[str, Sequence[str], Mapping[str, object]]:
        """The statement, the names of its values in their order, and the values that are always the same."""
        compiled = _STANDING.compile(self._engine)
        fixed = {}
        for name, value in compiled.params.items():
            process = compiled.binds[name].type.dialect_impl(self._engine.dialect).bind_processor(self._engine.dialect)
            if value is not None:
                fixed[name] = process(value) if process is not None else value
        return str(compiled), tuple(compiled.positiontup or ()), fixed

    def ask(self, dataset: str, version: str, sha256: str) -> bool:
        sql, names, fixed = self._compiled
        values = {**fixed, "dataset": dataset, "version": version, "sha256": sha256}
        try:
            if getattr(self._own, "process", None) != os.getpid():
                self._own.connection = sqlite3.connect(f"file:{quote(self._place)}?mode=ro", uri=True)
                self._own.process = os.getpid()
            found = self._own.connection.execute(sql, [values[name] for name in names]).fetchone()
        except sqlite3.Error:
            return False
        return found is not None
