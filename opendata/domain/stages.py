"""What is being done to a draft at the moment: a stage, and the table it is about."""

from __future__ import annotations

from dataclasses import dataclass

_LONGEST = 40


@dataclass(frozen=True, slots=True)
class Stage:
    """`read`, `check`, `store` or `compare`, each of one table; `screen` of an attachment; `keys` or `publish`.

    `scan` for viruses, or `hold` until that is possible, is of one file.

    As text: `check levels`.
    """

    name: str
    resource: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.resource}".strip()[:_LONGEST]


def parse_stage(text: str) -> Stage:
    """The stage that a draft keeps as text."""
    return Stage(*text.split(" ", 1)) if text else Stage("")
