"""How often a process of ours looks for garbage: seldom, since what it loads as it starts stays until its end."""

from __future__ import annotations

import gc

_NEW_OBJECTS = 10_000


def collect_seldom() -> None:
    """Have Python look for circles that nobody holds after so many new objects, not after each few hundred.

    Starting makes a million objects that stay. Looking at them again and again is a third of what it costs.
    """
    gc.set_threshold(_NEW_OBJECTS, *gc.get_threshold()[1:])
