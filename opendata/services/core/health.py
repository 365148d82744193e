"""Whether the instance is ready to serve."""

from __future__ import annotations

import errno
import os
import time

from sqlalchemy import text

from opendata.errors import N_, BackendError, StorageFullError
from opendata.outside.scanner import find_scanner
from opendata.services.core.context import Context
from opendata.storage.faults import FAULTY, is_read_only, require_room
from opendata.storage.opening import list_written

_LOOK_SECONDS = 5.0
"""How long the state of the virus scanner is remembered: not everybody who asks makes us ask."""

_ANSWER_SECONDS = 1.0


class Health:
    """Answers `readyz`."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._scanner = find_scanner(context.settings.scanner)
        self._looked: float | None = None
        self._fault: BackendError | None = None

    def check(self) -> None:
        """Raises `BackendError` naming what is unavailable."""
        with self._context.read() as session:
            session.execute(text("SELECT 1"))
            is_known = self._context.database.is_current() or self._context.database.is_newer()
        if not is_known:
            raise BackendError(N_("The database isn't set up. Run “opendata init”"))
        self._context.public.check()

    def find_write_fault(self) -> BackendError | None:
        """Why nothing can be sent or published at the moment, although readers are served; None where all is well."""
        settings = self._context.settings
        for folder in list_written(settings):
            if is_read_only(folder):
                return BackendError(FAULTY, reason=os.strerror(errno.EROFS))
        try:
            require_room(settings.private_folder, settings.free_bytes)
        except StorageFullError as error:
            return error
        return None

    def has_scanner(self) -> bool:
        """Whether files are to pass a virus scanner."""
        return self._scanner is not None

    def find_scanner_fault(self) -> BackendError | None:
        """Why the virus scanner doesn't answer; None if it does, or if the instance has no scanner."""
        now = time.monotonic()
        if self._scanner is not None and (self._looked is None or now - self._looked > _LOOK_SECONDS):
            self._looked = now
            try:
                self._scanner.ask_version(seconds=_ANSWER_SECONDS)
            except BackendError as error:
                self._fault = error
            else:
                self._fault = None
        return self._fault
