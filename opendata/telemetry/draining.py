"""Whether this node is being taken out of service: its parent says so through a pipe that nobody reads.

A byte in the pipe stays there, so all processes see it; so does the end of a parent that was killed.
"""

from __future__ import annotations

import os
import select


class _State:
    """The pipe from the parent, if there is one."""

    poll: select.poll | None = None
    is_draining = False


def watch_parent(pipe: int) -> None:
    """Have the parent say it through this end of a pipe."""
    os.set_inheritable(pipe, False)
    _State.poll = select.poll()
    _State.poll.register(pipe, select.POLLIN)


def is_draining() -> bool:
    """Whether new readers had better go to another node. Costs a system call."""
    if not _State.is_draining and _State.poll is not None and _State.poll.poll(0):
        _State.is_draining = True
    return _State.is_draining


def set_draining(is_on: bool) -> None:
    """Say it in this process alone."""
    _State.is_draining = is_on
