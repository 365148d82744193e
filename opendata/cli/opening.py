"""The instance a command works on: found by its settings, with a word of help where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opendata.wiring import Services


@contextmanager
def open_services() -> Iterator[Services]:
    """The services of the instance. Raises `StateError` where it is not made, or its database not up to date."""
    from opendata.settings import read_settings

    settings = read_settings()
    from opendata.services.instance import require_current, require_instance

    require_instance(settings)
    from opendata.wiring import build_services

    services = build_services(settings)
    try:
        require_current(services.database, settings)
        yield services
    finally:
        services.database.dispose()
