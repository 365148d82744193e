"""A package is judged where it lies as it is when it is imported."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from opendata.services.core.actors import SYSTEM
from opendata.services.packages.validation import check_package
from tests.instances import make_services

FIELDS = [{"name": "name", "type": "string"}, {"name": "area", "type": "integer"}]


def refuse(name: str) -> Mapping[str, Any]:
    raise AssertionError(name)


@pytest.mark.parametrize(
    ("content", "declared", "rows"),
    [
        ("name,area\n人民公园,3\n东湖,5\n".encode("gb18030"), {}, 2),
        ("name,area\n人民公园,3\n东湖,5\n".encode("gb18030"), {"encoding": "gb18030"}, 2),
        (b"name;area\na;3\nb;5\n", {}, 2),
        (b"name|area\na|3\nb|5\n", {"dialect": {"delimiter": "|"}}, 2),
        (b"name,area\ntext,hectares\na,3\ntext,hectares\nb,5\n", {"dialect": {"commentRows": [2, 4]}}, 2),
        (b"name,area\n# a,x\na,3\n", {"dialect": {"commentChar": "#"}}, 1),
        (b"a,3\nb,5\n", {"dialect": {"header": False}}, 2),
        (b"a,3\nb,5\n", {"dialect": {"csv": {"header": False}}}, 2),
        (b"Parks\nname,area\na,3\n", {"dialect": {"headerRows": [2]}}, 1),
        (b"name,area\n'a,b',3\n", {"dialect": {"quoteChar": "'"}}, 1),
        (b"name,area\na,3\n\nb,5\n", {}, None),
        (b"Parks\nname,area\na,3\n", {}, None),
    ],
    ids=[
        "unnamed-encoding",
        "encoding",
        "unnamed-delimiter",
        "delimiter",
        "comment-rows",
        "comments",
        "no-header",
        "nested",
        "header-rows",
        "quotes",
        "blank-row",
        "title",
    ],
)
def test_a_table_is_valid_in_place_exactly_where_it_is_valid_when_imported(
    tmp_path: Path, content: bytes, declared: Mapping[str, Any], rows: int | None
) -> None:
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "parks.csv").write_bytes(content)
    resource = {"name": "parks", "path": "parks.csv", "schema": {"fields": FIELDS}, **declared}
    (folder / "datapackage.json").write_text(json.dumps({"name": "green", "resources": [resource]}), encoding="utf-8")
    (task,) = check_package(str(folder), refuse)["tasks"]
    services = make_services(tmp_path / "instance")
    (imported,) = services.imports.import_package(SYSTEM, str(folder)).resources
    services.database.dispose()
    assert imported.report is not None
    assert [error["message"] for error in task["errors"]] == [error["message"] for error in imported.report["errors"]]
    assert (task["valid"], task["stats"]["rows"]) == (imported.valid, imported.rows)
    assert (imported.rows if imported.valid else None) == rows
