"""Validation reports in Frictionless' form: a list of errors that is capped, counts that are exact.

Source: Frictionless report descriptor (5.21); `opendata` is our one object in it, with counts per rule and column.
"""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from opendata.domain.findings import Finding, Problem
from opendata.errors import OpendataError, UnsupportedFormatError
from opendata.tables.report.descriptors import complete_descriptor, describe_finding, find_kind, strip_descriptor
from opendata.wording.notes import write_note


class Tally(NamedTuple):
    """What is counted: the breaking of one rule in one column (`""`: in none), of one strength."""

    type: str
    field: str = ""
    rule: str = ""
    strength: str = "error"


@dataclass(slots=True, kw_only=True)
class TaskReport:
    """The verdict on one table while it is being checked. `limit` caps the errors `listed`, never the counts.

    Errors block publication; `remarks` are of lesser strength. `repairs` could be made, `repaired` were, and so
    were the steps in `applied`. `columns` are the names that the columns have after that, or that somebody gave them.
    """

    name: str
    place: str
    limit: int = 1000
    labels: list[str] = field(default_factory=list)
    listed: list[Finding] = field(default_factory=list)
    remarks: list[Finding] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    tallies: Counter[Tally] = field(default_factory=Counter)
    repairs: list[dict[str, Any]] = field(default_factory=list)
    repaired: list[dict[str, Any]] = field(default_factory=list)
    applied: list[dict[str, Any]] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
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

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The errors listed, as Frictionless descriptors."""
        return [describe_finding(found) for found in self.listed]

    @property
    def has_encoding_error(self) -> bool:
        """Whether the bytes turned out to be of another encoding than the one they were read by."""
        return any(found.problem.type == "encoding-error" for found in self.listed)

    def has_room(self, strength: str = "error") -> bool:
        """Whether one more finding of a strength would be listed."""
        return len(self.listed if strength == "error" else self.remarks) < self.limit

    def has_room_at(self, row: int, strength: str = "error") -> bool:
        """Whether a finding of a row would be listed by `list_sorted`."""
        listed = self.listed if strength == "error" else self.remarks
        return self.has_room(strength) or (bool(listed) and row <= (listed[-1].place.row or 0))

    def list(self, found: Finding) -> None:
        """List a finding that is counted elsewhere, while there is room."""
        strength = found.problem.strength
        if self.has_room(strength):
            (self.listed if strength == "error" else self.remarks).append(found)

    def add(self, found: Finding) -> None:
        """Count a finding, and list it while there is room."""
        problem = found.problem
        self.count(Tally(problem.type, found.place.field or "", problem.rule or problem.type, problem.strength))
        self.list(found)

    def list_sorted(self, found: Finding) -> None:
        """List a finding of a row after those of the same row and before those of later ones, which may fall out."""
        listed = self.listed if found.problem.strength == "error" else self.remarks
        insort(listed, found, key=_find_row)
        del listed[self.limit :]

    def join(self, other: TaskReport, offset: int) -> None:
        """Take in the verdict on a later piece of the table, whose rows are `offset` further down."""
        for tally, number in other.tallies.items():
            self.count(tally, number)
        for found in (*other.listed, *other.remarks):
            row = found.place.row
            self.list(replace(found, place=replace(found.place, row=None if row is None else row + offset)))

    def describe(self) -> dict[str, Any]:
        """The task's descriptor."""
        total = sum(count for tally, count in self.tallies.items() if tally.strength == "error")
        warnings = [*self.warnings]
        if total > len(self.listed):
            warnings.append(Problem("capped-list", params={"listed": len(self.listed), "total": total}))
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
        for name, found in (
            ("warnings", [{"code": item.code, "params": dict(item.params)} for item in warnings]),
            ("remarks", [describe_finding(item) for item in self.remarks]),
            ("repairs", self.repairs),
            ("repaired", self.repaired),
            ("applied", self.applied),
            ("columns", self.columns),
        ):
            if found:
                own[name] = found
        return {
            "name": self.name,
            "type": "table",
            "valid": total == 0,
            "place": self.place,
            "labels": self.labels,
            "stats": stats,
            "warnings": [write_note(item.code, item.params) for item in warnings],
            "errors": self.errors,
            "opendata": own,
        }


def store_task(task: Mapping[str, Any]) -> dict[str, Any]:
    """A task's descriptor as it is kept: codes and parameters, and once for each error type what Frictionless calls it.

    `restore_task` gives the descriptor again.
    """
    ours = task["opendata"]
    stored = {**task, "errors": list(map(strip_descriptor, task["errors"])), "opendata": {**ours}}
    if "remarks" in ours:
        stored["opendata"]["remarks"] = list(map(strip_descriptor, ours["remarks"]))
    types = {error["type"] for error in (*task["errors"], *ours.get("remarks", ()))}
    stored["kinds"] = {name: list(find_kind(name)) for name in sorted(types)}
    del stored["warnings"]
    return stored


def restore_task(stored: Mapping[str, Any]) -> dict[str, Any]:
    """The descriptor of a task that is kept; one kept with its sentences, by an earlier release, stays as it is."""
    kinds = stored.get("kinds", {})
    ours = dict(stored["opendata"])
    if "remarks" in ours:
        ours["remarks"] = [complete_descriptor(error, kinds) for error in ours["remarks"]]
    warnings = [write_note(item["code"], item["params"]) for item in ours.get("warnings", ())]
    task = {name: value for name, value in stored.items() if name != "kinds"}
    errors = [complete_descriptor(error, kinds) for error in stored["errors"]]
    return {"warnings": warnings, **task, "errors": errors, "opendata": ours}


_LAST = ("unique-error", "primary-key", "unique-key")


def _find_row(found: Finding) -> tuple[int, int]:
    """Where a finding is listed: by its row, and in the row keys after cells."""
    kind = found.problem.type
    return found.place.row or 0, _LAST.index(kind) + 1 if kind in _LAST else 0


def refuse_file(error: OpendataError) -> Finding:
    """What a report says of a file out of which no table comes."""
    code = "refused-format" if isinstance(error, UnsupportedFormatError) else "refused-file"
    return Finding(Problem(code, params=error.describe()))


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
    ours = {**task["opendata"], "counts": [*task["opendata"]["counts"], *more["opendata"]["counts"]]}
    if more["warnings"]:
        ours["warnings"] = [*task["opendata"].get("warnings", ()), *more["opendata"].get("warnings", ())]
    return {
        **task,
        "valid": task["valid"] and more["valid"],
        "stats": {**task["stats"], **sums},
        "warnings": [*task["warnings"], *more["warnings"]],
        "errors": [*task["errors"], *more["errors"]],
        "opendata": ours,
    }
