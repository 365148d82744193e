"""Whether the instance is ready to serve."""

from __future__ import annotations

from sqlalchemy import text

from opendata.errors import N_, BackendError
from opendata.services.core.context import Context


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
