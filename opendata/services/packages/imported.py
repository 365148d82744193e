"""What an import did, resource by resource."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opendata.errors import OpendataError
from opendata.services.core.values import DraftView


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedResource:
    """What became of one resource. `messages` say what is wrong, and where; `errors` counts it."""

    name: str
    valid: bool
    rows: int
    errors: int
    messages: Sequence[str] = ()
    report: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did. `version` is the version now current, `created` whether this import made it."""

    dataset: str
    version: str | None
    created: bool
    refused: bool
    resources: Sequence[ImportedResource]


def list_tasks(view: DraftView) -> Mapping[str, Mapping[str, Any]]:
    """The parts of a draft's report, by the names of the tables."""
    return {task["name"]: task for task in (view.report or {}).get("tasks", ())}


def collect_verdicts(view: DraftView, found: dict[str, ImportedResource]) -> None:
    """Note the verdicts on a draft's tables; that of a table kept from before only where it is to blame."""
    tasks = list_tasks(view)
    for item in view.resources:
        task = tasks.get(item.name)
        if item.carried and (task is None or item.name in found):
            continue
        found[item.name] = ImportedResource(
            name=item.name,
            valid=bool(task["valid"]) if task else bool(item.valid),
            rows=item.rows or 0,
            errors=task["stats"]["errors"] if task else 0,
            messages=tuple(error["message"] for error in task["errors"][:20]) if task else (),
            report=task,
        )


def refuse_resource(name: str, error: OpendataError) -> ImportedResource:
    """The resource that an error keeps from being imported."""
    messages = [error.text, *(f"{item.pointer}: {item.text}" if item.pointer else item.text for item in error.faults)]
    return ImportedResource(name=name, valid=False, rows=0, errors=max(1, len(error.faults)), messages=tuple(messages))
