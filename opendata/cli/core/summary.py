"""A report for people: the verdict on each table, the counts per rule and column, the first errors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import click

from opendata.cli.core.language import choose_voice, say
from opendata.errors import N_
from opendata.wording.findings import explain_error, say_warning

_LISTED = 10


def write_summary(report: Mapping[str, Any]) -> None:
    """Write a report descriptor to stdout."""
    for error in report.get("errors", ()):
        click.echo(error["message"])
    for task in report["tasks"]:
        _write_task(task)


def _write_task(task: Mapping[str, Any]) -> None:
    stats = task["stats"]
    verdict = say(N_("valid")) if task["valid"] else say(N_("invalid"))
    counts = say(
        N_("rows: %(rows)s, columns: %(columns)s, errors: %(errors)s"),
        rows=f"{stats.get('rows', 0):,}",
        columns=stats.get("fields", len(task.get("labels", ()))),
        errors=f"{stats['errors']:,}",
    )
    click.echo(f"{task['place']}: {verdict} ({counts})")
    if not task["valid"] or (task.get("opendata") or {}).get("counts"):
        write_findings(task)
    ours = (task.get("opendata") or {}).get("warnings")
    for warning in task.get("warnings", ()) if ours is None else ours:
        said = warning if ours is None else say_warning(choose_voice(), warning["code"], warning["params"])
        click.echo(f"  {said}")


def write_findings(task: Mapping[str, Any], *, indent: str = "  ") -> None:
    """Write what is wrong with a table: how often each rule failed in which column, then the first errors."""
    for kind, column, count in _count(task):
        click.echo(f"{indent}{count:>6,} × {kind}" + (say(N_(" in “%(column)s”"), column=column) if column else ""))
    for error in task["errors"][:_LISTED]:
        click.echo(f"{indent}{_locate(error)}")
    more = task["stats"]["errors"] - len(task["errors"][:_LISTED])
    if more:
        click.echo(indent + say(N_("… and %(count)s more"), count=f"{more:,}"))


def _count(task: Mapping[str, Any]) -> list[tuple[str, str, int]]:
    """Rule, column and count, the most frequent first; frictionless' own reports have only the errors listed."""
    ours = task.get("opendata")
    if ours is not None:
        return [(_weigh(item), item["fieldName"], item["count"]) for item in ours["counts"]]
    found = Counter((error["type"], error.get("fieldName", "")) for error in task["errors"])
    return [(kind, column, count) for (kind, column), count in found.most_common()]


def _weigh(count: Mapping[str, Any]) -> str:
    """The type of a finding, with its strength where it does not block."""
    if "strength" not in count:
        return str(count["type"])
    name = count.get("rule") if count["type"] == "odd-text" else count["type"]
    return f"{name} ({count['strength']})"


def _locate(error: Mapping[str, Any]) -> str:
    """One error on one line: row, column and what is wrong; of frictionless its own message."""
    if "code" not in (error.get("opendata") or {}):
        return str(error["message"])
    said = explain_error(choose_voice(), error).message
    if error.get("fieldName") and "rowNumber" in error:
        return say(N_("row %(row)s, “%(column)s”: "), row=error["rowNumber"], column=error["fieldName"]) + said
    return say(N_("row %(row)s: "), row=error["rowNumber"]) + said if "cells" in error else said
