"""How often a process of ours looks for garbage: seldom, since what it loads as it starts stays until its end."""

from __future__ import annotations

import gc

_NEW, _YOUNG, _ALL = 10_000, 50, 2


def collect_seldom() -> None:
    """Have Python look for circles that nobody holds after 10,000 new objects, not after 700.

    Those that stay are looked at again with the next 500,000, and all objects with the next million. Starting makes
    400,000 that stay: looking at them again and again is a third of what it costs.
    """
    gc.set_threshold(_NEW, _YOUNG, _ALL)
