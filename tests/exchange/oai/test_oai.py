"""OAI-PMH: requests read to the letter, tokens that say everything, Dublin Core of every kind of entry."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from opendata.domain.catalogue.entries import CatalogueEntry
from opendata.exchange.dcat.reading.document import read_document
from opendata.exchange.oai.answers import FORMATS, Answer, Head, Repository, Resumption, require_format
from opendata.exchange.oai.dublin_core import write_dublin_core
from opendata.exchange.oai.requests import VERBS, Choice, OaiError, read_request, read_token, write_token
from tests.exchange.dcat.documents import write_one
from tests.exchange.samples import ADDRESSES, ALL, ELSEWHERE, EXTERNAL, FULL, LEAST, PORTAL

_DC = "{http://purl.org/dc/elements/1.1/}"
_OAI = "{http://www.openarchives.org/OAI/2.0/}"
_UUID = "00000000-0000-4000-8000-000000000001"
_REPOSITORY = Repository(address=ADDRESSES.at("/oai"), host="data.example.org", portal=PORTAL, addresses=ADDRESSES)
_NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ([], "badVerb"),
        ([("verb", "Identify"), ("verb", "Identify")], "badVerb"),
        ([("verb", "identify")], "badVerb"),
        ([("verb", "Identify"), ("set", "a")], "badArgument"),
        ([("verb", "GetRecord"), ("identifier", "x")], "badArgument"),
        ([("verb", "GetRecord"), ("identifier", "x"), ("metadataPrefix", "")], "badArgument"),
        ([("verb", "ListRecords")], "badArgument"),
        ([("verb", "ListRecords"), ("metadataPrefix", "oai_dc"), ("metadataPrefix", "oai_dc")], "badArgument"),
        ([("verb", "ListRecords"), ("metadataPrefix", "oai_dc"), ("resumptionToken", "x")], "badArgument"),
        ([("verb", "ListRecords"), ("metadataPrefix", "oai_dc"), ("from", "2026-02-30")], "badArgument"),
        ([("verb", "ListRecords"), ("metadataPrefix", "oai_dc"), ("from", "2026")], "badArgument"),
        ([("verb", "ListRecords"), ("metadataPrefix", "oai_dc"), ("from", "2026-01-01T00:00:00")], "badArgument"),
        (
            [
                ("verb", "ListRecords"),
                ("metadataPrefix", "a"),
                ("from", "2026-01-01"),
                ("until", "2026-01-01T00:00:00Z"),
            ],
            "badArgument",
        ),
        (
            [("verb", "ListRecords"), ("metadataPrefix", "a"), ("from", "2026-01-02"), ("until", "2026-01-01")],
            "badArgument",
        ),
        ([("verb", "ListRecords"), ("metadataPrefix", "a"), ("set", "a b")], "badArgument"),
        ([("verb", "ListRecords"), ("resumptionToken", "")], "badResumptionToken"),
        ([("verb", "ListRecords"), ("resumptionToken", "käse")], "badResumptionToken"),
        ([("verb", "ListSets"), ("resumptionToken", "x")], "badResumptionToken"),
    ],
)
def test_what_is_wrong_is_named(query: list[tuple[str, str]], code: str) -> None:
    with pytest.raises(OaiError) as caught:
        read_request(query)
    assert caught.value.code == code


def test_a_day_and_a_second_end_where_the_next_one_begins() -> None:
    def read(start: str, end: str) -> Choice:
        pairs = [("verb", "ListIdentifiers"), ("metadataPrefix", "oai_dc"), ("from", start), ("until", end)]
        choice = read_request(pairs).choice
        assert choice is not None
        return choice

    day = read("2026-01-01", "2026-01-01")
    assert (day.start, day.end) == (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))
    second = read("2026-01-01T00:00:59Z", "2026-01-01T00:00:59Z")
    assert second.end == datetime(2026, 1, 1, 0, 1, tzinfo=UTC)
    assert read("0001-01-01", "9999-12-31").end == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


_MOMENTS = st.none() | st.datetimes(timezones=st.just(UTC)).map(lambda item: item.replace(microsecond=0))


@given(
    st.builds(
        Choice,
        prefix=st.text(),
        start=_MOMENTS,
        end=_MOMENTS,
        set=st.from_regex(r"[a-z0-9][a-z0-9_-]{1,20}", fullmatch=True) | st.just(""),
        after=st.uuids().map(str),
        given=st.integers(0, 10**9),
        total=st.integers(0, 10**9),
    )
)
def test_a_token_says_everything(choice: Choice) -> None:
    assert read_token(write_token(choice)) == choice


def _encode(parts: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(_encode))
def test_any_other_text_is_no_token(text: str) -> None:
    with pytest.raises(OaiError, match="resumptionToken"):
        read_token(text)


@pytest.mark.parametrize("entry", [LEAST, FULL])
def test_dublin_core_says_what_is_public(entry: CatalogueEntry) -> None:
    found = etree.fromstring(etree.tostring(write_dublin_core(entry, PORTAL, ADDRESSES)))
    said = {
        (item.tag.removeprefix(_DC), item.get("{http://www.w3.org/XML/1998/namespace}lang")): item.text
        for item in found
    }
    assert said["title", "zh-Hans"] == entry.metadata.title
    assert said["publisher", "zh-Hans"] == entry.publisher.title
    assert found.find(f"{_DC}identifier").text == ADDRESSES.dataset(entry.id)
    assert said["type", None] == "Dataset"
    assert all(item.text for item in found)
    if entry is FULL:
        assert said["title", "en"] == "Reservoir levels"
        assert {item.text for item in found.findall(f"{_DC}format")} >= {"text/csv"}


def test_dublin_core_of_a_harvested_entry_leads_to_its_portal() -> None:
    found = write_dublin_core(EXTERNAL, PORTAL, ADDRESSES)
    relations = [item.text.removeprefix(ELSEWHERE) for item in found.findall(f"{_DC}relation")]
    assert relations == ["/表.csv", "/wms?x=1&y=2", "/api", "/about", "/raw"]
    assert [item.text for item in found.findall(f"{_DC}format")] == ["text/csv", "text/html"]


@pytest.mark.parametrize("entry", [*ALL, EXTERNAL], ids=lambda entry: entry.uuid)
def test_dcat_in_a_record_is_the_document_of_the_dataset(entry: CatalogueEntry) -> None:
    answer = Answer(_REPOSITORY, _NOW, {"verb": "GetRecord"})
    head = Head(uuid=entry.uuid, changed=_NOW, set=entry.publisher.id)
    answer.get_record(head, entry, require_format("dcat"))
    (found,) = etree.fromstring(answer.write()).find(f".//{_OAI}metadata")
    read, own = read_document(etree.tostring(found), "xml"), read_document(write_one(entry), "ttl")
    assert read.datasets == own.datasets
    assert len(own.datasets) == 1


def test_all_formats_are_listed() -> None:
    answer = Answer(_REPOSITORY, _NOW, {"verb": "ListMetadataFormats"})
    answer.list_formats()
    found = etree.fromstring(answer.write()).iter(f"{_OAI}metadataFormat")
    assert [[part.text for part in item] for item in found] == [
        [
            "oai_dc",
            "http://www.openarchives.org/OAI/2.0/oai_dc.xsd",
            "http://www.openarchives.org/OAI/2.0/oai_dc/",
        ],
        ["dcat", "https://www.w3.org/ns/dcat.rdf", "http://www.w3.org/ns/dcat#"],
    ]


def test_answers_have_what_the_protocol_wants() -> None:
    answer = Answer(_REPOSITORY, _NOW, {"verb": "ListRecords"})
    head = Head(uuid=_UUID, changed=_NOW, set=LEAST.publisher.id)
    answer.list_records([(head, LEAST)], require_format("oai_dc"), Resumption(token="abc", given=0, total=9))
    root = etree.fromstring(answer.write())
    assert [item.tag.removeprefix(_OAI) for item in root] == ["responseDate", "request", "ListRecords"]
    assert root.findtext(f".//{_OAI}identifier") == f"oai:data.example.org:{_UUID}"
    token = root.find(f".//{_OAI}resumptionToken")
    assert (token.text, dict(token.attrib)) == ("abc", {"completeListSize": "9", "cursor": "0"})
    assert _REPOSITORY.find_uuid(_REPOSITORY.identify(_UUID)) == _UUID
    with pytest.raises(OaiError, match="begin with"):
        _REPOSITORY.find_uuid("oai:elsewhere.org:1")
    with pytest.raises(OaiError, match="oai_dc"):
        require_format("marc")
    assert "oai_dc" in FORMATS
    assert len(VERBS) == 6
