"""A reported Parquet file: nanoseconds that a published table can't hold are told, and nothing else is lost."""

from __future__ import annotations

from pathlib import Path

from opendata.services.packages.validation import check_file
from tests.reported.described import describe, find_reported, types


def test_nanoseconds_of_a_parquet_file_are_told(realdata: Path) -> None:
    path = find_reported(realdata, "97e-types-nobig.parquet")
    assert types(describe(path))["tsns"] == "datetime"
    (task,) = check_file(path)["tasks"]
    (warning,) = [item for item in task["opendata"]["warnings"] if item["code"] == "cut-moments"]
    assert warning["params"] == {"field": "tsns", "count": 1}
