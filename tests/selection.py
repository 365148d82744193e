"""Which tests run, and how far each searches: options of pytest that `make` and CI set.

`make test` runs what isn't marked `slow`, on SQLite, with few examples a property. `make test-all` adds `slow`,
PostgreSQL wherever a test takes a database, and all examples.
"""

from __future__ import annotations

import hashlib
import os
import random

import pytest
from hypothesis import settings

QUICK_SHARE = 10
"""Under the quick profile a property is tried with one of so many examples."""

# No deadline: a test asserts what is right, never how fast; those limits live in bench/. Under CI nothing is random.
_DERANDOMIZED = bool(os.environ.get("CI"))
settings.register_profile(
    "quick", deadline=None, print_blob=True, derandomize=_DERANDOMIZED, max_examples=100 // QUICK_SHARE
)
settings.register_profile("thorough", deadline=None, print_blob=True, derandomize=_DERANDOMIZED)
settings.load_profile("quick")


def examples(most: int) -> int:
    """How many examples a property that deserves `most` is tried with, for `@settings(max_examples=...)`."""
    is_quick = settings.get_current_profile_name().startswith("quick")
    return max(5, most // QUICK_SHARE) if is_quick else most


TOGETHER = {f"tests/clients/test_{name}.py": "tests/clients" for name in ("downloads", "readers")}
"""Files that share what takes seconds to make, a served portal: they go to one process of a run."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Where tests are given out by files (`--dist loadfile`), give out some files together."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class Together(LoadFileScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            scope = str(super()._split_scope(nodeid))
            return TOGETHER.get(scope, scope)

    return Together(config, log)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Under CI nothing is random: what a test draws depends on its name alone."""
    if _DERANDOMIZED:
        random.seed(item.nodeid)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options."""
    group = parser.getgroup("opendata")
    group.addoption("--all-databases", action="store_true", help="run on PostgreSQL too what runs on SQLite alone")
    group.addoption("--part", metavar="K/N", help="of the tests marked slow, run the K-th of N parts (K from 0)")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the slow tests of other parts; a test belongs to a part by its name."""
    part = config.getoption("--part")
    if not part:
        return
    chosen, number = (int(text) for text in part.split("/"))
    kept, left = [], []
    for item in items:
        is_slow = item.get_closest_marker("slow") is not None
        place = int.from_bytes(hashlib.sha256(item.nodeid.encode()).digest()[:4])
        (left if is_slow and place % number != chosen % number else kept).append(item)
    items[:] = kept
    config.hook.pytest_deselected(items=left)
