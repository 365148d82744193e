"""What all tests share: the servers of this machine and how far Hypothesis searches."""

from __future__ import annotations

import os

from hypothesis import settings

pytest_plugins = ["tests.servers", "tests.instances"]

# No deadline: a test asserts what is right, never how fast; those limits live in bench/.
settings.register_profile("default", deadline=None, print_blob=True)
settings.register_profile("ci", deadline=None, print_blob=True, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")


def pytest_make_parametrize_id(val: object) -> str | None:
    """Bytes of a file have no name: an archive holds the time it was made at, and each process has its own."""
    return "bytes" if isinstance(val, bytes) and (len(val) > 20 or b"\0" in val) else None
