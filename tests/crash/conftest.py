"""What the kill tests share."""

from __future__ import annotations

import pytest

from tests.crash.forge import Forge, find_forge


@pytest.fixture(scope="session")
def forge() -> Forge:
    """The warm process whose children die."""
    return find_forge()
