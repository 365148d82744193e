"""How soon a worker hears of a draft, and what waiting costs: PostgreSQL as the queue, against a Redis beside it.

Prints for each kind the time from `put` to the start of the work, and the processor time of a worker that waits, with
that of the server it waits at. Three workers of two threads each wait; one of them gets each message.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench._machine import CHECKOUT, describe_machine, measure_cpu
from opendata.db.session import Database
from opendata.jobs.queue import DraftQueue
from tests.servers import PostgresqlServer, RedisServer, require

WORKERS = 3
MESSAGES = 200
IDLE_SECONDS = 20.0


def listen(url: str, database_url: str) -> None:
    """Be a worker: print when each message was heard, by the clock that all processes share."""
    queue = DraftQueue(Path("unused"), url, Database(database_url))
    huey = queue.open()
    queue.run = lambda draft: print(draft.lstrip("0") or "0", time.monotonic(), flush=True)
    consumer = huey.create_consumer(workers=2, worker_type="thread", periodic=False, initial_delay=0.05, max_delay=5)
    print("ready", flush=True)
    consumer.run()


def measure(name: str, url: str, postgresql: PostgresqlServer, server: int) -> None:
    """Print the figures of one kind of queue; `server` is the process that answers."""
    command = [sys.executable, "-m", "bench.queue", url, postgresql.url]
    workers = [subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) for _ in range(WORKERS)]
    try:
        for worker in workers:
            assert worker.stdout is not None
            worker.stdout.readline()
        time.sleep(3)
        before = [sum(measure_cpu(worker.pid) for worker in workers), measure_cpu(server)]
        time.sleep(IDLE_SECONDS)
        after = [sum(measure_cpu(worker.pid) for worker in workers), measure_cpu(server)]
        queue = DraftQueue(Path("unused"), url, Database(postgresql.url))
        put: dict[str, float] = {}
        for number in range(MESSAGES):
            put[str(number)] = time.monotonic()
            queue.put(f"{number:024}")
            time.sleep(0.02)
        time.sleep(2)
    finally:
        for worker in workers:
            worker.terminate()
    heard = dict(line.split() for worker in workers for line in (worker.communicate()[0] or "").splitlines() if line)
    waits = sorted(1000 * (float(at) - put[draft]) for draft, at in heard.items())
    idle = [1000 * (late - early) / IDLE_SECONDS for early, late in zip(before, after, strict=True)]
    print(
        f"{name:11} heard {len(waits)} of {MESSAGES}: median {statistics.median(waits):.1f} ms,"
        f" 99 of 100 within {waits[int(len(waits) * 0.99) - 1]:.1f} ms, longest {waits[-1]:.1f} ms;"
        f" idle: {idle[0] / WORKERS:.1f} ms of processor time a second and worker, {idle[1]:.1f} ms in the server"
    )


def main() -> None:
    """Measure both."""
    print(describe_machine())
    postgresql, redis = PostgresqlServer(require("postgresql")), RedisServer(require("redis"))
    postgresql.start()
    redis.start()
    try:
        database = Database(postgresql.url)
        database.migrate()
        database.dispose()
        os.chdir(tempfile.gettempdir())
        measure("Redis", redis.url, postgresql, redis.pid)
        measure("PostgreSQL", "", postgresql, postgresql.pid)
    finally:
        redis.stop()
        postgresql.remove()


if __name__ == "__main__":
    listen(*sys.argv[1:]) if len(sys.argv) == 3 else main()
