"""The instance a command works on: found by its settings, with a word of help where there is none."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from opendata.cli.failures import DEBUG

if TYPE_CHECKING:
    from opendata.wiring import Services


@contextmanager
def open_services() -> Iterator[Services]:
    """The services of the instance. Raises `StateError` where it is not made, or its database not up to date."""
    from opendata.settings import read_settings

    settings = read_settings()
    from opendata.services.instance import require_current, require_instance

    require_instance(settings)
    if not os.environ.get(DEBUG):
        # What a service logs with a traceback, a command tells in a sentence.
        logging.getLogger("opendata").addHandler(logging.NullHandler())
    from opendata.wiring import build_services

    services = build_services(settings)
    try:
        require_current(services.database, settings)
        yield services
    finally:
        services.database.dispose()
