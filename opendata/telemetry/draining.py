"""Whether this node is being taken out of service: its parent says so through a pipe that nobody reads.

A byte in the pipe stays there, so all processes see it; so does the end of a parent that was killed.
"""

from __future__ import annotations

import os
import select


class _State:
    """The pipe from the parent, if there is one."""

    pipe: int | None = None
    is_draining = False


def watch_parent(pipe: int | None) -> None:
    """Have the parent say it through this end of a pipe; None for no parent."""
    if pipe is not None:
        os.set_inheritable(pipe, False)
    _State.pipe = pipe


def is_draining() -> bool:
    """Whether new readers had better go to another node. Costs a system call."""
    if not _State.is_draining and _State.pipe is not None:
        looking = select.poll()  # one for each look: threads can't share one
        looking.register(_State.pipe, select.POLLIN)
        _State.is_draining = bool(looking.poll(0))
    return _State.is_draining


def set_draining(is_on: bool) -> None:
    """Say it in this process alone."""
    _State.is_draining = is_on
