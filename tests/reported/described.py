"""What a file is understood as, and the rows that are published of it: what `describe` and `convert` give."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from opendata.services.packages.description import convert_file, describe_file


def find_reported(realdata: Path, name: str) -> Path:
    """A reported file; the test is skipped where this machine doesn't have it."""
    path = realdata / "reported" / name
    if not path.exists():
        pytest.skip(f"{path} is not here")
    return path


def describe(path: Path) -> dict[str, Any]:
    """The one table of a file."""
    (table,) = [table for table in describe_file(path)["tables"] if not table.get("hidden")]
    return table


def told(table: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What is reported of a table, by its rule."""
    return {decision["rule"]: decision for decision in table["decisions"]}


def types(table: dict[str, Any]) -> dict[str, str]:
    """The types of its columns."""
    return {field["name"]: field["type"] for field in table["fields"]}


def marks(table: dict[str, Any]) -> dict[str, Any]:
    """What its fields keep of the file, by their names."""
    return {field["name"]: field["opendata"] for field in table["fields"] if "opendata" in field}


def convert(path: Path, folder: Path, table: str | None = None) -> list[list[str]]:
    """The rows that are published of a file, the header first."""
    target = folder / f"{path.name}.csv"
    report = convert_file(path, target, table=table)
    assert report["valid"], report
    return [*csv.reader(target.read_text("utf-8").splitlines())]
