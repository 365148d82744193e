"""Validation reports in Frictionless' form: a list of errors that is capped, counts that are exact.

Source: Frictionless report descriptor (5.21); `opendata` is our one object in it, with counts per rule and column.
"""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Tally(NamedTuple):
    """What is counted: the breaking of one rule in one column (`""`: in none), of one strength."""

    type: str
    field: str = ""
    rule: str = ""
    strength: str = "error"


@dataclass(slots=True, kw_only=True)
class TaskReport:
    """The verdict on one table while it is being checked. `limit` caps the errors listed, never the counts.

    `errors` block publication; `remarks` are of lesser strength. `repairs` could be made, `repaired` were.
    """

    name: str
    place: str
    limit: int = 1000
    labels: list[str] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    remarks: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    tallies: Counter[Tally] = field(default_factory=Counter)
    repairs: list[dict[str, Any]] = field(default_factory=list)
    repaired: list[dict[str, Any]] = field(default_factory=list)
    rows: int = 0
    bytes: int = 0
    sha256: str = ""
    seconds: float = 0.0
    _valid: bool = True

    @property
    def valid(self) -> bool:
        """Whether no error has been found so far."""
        return self._valid

    @property
    def counts(self) -> Counter[tuple[str, str]]:
        """How many errors there are of each type in each column."""
        found: Counter[tuple[str, str]] = Counter()
        for tally, count in self.tallies.items():
            if tally.strength == "error":
                found[tally.type, tally.field] += count
        return found

    def count(self, tally: Tally, number: int = 1) -> None:
        """Count findings without listing them."""
        self.tallies[tally] += number
        self._valid = self._valid and tally.strength != "error"

    def has_room(self, strength: str = "error") -> bool:
        """Whether one more finding of a strength would be listed."""
        return len(self.errors if strength == "error" else self.remarks) < self.limit

    def list(self, descriptor: Mapping[str, Any], strength: str = "error") -> None:
        """List a finding that is counted elsewhere, while there is room."""
        if self.has_room(strength):
            if strength == "error":
                self.errors.append(dict(descriptor))
            else:
                self.remarks.append({**descriptor, "opendata": {"strength": strength}})

    def add(self, error: Mapping[str, Any]) -> None:
        """Count an error descriptor, and list it while there is room."""
        self.count(Tally(str(error["type"]), str(error.get("fieldName", "")), str(error["type"])))
        self.list(error)

    def list_sorted(self, descriptor: Mapping[str, Any], strength: str = "error") -> None:
        """List a finding of a row after those of the same row and before those of later ones, which may fall out."""
        listed = self.errors if strength == "error" else self.remarks
        found = dict(descriptor) if strength == "error" else {**descriptor, "opendata": {"strength": strength}}
        insort(listed, found, key=_find_row)
        del listed[self.limit :]

    def describe(self) -> dict[str, Any]:
        """The task's descriptor."""
        total = sum(count for tally, count in self.tallies.items() if tally.strength == "error")
        warnings = [*self.warnings]
        if total > len(self.errors):
            warnings.append(f"{len(self.errors)} of {total} errors are listed; the counts are exact")
        stats: dict[str, Any] = {"errors": total, "warnings": len(warnings), "seconds": round(self.seconds, 3)}
        if self.sha256:
            stats["sha256"] = self.sha256
        stats |= {"bytes": self.bytes, "fields": len(self.labels), "rows": self.rows}
        own: dict[str, Any] = {
            "counts": [
                {"type": tally.type, "fieldName": tally.field, "rule": tally.rule, "count": count}
                | ({"strength": tally.strength} if tally.strength != "error" else {})
                for tally, count in sorted(self.tallies.items(), key=lambda item: -item[1])
            ]
        }
        for name in ("remarks", "repairs", "repaired"):
            if found := getattr(self, name):
                own[name] = found
        return {
            "name": self.name,
            "type": "table",
            "valid": total == 0,
            "place": self.place,
            "labels": self.labels,
            "stats": stats,
            "warnings": warnings,
            "errors": self.errors,
            "opendata": own,
        }


_LAST = ("unique-error", "primary-key", "unique-key")


def _find_row(descriptor: Mapping[str, Any]) -> tuple[int, int]:
    """Where a finding is listed: by its row, and in the row keys after cells."""
    kind = descriptor["type"]
    return int(descriptor.get("rowNumber") or 0), _LAST.index(kind) + 1 if kind in _LAST else 0


def describe_report(tasks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The report over the tasks of several tables."""
    total = sum(task["stats"]["errors"] for task in tasks)
    return {
        "valid": total == 0,
        "stats": {
            "tasks": len(tasks),
            "errors": total,
            "warnings": sum(task["stats"]["warnings"] for task in tasks),
            "seconds": round(sum(task["stats"]["seconds"] for task in tasks), 3),
        },
        "warnings": [],
        "errors": [],
        "tasks": list(tasks),
    }


def summarise_report(report: Mapping[str, Any]) -> dict[str, Any]:
    """A report without any cell value: the verdict and the counts per rule and column, fit to be published.

    The labels go too where the table is invalid: they may be a row taken for a header.
    """
    return {
        **{key: report[key] for key in ("valid", "stats", "warnings")},
        "tasks": [
            {
                **{key: value for key, value in task.items() if key not in ("errors", "warnings")},
                "labels": task["labels"] if task["valid"] else [],
                "opendata": {"counts": task["opendata"]["counts"]},
            }
            for task in report["tasks"]
        ],
    }


def add_errors(task: Mapping[str, Any], more: Mapping[str, Any] | None) -> dict[str, Any]:
    """A task's descriptor with the errors of another task over the same table added."""
    if more is None:
        return dict(task)
    sums = {name: task["stats"][name] + more["stats"][name] for name in ("errors", "warnings")}
    counts = [*task["opendata"]["counts"], *more["opendata"]["counts"]]
    return {
        **task,
        "valid": task["valid"] and more["valid"],
        "stats": {**task["stats"], **sums},
        "warnings": [*task["warnings"], *more["warnings"]],
        "errors": [*task["errors"], *more["errors"]],
        "opendata": {**task["opendata"], "counts": counts},
    }
