"""The instance a command works on: found by its settings, with a hint if there is no instance."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from opendata.cli.core.failures import DEBUG

if TYPE_CHECKING:
    from opendata.wiring import Services


@contextmanager
def open_services(*, migrate: bool = False, is_patient: bool = True, may_be_newer: bool = False) -> Iterator[Services]:
    """The services of the instance, with `migrate` after making its database or bringing it up to date.

    Unless `is_patient`, they give up a database that hangs. The database of a later release does if it `may_be_newer`.

    Raises `StateError` where the instance is not made or its database not up to date, `BackendError`.
    """
    from opendata.settings import read_settings

    settings = read_settings()
    from opendata.services.core.instance import migrate_database, require_current, require_instance

    require_instance(settings)
    if migrate:
        migrate_database(settings)
    if not os.environ.get(DEBUG):
        # What a service logs with a traceback, a command tells in a sentence.
        logging.getLogger("opendata").addHandler(logging.NullHandler())
    from opendata.wiring import build_services

    services = build_services(settings, is_patient=is_patient)
    try:
        require_current(services.database, settings, may_be_newer=may_be_newer)
        yield services
    finally:
        services.database.dispose()
