"""The processes of a run. Each has an application of its own, and ends when the run does, also when it is killed."""

from __future__ import annotations

import logging
import multiprocessing
import os
import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import select

from opendata.db.models import Dataset
from opendata.errors import N_, BackendError, OpendataError
from opendata.mirror.journal import Journal
from opendata.mirror.targets import open_target
from opendata.mirror.tasks import DatasetTask, Done, Task
from opendata.mirror.worker.files import Files
from opendata.mirror.worker.rendering import Renderer
from opendata.mirror.worker.writing import Writer
from opendata.services.core.access import where_listed
from opendata.settings import Settings

_AHEAD = 3
"""So many tasks a process are handed out before they are needed."""


@dataclass(frozen=True, slots=True)
class _Start:
    """What a process begins with."""

    settings: Settings
    target: str
    journal: Path
    scratch: Path


class Pool:
    """Does tasks in several processes."""

    def __init__(self, settings: Settings, target: str, journal: Path, scratch: Path, processes: int) -> None:
        self._most = processes * _AHEAD
        self._pool = ProcessPoolExecutor(
            processes,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_start,
            initargs=(_Start(settings, target, journal, scratch),),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def run(self, tasks: Iterator[Task]) -> Iterator[Done]:
        """What each task did, in the order they are done. Raises `BackendError` where a process was killed."""
        under_way: set[Future[Done]] = set()
        while True:
            for task in tasks:
                under_way.add(self._pool.submit(_work, task))
                if len(under_way) >= self._most:
                    break
            if not under_way:
                return
            finished, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            for future in finished:
                try:
                    yield future.result()
                except BrokenProcessPool as error:
                    raise BackendError(
                        N_("A process that wrote the mirror was killed. Run the command again")
                    ) from error


_writer: Writer


def _start(begin: _Start) -> None:
    """Prepare a process."""
    global _writer
    threading.Thread(target=_end_with_parent, daemon=True).start()
    logging.getLogger("opendata").addHandler(logging.NullHandler())
    renderer = Renderer(begin.settings)
    with renderer.services.database.unit() as session:
        datasets = frozenset(session.scalars(select(Dataset.id).where(where_listed())))
    journal = Journal(begin.journal, writes=False)
    _writer = Writer(Files(renderer, open_target(begin.target, begin.settings), journal, begin.scratch), datasets)


def _work(task: Task) -> Done:
    try:
        return _writer.write(task)
    except OpendataError as error:
        return Done(own=task.dataset if isinstance(task, DatasetTask) else "", failure=str(error))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
