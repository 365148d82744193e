"""Another implementation of CSV on the Web finds the document of each CSV, and the CSV as the document says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from opendata.domain.resources import TableResource
from opendata.exchange.csvw.columns import name_column
from opendata.wiring import Services
from tests.exchange.served import serve_samples
from tests.foreign import run_foreign

pytestmark = [
    pytest.mark.slow,
    # The library hangs up once it has the headers; the server of this test then leaves the file to be collected.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

_CHECK = """
import json, sys, warnings
import csvw
answers = []
for place, is_plain in json.load(sys.stdin):
    found = csvw.CSVW(place, validate=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        rows = list(found.tables[0].iterdicts(strict=False))
    answers.append({
        "documented": not found.no_metadata, "warnings": [str(item.message) for item in found.warnings],
        "valid": not is_plain or found.is_valid, "rows": len(rows), "columns": len(rows[0]),
    })
json.dump(answers, sys.stdout)
"""
_READ = """
import json, sys
import csvw
rows = list(csvw.CSVW(json.load(sys.stdin)).tables[0].iterdicts())
chosen = {name: rows[3][name] for name in ("station", "level", "count", "time", "facts")}
kinds = {name: type(value).__name__ for name, value in chosen.items()}
empty = [rows[7][name] for name in ("level", "count", "note")]
json.dump([chosen, kinds, empty], sys.stdout, default=str)
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Services]]:
    with serve_samples(tmp_path_factory.mktemp("csvw")) as found:
        yield found


def test_each_csv_leads_to_a_document_that_it_fits(served: tuple[str, Services]) -> None:
    """The library compares keys by names as they are encoded, so it checks those of columns with plain names alone."""
    base, services = served
    tables = [(entry, table) for entry in services.entries.iterate() for table in entry.list_tables()]
    asked = [
        (f"{base}/datasets/{entry.id}/{entry.version}/{table.name}.csv", is_plain(table)) for entry, table in tables
    ]
    for (_, table), answer in zip(tables, run_foreign(_CHECK, asked), strict=True):
        assert answer == {
            "documented": True,
            "warnings": [],
            "valid": True,
            "rows": table.rows,
            "columns": len(table.schema.fields),
        }
    whole = [
        (f"{base}/datasets/{entry.id}/{entry.version}/csv-metadata.json", True)
        for entry in services.entries.iterate()
        if all(map(is_plain, entry.list_tables()))
    ]
    assert [answer["valid"] for answer in run_foreign(_CHECK, whole)] == [True] * len(whole)
    assert len(whole) + sum(is_plain(table) for _, table in tables) >= 6


def is_plain(table: TableResource) -> bool:
    return all(name_column(name) == name for name in table.schema.names)


def test_values_come_back_with_their_types(served: tuple[str, Services]) -> None:
    base, _ = served
    chosen, kinds, empty = run_foreign(_READ, f"{base}/datasets/all-types/1.0.0/levels.csv")
    assert chosen == {
        "station": "00000003",
        "level": "3.25",
        "count": 3,
        "time": "2025-01-01 08:00:00",
        "facts": {"a": 1},
    }
    assert (kinds["level"], kinds["count"], kinds["time"]) == ("Decimal", "int", "datetime")
    assert empty == [None, None, None]
