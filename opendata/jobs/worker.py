"""The worker process: takes drafts out of the queue, a few at a time, sweeps for those it has lost, sends mail.

It also fetches the tables that come from elsewhere, in threads of their own: a slow server holds up nothing else.
"""

from __future__ import annotations

import itertools
import logging
import signal
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from opendata.errors import BackendError
from opendata.jobs.queue import DraftQueue
from opendata.services.search.following import FULL
from opendata.services.work.work import Work
from opendata.telemetry.instruments import STEP_FAILURES

logger = logging.getLogger(__name__)

_POLL_SECONDS = 0.15
_AWAY_SECONDS = 5.0
_TIDY_ROUNDS = 240
MAIL_SECONDS = 2.0
"""How often the worker looks for mail to send."""

FETCH_SECONDS = 5.0
"""How often the worker looks for tables to fetch."""

INDEX_SECONDS = 1.0
"""How often the worker looks for changes of the catalogue."""

INDEX_PAUSE_SECONDS = 3.0
"""At most so much longer it waits while each look finds some: every machine writes each change into its own index, and
what comes together is written at once."""

LIST_SECONDS = 60.0
"""How often the worker looks for lists of the portal to publish."""

MEASURE_SECONDS = 10.0
"""How often the worker looks for tables to measure."""

MEASURE_SHARE = 20
"""Looking for them takes at most this part of its time while there are none: it reads all datasets."""

MEASURE_PAUSE_SECONDS = 120.0
"""At most so long it waits for that."""
HOOK_SECONDS = 1.0
"""How often the worker looks for events to send to webhooks."""

LINK_SECONDS = 30.0
"""How often the worker looks for links to ask, and shows that it is alive."""

TIDY_ROUNDS = 120
"""After so many looks at links, what isn't needed any more is erased."""

_FETCHERS = 3
"""How many tables are fetched at once: one slow server doesn't hold up the others."""

_LAST_SECONDS = 5.0
"""How long a mail that is on its way when the worker stops may take."""


def run_worker(
    work: Work,
    queue: DraftQueue,
    *,
    sweep_seconds: int,
    run: Callable[[str], object] | None = None,
    drafts: int = 1,
    fetching: Periodic | None = None,
    indexing: Sequence[Indexer] = (),
    publishing: Periodic | None = None,
    measuring: Sequence[Periodic] = (),
    links: LinkChecker | None = None,
    delivering: Sequence[Periodic] = (),
    harvesting: Periodic | None = None,
    ending: Ending | None = None,
) -> None:
    """Work until a signal comes: SIGINT lets the draft at hand finish, SIGTERM leaves it to the next worker.

    With `ending` SIGTERM lets it finish too, for a while, and SIGINT leaves it.

    `run` does the work of a draft, of as many as `drafts` at once; without it that is done in this process. `fetching`
    fetches the tables that come from elsewhere; a file that is on its way when the worker stops is fetched again.
    Each of `indexing` follows the changes of the catalogue. `publishing` publishes the portal's own lists,
    each of `measuring` measures what was published, `links` asks whether the links of re-uses still work, each of
    `delivering` sends events to those who want them, `harvesting` takes in the datasets of other portals.
    """
    huey = queue.open()
    queue.run = run or work.run
    for name in ("Worker", "Scheduler"):
        logging.getLogger(f"huey.consumer.{name}").addFilter(_shorten)
    stop = threading.Event()
    sweeper = threading.Thread(target=sweep, args=(work, queue, stop, sweep_seconds), name="sweep", daemon=True)
    sweeper.start()
    sender = threading.Thread(target=send_mail, args=(work, stop, sweep_seconds), name="mail", daemon=True)
    sender.start()
    if fetching is not None:
        words = (fetching, stop, sweep_seconds)
        for number in range(_FETCHERS):
            threading.Thread(target=fetch_sources, args=words, name=f"fetch-{number}", daemon=True).start()
    for number, indexer in enumerate(indexing):
        followed = (indexer, stop, sweep_seconds)
        threading.Thread(target=follow_changes, args=followed, name=f"index-{number}", daemon=True).start()
    if publishing is not None:
        named = (publishing, stop, sweep_seconds)
        threading.Thread(target=publish_lists, args=named, name="lists", daemon=True).start()
    for number, measurer in enumerate(measuring):
        wanted = (measurer, stop, sweep_seconds)
        threading.Thread(target=measure, args=wanted, name=f"measure-{number}", daemon=True).start()
    for number, deliverer in enumerate(delivering):
        hooked = (deliverer, stop, sweep_seconds)
        threading.Thread(target=deliver, args=hooked, name=f"events-{number}", daemon=True).start()
    if links is not None:
        asked = (links, stop, sweep_seconds)
        threading.Thread(target=check_links, args=asked, name="links", daemon=True).start()
    if harvesting is not None:
        meant = (harvesting, stop, sweep_seconds)
        threading.Thread(target=harvest, args=meant, name="harvest", daemon=True).start()
    # A queue in which a worker waits is asked again only after a failure.
    longest = _AWAY_SECONDS if huey.storage.blocking else _POLL_SECONDS
    consumer = huey.create_consumer(
        workers=drafts,
        worker_type="thread",
        periodic=False,
        initial_delay=0.05,
        backoff=1.3,
        max_delay=longest,
        graceful_signal="INT" if ending is None else "TERM",
    )
    if ending is not None:
        ending.limit(consumer)
    try:
        consumer.run()
    finally:
        stop.set()
        sender.join(_LAST_SECONDS)


class Ending:
    """How long the drafts at hand may take after SIGTERM; then `give_back` leaves them to another worker."""

    def __init__(self, seconds: float, give_back: Callable[[], None]) -> None:
        self._seconds = seconds
        self._give_back = give_back

    def limit(self, consumer: Any) -> None:
        """Have a consumer of huey end in time."""
        stop = consumer.stop

        def stop_in_time(graceful: bool = False) -> None:
            if graceful:
                timer = threading.Timer(self._seconds, self._give_back)
                timer.daemon = True
                timer.start()
            stop(graceful=graceful)

        consumer.stop = stop_in_time


def run_follower(indexing: Sequence[Indexer], *, pause: float) -> None:
    """Keep up to date what this machine has of its own until SIGINT or SIGTERM comes; after a failure only so often."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    threads = [
        threading.Thread(target=follow_changes, args=(indexer, stop, pause), daemon=True) for indexer in indexing
    ]
    for thread in threads:
        thread.start()
    stop.wait()
    for thread in threads:
        thread.join(_LAST_SECONDS)


def sweep(work: Work, queue: DraftQueue, stop: threading.Event, seconds: int) -> None:
    """At the start and then every so often: whatever wants work and is not in the queue goes back into it."""
    rounds = 0
    while True:
        try:
            _look(work, queue, stop)
            if rounds % _TIDY_ROUNDS == 0:
                work.tidy()
        except BackendError as error:  # repeated until it is back: one line says it
            logger.warning("the sweep will be tried again: %s", error)
        except Exception:
            logger.exception("the sweep failed and will be tried again")
        rounds += 1
        if stop.wait(seconds):
            return


class Periodic(Protocol):
    """What does all that is due, again and again."""

    def run_due(self, is_stopping: Callable[[], bool]) -> int:
        """Do what is due, until it is to stop; how much that was."""
        ...


class Indexer(Protocol):
    """What keeps a search index up to date."""

    def follow(self) -> int:
        """Take in what has happened: how many events of the audit log, or whether there was anything."""
        ...


class LinkChecker(Protocol):
    """What asks whether links still work."""

    def run_due(self, is_stopping: Callable[[], bool]) -> int:
        """Ask the links that are due, until it is to stop; how many."""
        ...

    def tidy(self) -> None:
        """Erase what isn't needed any more."""
        ...


class _Sender(Protocol):
    def send_mail(self, is_stopping: Callable[[], bool]) -> int: ...


def send_mail(work: _Sender, stop: threading.Event, pause: float) -> None:
    """Every other second: send the mail that is due."""
    _repeat(lambda: work.send_mail(stop.is_set), stop, MAIL_SECONDS, pause, "sending mail")


def fetch_sources(fetching: Periodic, stop: threading.Event, pause: float) -> None:
    """Every few seconds: fetch the tables that are due."""
    _repeat(lambda: fetching.run_due(stop.is_set), stop, FETCH_SECONDS, pause, "fetching")


def harvest(harvesting: Periodic, stop: threading.Event, pause: float) -> None:
    """Every few seconds: harvest the portals that are due."""
    _repeat(lambda: harvesting.run_due(stop.is_set), stop, FETCH_SECONDS, pause, "harvesting")


def measure(measuring: Periodic, stop: threading.Event, pause: float) -> None:
    """Every few seconds, in a large catalogue less often: measure what was published."""

    def look() -> None:
        begun = time.monotonic()
        if not measuring.run_due(stop.is_set):
            stop.wait(min(MEASURE_SHARE * (time.monotonic() - begun), MEASURE_PAUSE_SECONDS))

    _repeat(look, stop, MEASURE_SECONDS, pause, "measuring tables")


def deliver(delivering: Periodic, stop: threading.Event, pause: float) -> None:
    """Every second: send the events that are due."""
    _repeat(lambda: delivering.run_due(stop.is_set), stop, HOOK_SECONDS, pause, "sending events")


def publish_lists(publishing: Periodic, stop: threading.Event, pause: float) -> None:
    """Every minute: publish the portal's own lists that are due."""
    _repeat(lambda: publishing.run_due(stop.is_set), stop, LIST_SECONDS, pause, "publishing lists")


def follow_changes(indexing: Indexer, stop: threading.Event, pause: float) -> None:
    """Every second, and less often while much is published: have what was published found."""
    busy = 0

    def follow_all() -> None:
        nonlocal busy
        taken = first = indexing.follow()
        while taken >= FULL and not stop.is_set():
            taken = indexing.follow()
        busy = busy + 1 if first else 0
        stop.wait(min(INDEX_PAUSE_SECONDS, max(0, busy - 1) * INDEX_SECONDS))

    _repeat(follow_all, stop, INDEX_SECONDS, pause, "writing the search index")


def check_links(links: LinkChecker, stop: threading.Event, pause: float) -> None:
    """Every half minute: ask the links that are due; now and then erase what isn't needed any more."""
    rounds = itertools.count()

    def look() -> None:
        links.run_due(stop.is_set)
        if next(rounds) % TIDY_ROUNDS == 0:
            links.tidy()

    _repeat(look, stop, LINK_SECONDS, pause, "checking links")


def _repeat(step: Callable[[], object], stop: threading.Event, every: float, pause: float, what: str) -> None:
    """Do something every so many seconds until the worker stops; after a failure only after the pause."""
    seconds = 0.0
    while not stop.wait(seconds):
        seconds = every
        try:
            step()
        except BackendError as error:  # repeated until it is back: one line says it
            logger.warning("%s will be tried again: %s", what, error)
            STEP_FAILURES.add(1, what)
            seconds = pause
        except BaseException:  # where a library in Rust panics, that is no `Exception`
            logger.exception("%s failed and will be tried again", what)
            STEP_FAILURES.add(1, what)
            seconds = pause


def _look(work: Work, queue: DraftQueue, stop: threading.Event) -> None:
    """One sweep; where the queue is away, the work is done without it."""
    try:
        waiting = queue.count()
    except BackendError as error:
        logger.warning("%s; the worker goes on without it", error)
        for draft in work.find():
            if stop.is_set():
                return
            queue.run(draft)
        return
    if waiting == 0:
        found = work.sweep()
        if found:
            logger.info("%s drafts put back into the queue", found)


def _shorten(record: logging.LogRecord) -> bool:
    """Say in one line, without a traceback, that the queue is away: this is repeated until it comes back."""
    error = record.exc_info[1] if record.exc_info else None
    if record.name.endswith("Scheduler"):
        return error is None  # it asks every second for what we never put there
    if error is not None and record.getMessage() == "Error reading from queue":
        record.msg, record.args = "the queue does not answer, and is asked again: %s", (error,)
        record.exc_info = record.exc_text = None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True
