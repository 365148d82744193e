"""A data.json that somebody else, or we ourselves, have written: what is taken, what is refused, and why."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opendata.errors import InvalidMetadataError
from opendata.exchange.core.harvested import HarvestedDataset
from opendata.exchange.dcat_us import reading, third
from opendata.exchange.dcat_us.first import CONFORMS, write_catalogue
from opendata.exchange.dcat_us.parts import NO_ADDRESS
from opendata.exchange.dcat_us.reading import find_period, read_catalogue, read_dataset
from opendata.metadata.dataset import read_metadata
from tests.exchange.dcat_us.test_documents import NOBODY, set_up
from tests.exchange.samples import ALL, CLOSED, CONDITIONAL, FULL, LEAST

ITEM = {
    "identifier": "a-1",
    "title": "Roads",
    "accessLevel": "public",
    "publisher": {"name": "Road bureau"},
}


def write(items: object, **head: Any) -> bytes:
    return json.dumps({"conformsTo": CONFORMS, "dataset": items, **head}).encode()


def read(**parts: Any) -> HarvestedDataset:
    found = read_dataset({**ITEM, **parts})
    assert isinstance(found, HarvestedDataset), found
    return found


def test_our_own_document_comes_back() -> None:
    harvest = read_catalogue(b"".join(write_catalogue([LEAST, FULL], set_up(portal=NOBODY), "https://x.example/")))
    least, full = harvest.datasets
    assert harvest.refused == []
    assert least.metadata["contactPoint"] == {"name": "道路局"}
    given, got = FULL.metadata, read_metadata(full.metadata)
    for name in ("title", "description", "keywords", "licenses", "update_cycle", "temporal", "disclosure"):
        assert getattr(got, name) == getattr(given, name), name
    assert got.homepage == "https://data.example.org/datasets/reservoirs"
    assert got.further["spatial"] == {"code": "410100"}
    assert (got.further["themes"], got.further["languages"]) == (["生态环保"], ["zh"])
    assert got.further["contactPoint"] == {"name": "信息中心", "email": "data@example.org"}
    assert full.identifier == f"urn:uuid:{FULL.uuid}"
    assert (full.issued, full.modified) == (FULL.issued, FULL.changed)
    assert [item.format for item in full.files] == ["CSV", "Parquet", "CSV", "Parquet", "PDF"]
    assert full.files[0].address == "https://data.example.org/datasets/reservoirs/2.0.0/stations.csv"
    assert full.faults == []


def test_what_isnt_open_comes_back_with_its_reason() -> None:
    harvest = read_catalogue(b"".join(write_catalogue([CONDITIONAL, CLOSED], set_up(), "https://x.example/")))
    (refused,) = harvest.refused  # both are one dataset
    assert refused.faults[0].pointer == "/identifier"
    got = read_metadata(harvest.datasets[0].metadata).disclosure
    assert (got.attribute, got.reason, got.legal_basis) == (
        *("conditional", "涉及商业秘密", "政府信息公开条例第十五条"),
    )
    closed = read_catalogue(b"".join(write_catalogue([CLOSED], set_up(), "https://x.example/"))).datasets[0]
    assert read_metadata(closed.metadata).disclosure.is_closed
    assert closed.files == []


def test_harvested_twice_nothing_changes() -> None:
    text = b"".join(write_catalogue(ALL[:2], set_up(), "https://x.example/"))
    assert read_catalogue(text) == read_catalogue(text)


@pytest.mark.parametrize(
    ("data", "pointer"),
    [
        (b"", ""),
        (b"\xff\xfe", ""),
        (b"[" * 100_000, ""),
        (b'{"dataset": [], "x": NaN}', ""),
        (b"[]", ""),
        (b"{}", "/dataset"),
        (b'{"dataset": [], "conformsTo": {"@id": "https://x.example/schema"}}', "/conformsTo"),
        (b'{"dataset": [], "conformsTo": "https://project-open-data.cio.gov/v1.0/schema"}', "/conformsTo"),
    ],
)
def test_what_isnt_a_data_json_is_refused(data: bytes, pointer: str) -> None:
    with pytest.raises(InvalidMetadataError) as caught:
        read_catalogue(data)
    assert [item.pointer for item in caught.value.faults] == [pointer]


@pytest.mark.parametrize("version", [None, 5, {}, CONFORMS + "/catalog.json", {"@id": third.CONFORMS}])
def test_a_document_of_any_newer_version_or_of_none_is_read(version: object) -> None:
    assert len(read_catalogue(write([ITEM], conformsTo=version)).datasets) == 1


def test_our_own_document_of_the_third_edition_comes_back() -> None:
    (found,) = read_catalogue(b"".join(third.write_catalogue([FULL], set_up(), "https://x.example/"))).datasets
    given, got = FULL.metadata, read_metadata(found.metadata)
    for name in ("title", "description", "keywords", "update_cycle", "temporal", "disclosure"):
        assert getattr(got, name) == getattr(given, name), name
    assert got.further["contactPoint"] == {"name": "信息中心", "email": "data@example.org"}
    assert got.homepage == "https://data.example.org/datasets/reservoirs"
    assert (found.files[0].format, found.files[0].size) == ("CSV", "1234")
    (closed,) = read_catalogue(b"".join(third.write_catalogue([CLOSED], set_up(), "https://x.example/"))).datasets
    assert read_metadata(closed.metadata).disclosure.is_closed


def test_a_number_is_an_identifier_too() -> None:
    assert read(identifier=7).identifier == "7"


def test_limits_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_DATASETS", 1)
    monkeypatch.setattr(reading, "MOST_BYTES", 400)
    with pytest.raises(InvalidMetadataError):
        read_catalogue(write([ITEM, ITEM]))
    with pytest.raises(InvalidMetadataError):
        read_catalogue(write([{**ITEM, "title": "x" * 400}]))


def test_items_that_cant_be_taken_add_up() -> None:
    items = [ITEM, 5, {}, {**ITEM, "identifier": "b", "title": "x" * 301}, ITEM, {**ITEM, "identifier": "c\u0000"}]
    harvest = read_catalogue(write(items))
    assert (harvest.items, len(harvest.datasets)) == (6, 1)
    assert [(item.number, item.identifier, item.faults[0].pointer) for item in harvest.refused] == [
        (2, "", ""),
        (3, "", "/identifier"),
        (4, "b", "/title"),
        (5, "a-1", "/identifier"),
        (6, "c\0", "/identifier"),
    ]


@pytest.mark.parametrize(
    ("parts", "pointer", "kept"),
    [
        ({"description": "x" * 20_001}, "/description", {}),
        ({"description": 5}, "/description", {}),
        ({"keyword": ["a", "b" * 101, 5]}, "/keyword", {"keywords": ["a"]}),
        ({"accrualPeriodicity": "R/P3Y"}, "/accrualPeriodicity", {}),
        ({"accrualPeriodicity": "R/P7D"}, None, {"updateCycle": "weekly"}),
        ({"temporal": "2020-01-01/2020-03-31"}, None, {"temporal": "2020-Q1"}),
        ({"temporal": "2020-03-31/2020-01-01"}, "/temporal", {}),
        ({"temporal": "R/P1D"}, "/temporal", {}),
        ({"license": "http://www.creativecommons.org/licenses/by/4.0"}, None, {"licenses": [
            {"name": "CC-BY-4.0", "path": "https://creativecommons.org/licenses/by/4.0/"}]}),
        ({"license": "https://example.org/l"}, None, {"licenses": [{"path": "https://example.org/l"}]}),
        ({"license": "javascript:alert(1)"}, "/license", {}),
        ({"landingPage": "file:///etc/passwd"}, "/landingPage", {}),
        ({"theme": ["Public services", "nothing"]}, "/theme", {}),
        ({"language": ["en-US", "tlh"]}, "/language", {"languages": ["en"]}),
        ({"spatial": {"type": "Polygon"}}, "/spatial", {}),
        ({"spatial": "Yellow River"}, None, {"spatial": {"name": "Yellow River"}}),
        ({"contactPoint": {"fn": "A", "hasEmail": "MAILTO:a@b.org"}}, None, {
            "contactPoint": {"name": "A", "email": "a@b.org"}}),
        ({"contactPoint": {"fn": "A", "hasEmail": NO_ADDRESS}}, None, {"contactPoint": {"name": "A"}}),
        ({"contactPoint": {"fn": "A", "hasEmail": "nowhere"}}, "/contactPoint/email", {}),
        ({"accessLevel": "secret"}, "/accessLevel", {}),
        ({"accessLevel": "non-public", "rights": "law"}, "/rights", {}),
        ({"distribution": [5, {"downloadURL": "ftp://a"}, {}]}, "/distribution/0", {}),
    ],
)  # fmt: skip
def test_what_doesnt_fit_is_left_out_and_named(
    parts: dict[str, Any], pointer: str | None, kept: dict[str, Any]
) -> None:
    found = read(**parts)
    pointers = [item.pointer for item in found.faults]
    assert pointers == [] if pointer is None else pointer in pointers
    assert {key: found.metadata.get(key) for key in kept} == kept
    assert found.metadata["title"] == "Roads"


def test_files_say_what_they_are() -> None:
    found = read(distribution=[{"accessURL": "https://a.example/api", "format": "API"}, {"downloadURL": "http://b/c"}])
    assert [(item.address, item.is_download, item.format) for item in found.files] == [
        ("https://a.example/api", False, "API"),
        ("http://b/c", True, ""),
    ]


def test_a_period_is_found_in_the_longest_kind() -> None:
    assert find_period(date(2025, 1, 1), date(2026, 12, 31)) == "2025/2026"
    assert find_period(date(2026, 7, 1), date(2026, 7, 31)) == "2026-07"
    assert find_period(date(2026, 7, 2), date(2026, 7, 2)) == "2026-07-02"
    assert find_period(date(1, 1, 1), date(1, 1, 2)) == ""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from([
    *("title", "identifier", "keyword", "temporal", "spatial", "license", "contactPoint", "distribution", "theme"),
    *("accessLevel", "rights", "language", "landingPage", "publisher", "modified", "accrualPeriodicity", "issued"),
])  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(JSON | st.dictionaries(KEYS, JSON, max_size=8).map(lambda item: {**ITEM, **item}), max_size=3))
def test_whatever_comes_each_item_is_taken_or_refused(items: list[Any]) -> None:
    harvest = read_catalogue(write(items))
    assert harvest.items == len(items)
    for found in harvest.datasets:
        assert found.metadata["title"]
