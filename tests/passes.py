"""Tests that use `table_pass` run with the compiled pass over tables and without it: the verdict must be the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from opendata.tables.arrow.compiled import SWITCH, find_native

_FIXTURE = "table_pass"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a quick test twice. The slow ones run without the compiled pass in `make soak`."""
    if _FIXTURE in metafunc.fixturenames:
        is_slow = metafunc.definition.get_closest_marker("slow") is not None
        passes = ["compiled"] if is_slow else ["compiled", "plain"]
        metafunc.parametrize(_FIXTURE, passes, indirect=True, scope="module")


@pytest.fixture(scope="module")
def table_pass(request: pytest.FixtureRequest) -> Iterator[str]:
    """The pass that checks tables: `compiled` where it is built and not turned off, or `plain`."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "plain":
            patch.setenv(SWITCH, "0")
        find_native.cache_clear()
        yield request.param
    find_native.cache_clear()
