"""An instance on which two people are needed to publish, and who works on it beside the editor."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from opendata.services.core.actors import Actor
from opendata.wiring import Services
from tests.instances import choose_people, make_actor, make_services


@pytest.fixture
def services(request: pytest.FixtureRequest, tmp_path: Path, database_url: str) -> Iterator[Services]:
    home = tmp_path / "instance"
    built = make_services(home, database_url=database_url, review="two-person", prepare=choose_people(request))
    yield built
    built.database.dispose()


@pytest.fixture
def second(services: Services) -> Actor:
    """A second editor of the water bureau."""
    return make_actor(services, "second")


@pytest.fixture
def boss(services: Services) -> Actor:
    """A maintainer, who has a part in no draft."""
    return make_actor(services, "boss", role="maintainer")
