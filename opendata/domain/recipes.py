"""Recipes: the recorded steps from the file as it came to the table as published, replayed on its next file."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

REPAIR = "repair"
"""The verb of a step that repairs the wrong cells of one field; its parameter `kind` says how."""


@dataclass(frozen=True, slots=True)
class Step:
    """One change of a table: what is done (`verb`), to which column (empty: not to one), with which parameters."""

    verb: str
    field: str = ""
    params: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recipe:
    """The steps from the file as it came to the table as published, in order. Each sees what those before it left."""

    steps: Sequence[Step] = ()

    @property
    def repairs(self) -> Mapping[str, Sequence[str]]:
        """The kinds of repair of each field, by its name, in the order in which they are applied."""
        found: dict[str, list[str]] = {}
        for step in self.steps:
            if step.verb == REPAIR:
                found.setdefault(step.field, []).append(step.params["kind"])
        return found


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a step doesn't fit a file, or should be looked at: a translatable message with its details."""

    text: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of one step in a file: how many cells, rows or columns it changed, and what is to be asked of it."""

    step: Step
    count: int
    doubts: Sequence[Doubt] = ()
