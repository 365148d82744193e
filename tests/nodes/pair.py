"""Machines of one instance for tests: a database and stores that they share, and a folder of each one's own."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from opendata.wiring import Services, build_services


def add_machine(first: Services, home: Path, **settings: object) -> Services:
    """One machine more, with its own copy of the keys; nothing else of it is there yet."""
    shared = first.settings
    home.mkdir()
    shutil.copytree(shared.key_folder, home / "keys")
    stores = {"store": str(shared.public_folder), "private_store": str(shared.private_folder)}
    return build_services(replace(shared, home=home, **stores, **settings))  # type: ignore[arg-type]
