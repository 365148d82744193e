"""Whether the instance is ready to serve."""

from __future__ import annotations

import errno
import os

from sqlalchemy import text

from opendata.errors import N_, BackendError, StorageFullError
from opendata.services.core.context import Context
from opendata.storage.faults import FAULTY, is_read_only, require_room


class Health:
    """Answers `readyz`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def is_initialised(self) -> bool:
        """Whether the database has its tables in their newest form."""
        return self._context.database.is_current()

    def check(self) -> None:
        """Raises `BackendError` naming what is unavailable."""
        if not self.is_initialised():
            raise BackendError(N_("The database isn't set up. Run “opendata init”"))
        with self._context.read() as session:
            session.execute(text("SELECT 1"))
        if not self._context.settings.public_folder.is_dir():
            raise BackendError(N_("The public store is missing"))

    def find_write_fault(self) -> BackendError | None:
        """Why nothing can be sent or published at the moment, although readers are served; None where all is well."""
        settings = self._context.settings
        for folder in (settings.private_folder, settings.public_folder, settings.home):
            if is_read_only(folder):
                return BackendError(FAULTY, reason=os.strerror(errno.EROFS))
        try:
            require_room(settings.private_folder, settings.free_bytes)
        except StorageFullError as error:
            return error
        return None
