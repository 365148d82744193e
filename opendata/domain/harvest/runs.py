"""Runs of a harvest: what was asked for, what became of it, and numbers that add up."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class HarvestWish(StrEnum):
    """What somebody asked for; a trial writes nothing but its report."""

    NOTHING = "nothing"
    TRIAL = "trial"
    RUN = "run"


class HarvestOutcome(StrEnum):
    """What became of a run. `unchanged`: the source says that its document is the one of the last time."""

    RUNNING = "running"
    DONE = "done"
    UNCHANGED = "unchanged"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many datasets a source had (`seen`) and what became of each; `gone` are those that it had before."""

    seen: int = 0
    kept: int = 0
    new: int = 0
    changed: int = 0
    refused: int = 0
    gone: int = 0

    @property
    def adds_up(self) -> bool:
        """Whether each dataset that was seen is counted once."""
        return self.seen == self.kept + self.new + self.changed + self.refused
