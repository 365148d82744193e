"""Figures that are counted within a test alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from opendata.telemetry import instruments


@pytest.fixture
def counting() -> Iterator[None]:
    """This process counts, from nothing, until the end of the test."""
    instruments.disable()
    instruments.enable()
    yield
    instruments.disable()
