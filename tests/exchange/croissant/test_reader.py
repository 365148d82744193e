"""The reference reader of Croissant loads the rows of a served portal, and finds each file as its digest says."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from opendata.wiring import Services
from tests.exchange.served import serve_samples

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

mlcroissant = pytest.importorskip("mlcroissant")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Services]]:
    with serve_samples(tmp_path_factory.mktemp("croissant")) as found:
        yield found


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the reader downloads is kept for this test alone."""
    constants = pytest.importorskip("mlcroissant._src.core.constants")
    etils = pytest.importorskip("etils.epath")
    monkeypatch.setattr(constants, "DOWNLOAD_PATH", etils.Path(tmp_path))


def read(address: str) -> Any:
    with urlopen(address) as answer:  # noqa: S310 - our own server
        return json.load(answer)


@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_a_hundred_rows_of_each_table_are_read_without_a_warning(served: tuple[str, Services], version: str) -> None:
    base, services = served
    tables = 0
    for entry in services.entries.iterate():
        address = f"{base}/datasets/{entry.id}/{entry.version}/croissant.json?version={version}"
        found = mlcroissant.Dataset(jsonld=read(address))
        report = found.metadata.ctx.issues.report()
        assert report == "", report
        for table in entry.list_tables():
            rows = list(itertools.islice(found.records(table.name), 100))
            assert len(rows) == min(100, table.rows)
            expected = services.versions.read_rows(entry.id, entry.version or "", table.name, len(rows))
            key = f"{table.name}/{table.schema.names[0]}"
            values = [row[key] for row in rows]
            assert [value.decode() if isinstance(value, bytes) else str(value) for value in values] == [
                str(row[table.schema.names[0]]) for row in expected
            ]
            tables += 1
    assert tables >= 6


def test_the_reader_sees_statistics_and_refuses_the_other_spelling(served: tuple[str, Services]) -> None:
    base, _ = served
    place = f"{base}/datasets/all-types/1.0.0/croissant.json"
    found = mlcroissant.Dataset(jsonld=read(place))
    levels = next(item for item in found.metadata.record_sets if item.id == "levels")
    level = next(item for item in levels.fields if item.id == "levels/level")
    values = {note.id.partition("#")[2]: note.value for note in level.annotations}
    assert (values["unit"], values["Minimum"], values["Maximum"]) == ("m", 0.25, 249.25)
    assert (values["ValidCases"], values["InvalidCases"]) == (249, 1)
    assert found.metadata.version == "1.0.0"
    with pytest.raises(mlcroissant.ValidationError):
        mlcroissant.Dataset(jsonld=read(f"{place}?schema=http"))


def test_a_file_that_was_changed_is_noticed(served: tuple[str, Services]) -> None:
    base, _ = served
    document = read(f"{base}/datasets/all-types/1.0.0/croissant.json")
    for item in document["distribution"]:
        item["sha256"] = "0" * 64
    with pytest.raises(Exception, match="Download") as caught:
        list(mlcroissant.Dataset(jsonld=document).records("stations"))
    assert "Hash of downloaded file" in str(caught.value.__cause__)
