"""Another implementation of CSV on the Web finds the document of each CSV, and the CSV as the document says."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from decimal import Decimal

import pytest

from opendata.domain.resources import TableResource
from opendata.exchange.csvw.columns import name_column
from opendata.wiring import Services
from tests.exchange.served import serve_samples

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    # The library hangs up once it has the headers; the server of this test then leaves the file to be collected.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

csvw = pytest.importorskip("csvw")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Services]]:
    with serve_samples(tmp_path_factory.mktemp("csvw")) as found:
        yield found


def test_each_csv_leads_to_a_document_that_it_fits(served: tuple[str, Services]) -> None:
    """The library compares keys by names as they are encoded, so it checks those of columns with plain names alone."""
    base, services = served
    checked = 0
    for entry in services.entries.iterate():
        place = f"{base}/datasets/{entry.id}/{entry.version}"
        for table in entry.list_tables():
            found = csvw.CSVW(f"{place}/{table.name}.csv", validate=True)
            assert not found.no_metadata
            assert found.warnings == []
            with warnings.catch_warnings():
                warnings.simplefilter("error", UserWarning)
                rows = list(found.tables[0].iterdicts(strict=False))
            assert len(rows) == table.rows
            assert len(rows[0]) == len(table.schema.fields)
            if is_plain(table):
                assert found.is_valid, [str(item.message) for item in found.warnings]
                checked += 1
        if all(map(is_plain, entry.list_tables())):
            group = csvw.CSVW(f"{place}/csv-metadata.json", validate=True)
            assert group.is_valid, [str(item.message) for item in group.warnings]
            checked += 1
    assert checked >= 6


def is_plain(table: TableResource) -> bool:
    return all(name_column(name) == name for name in table.schema.names)


def test_values_come_back_with_their_types(served: tuple[str, Services]) -> None:
    base, _ = served
    rows = list(csvw.CSVW(f"{base}/datasets/all-types/1.0.0/levels.csv").tables[0].iterdicts())
    assert (rows[3]["station"], rows[3]["level"], rows[3]["count"]) == ("00000003", Decimal("3.25"), 3)
    assert (rows[3]["time"].isoformat(), rows[3]["facts"]) == ("2025-01-01T08:00:00", {"a": 1})
    assert rows[7]["level"] is rows[7]["count"] is rows[7]["note"] is None
