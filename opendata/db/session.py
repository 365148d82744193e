"""Sessions: an engine per address, a unit of work that commits whole or not at all, and the schema's migrations."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import Engine, String, column, create_engine, event, func, inspect, select, table
from sqlalchemy.exc import DataError, DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session, sessionmaker

from opendata.beside import find_beside
from opendata.db.measuring import measure_engine
from opendata.db.migrating import migrate_patiently
from opendata.db.revisions import Revisions, move_revision, watch_writes
from opendata.errors import N_, BackendError, InputError, StorageFullError

FULL = N_("The database has no room left, so nothing can be saved. Try again once there is room on its disk")
AWAY = N_("The database isn't responding. Try again in a minute")
_FULL = "disk is full"
"""What SQLite says then; PostgreSQL says “No space left on device”, and stops."""

_READ_ONLY = "25006"
"""The state of PostgreSQL in which a server that has been replaced by another refuses to write."""

SHARED = "shared"
"""Under this name a session that is shared keeps what was found by it."""

logger = logging.getLogger(__name__)

MIGRATIONS = find_beside("migrations")

_NOTED = table("alembic_version", column("version_num", String))


def list_revisions() -> Sequence[str]:
    """The numbers of all migrations, with which the names of their files begin."""
    return [file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*_*.py")]


class Database:
    """One database: gives units of work and brings its tables up to date.

    A statement on PostgreSQL may take so many `seconds`, or with 0 as long as it takes.
    """

    def __init__(self, url: str, *, seconds: int = 0) -> None:
        self.url = url.replace("postgresql://", "postgresql+psycopg://", 1)
        self.engine = watch_writes(measure_engine(_create_engine(self.url, seconds)))
        self.revisions = Revisions(self.engine)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        self._shared: ContextVar[Session | None] = ContextVar("shared", default=None)

    @contextmanager
    def unit(self, *, write: bool = False) -> Iterator[Session]:
        """A session in one transaction: committed at the end, rolled back on any exception.

        `write` takes SQLite's write lock at once, so that two writers wait for each other instead of failing. Raises
        `BackendError` if the database is unavailable, `InputError` for text that it cannot keep. Inside `reading`, what
        only reads has the session of that.
        """
        shared = None if write else self._shared.get()
        if shared is not None:
            yield shared
            return
        with self._sessions() as session:
            try:
                if write and self.engine.dialect.name == "sqlite":
                    session.connection(execution_options={"sqlite_begin": "IMMEDIATE"})
                yield session
                move_revision(session)
                session.commit()
            except DataError as error:
                session.rollback()
                raise InputError(N_("The request contains characters that can't be stored, such as NUL")) from error
            except SQLAlchemyError as error:
                session.rollback()
                if not _is_away(error):
                    raise
                if _FULL in _first_line(error):
                    raise StorageFullError(FULL) from error
                logger.error("the database: %s", _first_line(error))  # which may name a host: that isn't for readers
                raise BackendError(AWAY) from error
            except BaseException:
                session.rollback()
                raise

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Have all that only reads in this context share one session: a page asks many services for the same rows."""
        with self.unit() as session:
            session.info[SHARED] = {}
            before = self._shared.set(session)
            try:
                yield
            finally:
                self._shared.reset(before)

    @contextmanager
    def hold(self, name: str) -> Iterator[bool]:
        """Hold what has this name, for as long as the block lasts, unless another process does; whether it is held.

        A process that dies gives it back. On SQLite everybody holds it. Raises `BackendError`.
        """
        if self.engine.dialect.name != "postgresql":
            yield True
            return
        number = int.from_bytes(hashlib.sha256(f"opendata {name}".encode()).digest()[:8], signed=True)
        with self.unit() as session:
            yield bool(session.scalar(select(func.pg_try_advisory_xact_lock(number))))

    def migrate(self) -> None:
        """Bring the tables to the newest form, while others use them. Raises `OperationalError`."""
        from alembic import command

        migrate_patiently(lambda: command.upgrade(self.migration_config(), "head"))

    def is_current(self) -> bool:
        """Whether the tables are of the newest form. Raises `OperationalError` if the database is unavailable."""
        return self._read_revision() == max(list_revisions())

    def is_newer(self) -> bool:
        """Whether a later release has brought the tables to a form that this one doesn't know.

        Migrations only add, so that this release works on until it is replaced. Raises `OperationalError`.
        """
        found = self._read_revision()
        return found is not None and found not in list_revisions()

    def _read_revision(self) -> str | None:
        """What Alembic has noted: it takes a tenth of a second to load, which each command would wait for."""
        with self.engine.connect() as connection:
            if not inspect(connection).has_table(_NOTED.name):
                return None
            return connection.scalar(select(_NOTED.c.version_num))

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def migration_config(self) -> Any:
        """What Alembic's commands need to know to work on this database."""
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        config.attributes["engine"] = self.engine
        return config


def _create_engine(url: str, seconds: int) -> Engine:
    if not url.startswith("sqlite"):
        from opendata.db.postgresql import create_postgresql_engine

        return create_postgresql_engine(url, seconds)
    engine = create_engine(url, connect_args={"timeout": 30}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, record: object) -> None:  # noqa: ARG001
        connection.isolation_level = None  # transactions are begun below, not by the driver
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA busy_timeout=30000")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {mode}")

    return engine


def _is_away(error: SQLAlchemyError) -> bool:
    """Whether the database, and not the statement, is at fault."""
    if isinstance(error, OperationalError | PoolTimeoutError):
        return True
    return isinstance(error, DBAPIError) and (
        error.connection_invalidated or getattr(error.orig, "sqlstate", None) == _READ_ONLY
    )


def _first_line(error: SQLAlchemyError) -> str:
    found = (error.orig if isinstance(error, DBAPIError) else None) or error
    return str(found).splitlines()[0] if str(found) else type(found).__name__
