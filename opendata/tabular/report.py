"""Validation reports in Frictionless' form: a list of errors that is capped, counts that are exact.

Source: Frictionless report descriptor (5.21); `opendata` is our one object in it, with counts per rule and column.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, kw_only=True)
class TaskReport:
    """The verdict on one table while it is being checked. `limit` caps the errors listed, never the counts."""

    name: str
    place: str
    limit: int = 1000
    labels: list[str] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    rows: int = 0
    bytes: int = 0
    sha256: str = ""
    seconds: float = 0.0

    @property
    def valid(self) -> bool:
        """Whether no error has been found so far."""
        return not self.counts

    def add(self, error: Mapping[str, Any], *, row: int | None = None) -> None:
        """Count an error descriptor, and list it while there is room."""
        self.counts[(str(error["type"]), str(error.get("fieldName", "")))] += 1
        if len(self.errors) < self.limit:
            listed = dict(error)
            if row is not None:
                listed.setdefault("rowNumber", row)
            self.errors.append(listed)

    def add_lazily(self, error: Any) -> None:
        """The same for an error of frictionless, whose descriptor is made only when it will be listed."""
        if len(self.errors) < self.limit:
            self.add(error.to_descriptor())
        else:
            self.counts[(error.type, getattr(error, "field_name", ""))] += 1

    def describe(self) -> dict[str, Any]:
        """The task's descriptor."""
        total = sum(self.counts.values())
        warnings = list(self.warnings)
        if total > len(self.errors):
            warnings.append(f"{len(self.errors)} of {total} errors are listed; the counts are exact")
        stats: dict[str, Any] = {"errors": total, "warnings": len(warnings), "seconds": round(self.seconds, 3)}
        if self.sha256:
            stats["sha256"] = self.sha256
        stats |= {"bytes": self.bytes, "fields": len(self.labels), "rows": self.rows}
        return {
            "name": self.name,
            "type": "table",
            "valid": total == 0,
            "place": self.place,
            "labels": self.labels,
            "stats": stats,
            "warnings": warnings,
            "errors": self.errors,
            "opendata": {
                "counts": [
                    {"type": kind, "fieldName": name, "count": count}
                    for (kind, name), count in sorted(self.counts.items(), key=lambda item: -item[1])
                ]
            },
        }


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
