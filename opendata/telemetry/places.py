"""The files in which the processes of one machine keep their figures, so that each can give those of all.

    a process → takes a place of its kind, the lowest that is free: `web-1` → its figures are in the files of that place
              → it ends, and its lock with it → the next process of the kind takes the place and counts on

So there are as many files as processes at once, however many come and go, and no counter goes back.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from opendata.telemetry import instruments

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""What prometheus_client reads: the folder of the files."""

_NAME = "opendata-figures-"
_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
_LIVE = "gauge_livesum_"


class _Place:
    """The place of this process."""

    name = "none"
    kind = ""
    lock: int | None = None
    follows_forks = False


@contextlib.contextmanager
def share_figures() -> Iterator[None]:
    """Have this process and those that it starts share a folder of figures, until the end."""
    if os.environ.get(VARIABLE):  # the operator's, or that of the process which started this one
        yield
        return
    root = _MEMORY if os.access(_MEMORY, os.W_OK) else Path(tempfile.gettempdir())
    _sweep(root)
    folder = tempfile.mkdtemp(prefix=f"{_NAME}{os.getpid()}-", dir=root)
    os.environ[VARIABLE] = folder
    try:
        yield
    finally:
        instruments.disable()
        del os.environ[VARIABLE]
        shutil.rmtree(folder, ignore_errors=True)


def find_folder() -> Path | None:
    """The folder that the processes share; None where each is alone."""
    name = os.environ.get(VARIABLE)
    return Path(name) if name else None


def begin_counting(kind: str) -> None:
    """Count in this process from now on, in a place of this kind if there is a shared folder."""
    folder = find_folder()
    if folder is not None:
        _take(folder, kind)
        if not _Place.follows_forks:
            _Place.follows_forks = True
            os.register_at_fork(after_in_child=_take_own)
        import prometheus_client.values as values

        if not getattr(values.ValueClass, "_multiprocess", False) or not instruments.is_enabled():
            values.ValueClass = values.MultiProcessValue(lambda: _Place.name)  # type: ignore[no-untyped-call]
    instruments.enable()


def drop_dead_gauges(folder: Path) -> None:
    """What processes that are gone had at hand isn't at hand any more."""
    for path in folder.glob(f"{_LIVE}*.db"):
        with _try_lock(folder, path.stem.removeprefix(_LIVE)) as is_free:
            if is_free:
                path.unlink(missing_ok=True)


def _take_own() -> None:
    """In a process that was forked: leave the parent its place, and take one."""
    folder = find_folder()
    if _Place.lock is not None and folder is not None:
        _take(folder, _Place.kind)


def _take(folder: Path, kind: str) -> None:
    """Take the lowest place of a kind that nobody has; a place taken before a fork is the parent's."""
    folder.mkdir(parents=True, exist_ok=True)
    if _Place.lock is not None:
        os.close(_Place.lock)
        _Place.lock = None
    number = 1
    while True:
        name = f"{kind}-{number}"
        handle = os.open(folder / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            number += 1
            continue
        (folder / f"{_LIVE}{name}.db").unlink(missing_ok=True)
        _Place.name, _Place.kind, _Place.lock = name, kind, handle
        return


@contextlib.contextmanager
def _try_lock(folder: Path, name: str) -> Iterator[bool]:
    if name == _Place.name:
        yield False
        return
    handle = os.open(folder / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        yield True
    finally:
        os.close(handle)


def _sweep(root: Path) -> None:
    """Remove what parents that were killed have left."""
    for path in root.glob(f"{_NAME}*-*"):
        number = path.name.removeprefix(_NAME).partition("-")[0]
        with contextlib.suppress(OSError, ValueError):
            if path.stat().st_uid == os.getuid() and not Path(f"/proc/{int(number)}").exists():
                shutil.rmtree(path, ignore_errors=True)
