"""Recipes: the recorded changes of a table, in order, replayed on its next file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

REPAIR = "repair"
"""The verb of a step that repairs the wrong cells of one field; its parameter `kind` says how."""


@dataclass(frozen=True, slots=True)
class Step:
    """One change of a table: what is done (`verb`), to which field, with which parameters."""

    verb: str
    field: str
    params: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Recipe:
    """The steps from the file as it came to the table as published."""

    steps: Sequence[Step] = ()

    @property
    def repairs(self) -> Mapping[str, Sequence[str]]:
        """The kinds of repair of each field, by its name, in the order in which they are applied."""
        found: dict[str, list[str]] = {}
        for step in self.steps:
            if step.verb == REPAIR:
                found.setdefault(step.field, []).append(step.params["kind"])
        return found
