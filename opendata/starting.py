"""How a process of ours starts lightly: it seldom looks for garbage, leaves out what it never needs, keeps memory."""

from __future__ import annotations

import gc
import os
import sys

_NEW, _YOUNG, _ALL = 10_000, 50, 2
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3


def start_lightly() -> None:
    """Begin a process that is ours from its start to its end."""
    collect_seldom()
    leave_out_pandas()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy's own threads: nothing of ours multiplies matrices


def collect_seldom() -> None:
    """Have Python look for circles that nobody holds after 10,000 new objects, not after 700.

    Those that stay are looked at again with the next 500,000, and all objects with the next million. Starting makes
    400,000 that stay: looking at them again and again is a third of what it costs.
    """
    gc.set_threshold(_NEW, _YOUNG, _ALL)


def keep_freed_memory(size: int) -> None:
    """Have the allocator of glibc keep blocks of up to `size` bytes for the next ones, and twice that of what is free.

    Otherwise each piece of a body, or of a table, is new memory that the kernel clears page by page: with pieces of a
    megabyte that takes half of what it costs to receive them. Without glibc nothing happens.
    """
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, size)
        mallopt(_TRIM_THRESHOLD, 2 * size)


def give_back_memory() -> None:
    """Give what is free back to the system now."""
    import ctypes

    malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if malloc_trim is not None:
        malloc_trim(0)


def leave_out_pandas() -> None:
    """Have pyarrow find no pandas, even where it is installed: nothing of ours uses it, and it takes 0.2 s to load.

    For a process that is ours from its start to its end, since nothing in it can import pandas afterwards, unless it
    asks to `admit_pandas`.
    """
    sys.meta_path.insert(0, _WithoutPandas())


def admit_pandas() -> None:
    """Let this process import pandas from now on: pyspark refuses to work without it."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _WithoutPandas)]


class _WithoutPandas:
    def find_spec(self, fullname: str, *_: object) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError("This process leaves out pandas", name=fullname)
