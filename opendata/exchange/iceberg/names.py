"""Ids as names that SQL takes without quotes, and back: hyphens become underscores.

    air-quality → air_quality        2024-budget → _2024_budget
    air_quality → air_quality, or air__quality where there is an air-quality too

A name follows from the id, and from whether that one other id is there: so it stays, and is found without a list.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

_HYPHENS = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_UNDERSCORES = re.compile(r"[a-z0-9]+(_[a-z0-9]+)+")
_RUN = re.compile(r"[-_]+")
_CODED = re.compile(r"_x((?:[0-9a-f]{2})+)")
_LONGEST_RUN = 3


def name_id(identifier: str, is_taken: Callable[[str], bool]) -> str:
    """The name of an id. `is_taken` says whether there is a certain id: the one with hyphens alone."""
    if _HYPHENS.fullmatch(identifier):
        found = identifier.replace("-", "_")
    elif _UNDERSCORES.fullmatch(identifier) and not is_taken(identifier.replace("_", "-")):
        found = identifier
    elif max(map(len, _RUN.findall(identifier))) > _LONGEST_RUN:
        return "_x" + identifier.encode().hex()
    else:
        found = _RUN.sub(_widen, identifier)
    return f"_{found}" if found[0].isdigit() else found


def list_ids(name: str) -> Iterator[str]:
    """The ids that may have this name, the likeliest first. An id may be its own name too."""
    coded = _CODED.fullmatch(name)
    if coded:
        try:
            yield bytes.fromhex(coded[1]).decode("ascii")
        except ValueError:
            return
        return
    bare = name[1:] if name[:1] == "_" and name[1:2].isdigit() else name
    yield re.sub("_+", _narrow, bare)
    if bare == name or _UNDERSCORES.fullmatch(bare):
        yield bare


def _widen(run: re.Match[str]) -> str:
    """As many underscores as the place of a run in the order of all: - _ -- -_ _- __ --- and so on."""
    return "_" * (int("1" + run[0].replace("-", "0").replace("_", "1"), 2) - 1)


def _narrow(run: re.Match[str]) -> str:
    return f"{len(run[0]) + 1:b}"[1:].replace("0", "-").replace("1", "_")
