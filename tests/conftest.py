"""What all tests share: which of them run, the servers of this machine, whole instances."""

from __future__ import annotations

import gc

import pytest

from opendata.starting import collect_seldom

pytest_plugins = [
    "tests.selection",
    "tests.servers",
    "tests.ceph_server",
    "tests.mailbox",
    "tests.instances",
    "tests.passes",
]


def pytest_configure() -> None:
    """Look for garbage as seldom as the program does: it was a tenth of what the tests cost."""
    collect_seldom()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Whatever was loaded to find the tests stays until the end, so nobody looks at it any more."""
    gc.freeze()


def pytest_make_parametrize_id(val: object) -> str | None:
    """Bytes of a file have no name: an archive holds the time it was made at, and each process has its own."""
    return "bytes" if isinstance(val, bytes) and (len(val) > 20 or b"\0" in val) else None
