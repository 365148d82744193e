"""Foreign catalogues read: what is taken in of each, what is left out, and that no document breaks a reader."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.domain.catalogue.external import ExternalKind
from opendata.domain.harvest.items import HarvestedItem, Reading, RefusedItem
from opendata.errors import InvalidMetadataError, UnreadableFileError
from opendata.exchange.dcat_us.parts import NO_ADDRESS
from opendata.exchange.oai.answers import Answer, Head, Repository, require_format
from opendata.exchange.reading.confined_reader import read_item, write_item
from opendata.exchange.reading.readers import READERS
from opendata.exchange.reading.values import find_cycle, find_licence
from tests.exchange.samples import ADDRESSES, FULL, LEAST, PORTAL

_HOME = "https://x.org"


def read(kind: str, answer: Callable[[str], bytes], url: str = _HOME) -> Reading:
    dialogue = READERS[kind](url)  # type: ignore[index]
    address = next(dialogue)
    while True:
        try:
            address = dialogue.send(answer(address))
        except StopIteration as end:
            reading: Reading = end.value
            return reading


def write(value: object) -> bytes:
    return json.dumps(value).encode()


def items(reading: Reading) -> list[HarvestedItem]:
    assert all(isinstance(item, HarvestedItem) for item in reading.items)
    return [item for item in reading.items if isinstance(item, HarvestedItem)]


def test_ckan_is_read_page_by_page() -> None:
    def package(number: int) -> dict[str, Any]:
        resources = [
            {"url": "https://x.org/a.csv", "format": "CSV", "size": "12"},
            {"url": "https://x.org/a.csv", "format": "CSV"},
            {"url": "javascript:alert(1)", "format": "CSV"},
            {"url": "https://x.org/wms", "format": "WMS"},
            {"url": "https://x.org/gone.csv", "state": "deleted"},
        ]
        extras = [{"key": "frequency", "value": "http://publications.europa.eu/resource/authority/frequency/DAILY"}]
        return {"id": f"i{number}", "name": f"n{number}", "title": "T", "resources": resources, "extras": extras}

    def answer(address: str) -> bytes:
        start = int(address.partition("start=")[2].partition("&")[0])
        return write({"success": True, "result": {"count": 3, "results": [package(n) for n in range(start, 3)][:2]}})

    reading = read("ckan", answer, "https://x.org/api/3/action/package_list")
    found = items(reading)
    assert ([item.identifier for item in found], reading.total) == (["i0", "i1", "i2"], 3)
    assert [(item.address, item.format, item.kind, item.bytes) for item in found[0].resources] == [
        ("https://x.org/a.csv", "csv", ExternalKind.FILE, 12),
        ("https://x.org/wms", "wms", ExternalKind.MAP, None),
    ]
    assert found[0].metadata.update_cycle == "daily"
    assert found[0].page == "https://x.org/dataset/n0"


def test_data_json_is_read() -> None:
    dataset = {
        "identifier": "a",
        "title": "T",
        "description": "D",
        "keyword": ["k", "k", 7],
        "accessLevel": "public",
        "publisher": {"name": "P"},
        "contactPoint": {"fn": "P", "hasEmail": NO_ADDRESS},
        "license": "https://creativecommons.org/publicdomain/zero/1.0/",
        "accrualPeriodicity": "R/P1Y",
        "temporal": "2020-01-01/2020-12-31",
        "landingPage": "no address",
        "language": ["en-US"],
        "distribution": [
            {"downloadURL": "https://x.org/a", "mediaType": "text/csv"},
            {"accessURL": "https://x.org/api", "format": "API"},
        ],
    }
    closed = [
        {**dataset, "identifier": level, "accessLevel": level}
        for level in ("non-public", "restricted public", "secret", 5)
    ] + [{**dataset, "identifier": "x", "accessLevel": None, "accessRights": "non-public"}]
    reading = read("data.json", lambda _: write({"dataset": [dataset, *closed, {"title": "x"}, 7, dataset]}))
    found, *refused = reading.items
    assert isinstance(found, HarvestedItem)
    assert found.metadata.licenses == ({"name": "CC0-1.0"},)
    assert (found.metadata.temporal, found.metadata.keywords) == ("2020", ("k",))
    assert (found.metadata.update_cycle, found.metadata.further["languages"]) == ("annual", ["en"])
    assert "contactPoint" not in found.metadata.further
    assert found.metadata.homepage == ""
    assert found.page == _HOME
    assert [(item.format, item.kind) for item in found.resources] == [
        ("csv", ExternalKind.FILE),
        ("api", ExternalKind.API),
    ]
    assert reading.total == len(reading.items) == 9
    reasons = [item.reason["message"] for item in refused if isinstance(item, RefusedItem)]
    assert reasons == [
        *["The source says that this dataset isn't public"] * 5,
        *("This property is required", "This must be an object", "Another item of the document has this identifier"),
    ]


def test_lists_of_data_packages_are_read() -> None:
    package = {"name": "one", "title": "一", "resources": [{"name": "t", "path": "t.csv"}]}
    documents: Mapping[str, object] = {
        "https://x.org/list.json": {"packages": [package, {"url": "two/datapackage.json"}, {}]},
        "https://x.org/two/datapackage.json": {**package, "name": "two"},
    }
    reading = read("datapackage", lambda address: write(documents[address]), "https://x.org/list.json")
    assert [item.identifier for item in reading.items] == ["one", "two", ""]
    second = reading.items[1]
    assert isinstance(second, HarvestedItem)
    assert second.resources[0].address == "https://x.org/two/t.csv"


def test_our_own_repository_is_read_again() -> None:
    def answer(address: str) -> bytes:
        assert "verb=ListRecords" in address
        repository = Repository(address=_HOME, host="x.org", portal=PORTAL, addresses=ADDRESSES)
        written = Answer(repository, FULL.created, {"verb": "ListRecords"})
        records = [(Head(uuid=one.uuid, changed=one.changed, set=one.publisher.id), one) for one in (FULL, LEAST)]
        written.list_records(records, require_format("oai_dc"), None)
        return written.write()

    full, least = items(read("oai", answer, "https://x.org/oai"))
    assert (full.metadata.title, least.metadata.title) == (FULL.metadata.title, LEAST.metadata.title)
    assert full.page == ADDRESSES.dataset(FULL.id)
    assert {item.format for item in full.resources} >= {"csv", "parquet"}


def test_another_instance_is_read() -> None:
    manifest = {
        "version": "1.0.0",
        "resources": [
            {"name": "t", "path": "t.csv", "format": "csv", "bytes": 5, "opendata": {"parquet": {"path": "t.parquet"}}}
        ],
    }
    dataset = {
        "id": "a",
        "uuid": "u",
        "title": "甲",
        "latest": "1.0.0",
        "publisher": {"id": "p", "title": "P"},
        "themes": ["生态环保"],
        "indexNumber": "x/2026-00001",
        "i18n": {"en": {"title": "A"}},
    }

    def answer(address: str) -> bytes:
        if address.endswith("datapackage.json"):
            return write(manifest)
        is_first = "cursor" not in address
        return write({"items": [dataset if is_first else {**dataset, "uuid": "v"}], "next": "c" if is_first else None})

    found = items(read("opendata", answer))
    assert [item.identifier for item in found] == ["u", "v"]
    assert [item.address for item in found[0].resources] == [
        "https://x.org/datasets/a/1.0.0/t.csv",
        "https://x.org/datasets/a/1.0.0/t.parquet",
    ]
    assert found[0].metadata.further == {"themes": ["生态环保"]}
    assert found[0].metadata.i18n == {"en": {"title": "A"}}


def test_what_the_reader_process_says_is_what_it_read_and_is_checked_again() -> None:
    package = {"id": "a", "title": "一", "notes": "N", "tags": [{"name": "k"}], "license_id": "cc-by-4.0"}
    full = {**package, "resources": [{"url": f"{_HOME}/a.csv", "size": 1}], "organization": {"name": "o"}, "url": _HOME}
    listed = [full, {**package, "id": "b", "private": True}, {"title": "T"}]
    found = read("ckan", lambda _: write({"success": True, "result": {"count": 3, "results": listed}}))
    written = [json.loads(write_item(item)) for item in found.items]
    assert [read_item(item) for item in written] == found.items
    for wrong in ({"page": "javascript:x"}, {"resources": [{"url": "file:///etc/passwd"}]}, {"metadata": {"title": 1}}):
        with pytest.raises((ValueError, InvalidMetadataError)):
            read_item({**written[0], **wrong})


_KEYS = """
    success result results id title dataset identifier resources items next distribution publisher extras tags packages
    path licenses disclosure keyword
"""
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("https://x.org/a.csv"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS.split()), inner, max_size=6),
    max_leaves=20,
)


@pytest.mark.parametrize("kind", [kind for kind in READERS if kind not in ("oai", "dcat")])
def test_no_document_breaks_a_reader(kind: str) -> None:
    @given(_JSON)
    def attempt(value: object) -> None:
        try:
            reading = read(kind, lambda _: write(value))
        except UnreadableFileError:
            return
        assert all(isinstance(item, HarvestedItem | RefusedItem) for item in reading.items)
        assert [read_item(json.loads(write_item(item))) for item in reading.items] == list(reading.items)

    attempt()


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"<html>", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", b"{}", b"[" * 9999]
)
def test_other_documents_are_refused(data: bytes) -> None:
    for kind in READERS:
        if kind != "dcat":
            with pytest.raises(UnreadableFileError):
                read(kind, lambda _: data)


def test_licences_and_cycles_are_known_by_any_of_their_names() -> None:
    for name in ("CC-BY-4.0", "cc-by-4.0", "http://creativecommons.org/licenses/by/4.0", "CC_BY_4_0"):
        assert find_licence(name) == [{"name": "CC-BY-4.0"}]
    assert find_licence("", "https://x.org/licence", "Ours") == [{"path": "https://x.org/licence", "title": "Ours"}]
    assert find_licence("") == []
    assert [find_cycle(word) for word in ("R/P1M", "MONTHLY", "monthly", "now and then")] == ["monthly"] * 3 + [""]


def test_a_document_of_very_many_values_is_refused_before_it_is_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opendata.exchange.reading.values.MOST_VALUES", 50)
    for kind, data in (
        ("data.json", b'{"dataset":[' + b"[]," * 60 + b"[]]}"),
        ("oai", b"<a>" + b"<b/>" * 60 + b"</a>"),
    ):
        with pytest.raises(UnreadableFileError, match="values"):
            read(kind, lambda _, data=data: data)


def test_no_portal_is_read_on_beyond_the_most_datasets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opendata.exchange.reading.values.MOST_DATASETS", 3)
    asked: list[str] = []

    def answer(address: str) -> bytes:
        asked.append(address)
        number = len(asked)
        return write({"success": True, "result": {"results": [{"id": f"{number}-a"}, {"id": f"{number}-b"}]}})

    with pytest.raises(UnreadableFileError, match="more than"):
        read("ckan", answer)
    assert len(asked) == 2


def test_texts_that_cannot_be_kept_do_not_fail_the_others() -> None:
    half, nul = "\ud800", "a\x00b"
    listed = [
        {
            "id": "1",
            "title": "好",
            "organization": {"name": half, "title": half},
            "metadata_modified": nul,
            "resources": [{"id": "r", "url": f"{_HOME}/a.csv", "name": half, "mimetype": f"text/{half}"}],
        },
        {"id": "2", "title": half, "private": True},
    ]
    found = read("ckan", lambda _: write({"success": True, "result": {"count": 2, "results": listed}}))
    first, second = found.items
    assert isinstance(first, HarvestedItem)
    assert (first.publisher, first.publisher_title, first.modified) == ("", "", "")
    assert [(item.address, item.title, item.media_type) for item in first.resources] == [(f"{_HOME}/a.csv", "", "")]
    assert isinstance(second, RefusedItem)
    assert second.title == ""


def test_a_data_json_refuses_the_item_with_such_a_text_and_keeps_the_others() -> None:
    listed = [
        {"identifier": "1", "title": "好", "publisher": {"name": "\ud800"}},
        {"identifier": "2", "title": "水库"},
    ]
    found = read("data.json", lambda _: write({"dataset": listed}))
    kept, refused = sorted(found.items, key=lambda item: isinstance(item, RefusedItem))
    assert (isinstance(kept, HarvestedItem), kept.identifier) == (True, "2")
    assert isinstance(refused, RefusedItem)
    assert (refused.identifier, refused.title) == ("1", "")
