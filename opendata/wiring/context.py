"""What all services of one instance share, built from its settings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from opendata.db.locks import Locks
from opendata.db.session import Database
from opendata.jobs.queue import DraftQueue
from opendata.services.core.context import Context, read_clock
from opendata.settings import Settings
from opendata.storage.measured import MeasuredStore
from opendata.storage.opening import open_stores
from opendata.storage.signing import Signer


def build_context(
    settings: Settings, *, clock: Callable[[], datetime] = read_clock, is_patient: bool = False
) -> Context:
    """Build what all services share: database, stores, signer, queue. Opens nothing yet but the store folders."""
    database = Database(settings.database, seconds=0 if is_patient else settings.database_seconds)
    stores = open_stores(settings, Locks(database, settings.home / "locks").hold)
    return Context(
        settings=settings,
        database=database,
        public=MeasuredStore(stores.public, "public"),
        private=MeasuredStore(stores.private, "private"),
        signer=Signer(settings.key_folder),
        queue=DraftQueue(settings.queue_file, settings.queue_url, database),
        clock=clock,
    )
