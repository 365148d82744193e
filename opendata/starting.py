"""How a process of ours starts lightly: it seldom looks for garbage, and leaves out what it never needs."""

from __future__ import annotations

import gc
import sys

_NEW, _YOUNG, _ALL = 10_000, 50, 2


def collect_seldom() -> None:
    """Have Python look for circles that nobody holds after 10,000 new objects, not after 700.

    Those that stay are looked at again with the next 500,000, and all objects with the next million. Starting makes
    400,000 that stay: looking at them again and again is a third of what it costs.
    """
    gc.set_threshold(_NEW, _YOUNG, _ALL)


def leave_out_pandas() -> None:
    """Have pyarrow find no pandas, even where it is installed: nothing of ours uses it, and it takes 0.2 s to load.

    For a process that is ours from its start to its end, since nothing in it can import pandas afterwards.
    """
    sys.meta_path.insert(0, _WithoutPandas())


class _WithoutPandas:
    def find_spec(self, fullname: str, *_: object) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError("This process leaves out pandas", name=fullname)
