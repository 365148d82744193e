"""All threads of a process see that their parent takes the node out of service, and may look at once."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from opendata.telemetry import draining


@pytest.fixture
def parent():
    looked_at, end = os.pipe()
    draining.watch_parent(looked_at)
    yield end
    draining.watch_parent(None)
    draining.set_draining(False)
    os.close(looked_at)
    os.close(end)


def test_threads_look_at_once(parent):
    with ThreadPoolExecutor(8) as pool:
        looks = [pool.submit(lambda: [draining.is_draining() for _ in range(2000)]) for _ in range(8)]
        assert not any(any(look.result()) for look in looks)
        os.write(parent, b"\n")
        assert all(pool.map(lambda _: draining.is_draining(), range(50)))
