"""What the tests of workers share."""

from __future__ import annotations

import pytest

from tests.crash.forge import Forge, find_forge


@pytest.fixture(scope="session")
def forge() -> Forge:
    """The warm process from which workers are forked where their start is not the point."""
    return find_forge()
