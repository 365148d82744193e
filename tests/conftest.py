"""What all tests share: the servers of this machine and how far Hypothesis searches."""

from __future__ import annotations

import os

from hypothesis import settings

from tests.selection import QUICK_SHARE

pytest_plugins = ["tests.selection", "tests.servers", "tests.instances"]

# No deadline: a test asserts what is right, never how fast; those limits live in bench/. Under CI nothing is random.
_DERANDOMIZED = bool(os.environ.get("CI"))
settings.register_profile(
    "quick", deadline=None, print_blob=True, derandomize=_DERANDOMIZED, max_examples=100 // QUICK_SHARE
)
settings.register_profile("thorough", deadline=None, print_blob=True, derandomize=_DERANDOMIZED)
settings.load_profile("quick")


def pytest_make_parametrize_id(val: object) -> str | None:
    """Bytes of a file have no name: an archive holds the time it was made at, and each process has its own."""
    return "bytes" if isinstance(val, bytes) and (len(val) > 20 or b"\0" in val) else None
