"""Data Packages pass the virus scanner too, although nobody uploads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from opendata.errors import BackendError
from opendata.services.core.actors import SYSTEM
from opendata.wiring import Services
from tests.instances import make_services
from tests.servers import EICAR, SIGNATURE, ClamdServer
from tests.services.packages.test_imports import ALARMS, FILES, LEVELS, load, messages, verdicts, write_package

INFECTED = {**FILES, "data/alarms.csv": f"code\n{EICAR}\n"}
FREE = {"name": "alarms", "path": "data/alarms.csv"}


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Callable[[str], Services]]:
    """An instance with the scanner at an address."""
    built = []

    def build(scanner: str) -> Services:
        built.append(make_services(tmp_path / "instance", scanner=scanner))
        return built[-1]

    yield build
    for services in built:
        services.database.dispose()


def test_a_package_with_a_virus_publishes_nothing_or_only_its_other_tables(
    build: Callable[[str], Services], clamd: ClamdServer, tmp_path: Path
) -> None:
    services = build(clamd.address)
    folder = write_package(tmp_path / "package", [LEVELS, FREE], INFECTED)
    found = load(services, folder)
    assert (found.refused, verdicts(found)) == (True, {"levels": True, "alarms": False})
    assert SIGNATURE in messages(found, "alarms")
    part = load(services, folder, partial=True)
    assert (part.created, part.version) == (True, "1.0.0")
    assert [item.name for item in services.versions.get_manifest("reservoirs", "1.0.0").tables] == ["levels"]


def test_a_table_beside_a_broken_one_is_scanned_before_it_is_read(
    build: Callable[[str], Services], clamd: ClamdServer, tmp_path: Path
) -> None:
    missing: dict[str, Any] = {"name": "missing", "path": "data/missing.csv"}
    folder = write_package(tmp_path / "package", [missing, FREE], INFECTED)
    found = load(build(clamd.address), folder)
    assert found.refused
    assert SIGNATURE in messages(found, "alarms")


def test_without_its_scanner_a_package_waits_for_nobody_and_leaves_no_draft(
    build: Callable[[str], Services], tmp_path: Path
) -> None:
    services = build(f"unix:{tmp_path / 'nobody'}")
    for resources in ([LEVELS, ALARMS], [LEVELS, {"name": "missing", "path": "data/missing.csv"}]):
        with pytest.raises(BackendError, match="isn't responding"):
            load(services, write_package(tmp_path / "package", resources))
    assert services.datasets.get("reservoirs", SYSTEM).latest is None
    assert {item.status for item in services.drafts.list(SYSTEM, limit=5).items} <= {"discarded"}
