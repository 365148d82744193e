"""What DCAT documents say of datasets, versions and the catalogue, in each form."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import NamedNode
from rdflib import DCTERMS, FOAF, OWL, RDF, RDFS, SKOS, XSD, Literal, Namespace, URIRef

from opendata.domain.catalogue.entries import CatalogueEntry
from opendata.domain.manifest import Manifest
from opendata.exchange.core.terms import EU
from opendata.exchange.dcat.catalogue import PageLinks
from opendata.exchange.dcat.profiles import OLDER
from opendata.exchange.dcat.vocabulary import mailbox, telephone, web_address
from opendata.exchange.dcat.writing import FORMS
from tests.exchange.dcat.documents import parse, write_catalogue, write_one, write_version
from tests.exchange.samples import ALL, ARCHIVED, BASE, CLOSED, CONDITIONAL, ELSEWHERE, EXTERNAL, FULL, HOSTILE, LEAST

ADMS = Namespace("http://www.w3.org/ns/adms#")
DCAT = Namespace("http://www.w3.org/ns/dcat#")  # rdflib's own is of DCAT 2
DCATAP = Namespace("http://data.europa.eu/r5r/")
HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")
SPDX = Namespace("http://spdx.org/rdf/terms#")
CATALOGUE = URIRef(f"{BASE}/datasets")
SUBJECT = URIRef(f"{BASE}/datasets/reservoirs")
CSV = URIRef(f"{SUBJECT}#stations.csv")


def test_an_empty_catalogue_says_whose_it_is() -> None:
    graph = parse(write_catalogue([]))
    assert set(graph.objects(CATALOGUE, DCTERMS.title)) == {
        Literal("示例开放数据平台", lang="zh-hans"),
        Literal("Example open data", lang="en"),
    }
    publisher = graph.value(CATALOGUE, DCTERMS.publisher)
    assert (publisher, RDF.type, FOAF.Agent) in graph
    assert (CATALOGUE, FOAF.homepage, URIRef(f"{BASE}/")) in graph
    assert URIRef(f"{EU}data-theme") in graph.objects(CATALOGUE, DCAT.themeTaxonomy)
    assert len(set(graph.objects(CATALOGUE, DCAT.service))) == 2
    assert not set(graph.objects(CATALOGUE, DCAT.dataset))


def test_the_least_dataset_has_what_the_profile_wants() -> None:
    graph = parse(write_one(LEAST))
    subject = URIRef(f"{BASE}/datasets/roads")
    assert graph.value(subject, DCTERMS.title) == graph.value(subject, DCTERMS.description)
    assert graph.value(subject, DCTERMS.identifier) == Literal("roads")
    assert graph.value(subject, DCTERMS.publisher) == URIRef(f"{BASE}/publishers/road-bureau")
    assert graph.value(subject, DCTERMS.accessRights) == URIRef(f"{EU}access-right/PUBLIC")
    assert not set(graph.objects(subject, DCAT.distribution))


def test_the_full_dataset_says_everything_there_is() -> None:
    graph = parse(write_one(FULL))
    assert {str(item) for item in graph.objects(SUBJECT, DCTERMS.title)} == {"水库水位", "Reservoir levels"}
    assert len(set(graph.objects(SUBJECT, DCAT.keyword))) == 4
    assert graph.value(SUBJECT, DCTERMS.accrualPeriodicity) == URIRef(f"{EU}frequency/MONTHLY")
    assert URIRef(f"{EU}data-theme/ENVI") in graph.objects(SUBJECT, DCAT.theme)
    theme = URIRef(f"{BASE}/datasets#theme-%E7%94%9F%E6%80%81%E7%8E%AF%E4%BF%9D")
    assert theme in graph.objects(SUBJECT, DCAT.theme)
    assert graph.value(theme, SKOS.inScheme) == URIRef(f"{BASE}/datasets#themes")
    notations = {graph.value(node, SKOS.notation) for node in graph.objects(SUBJECT, ADMS.identifier)}
    assert Literal(f"urn:uuid:{FULL.uuid}", datatype=XSD.anyURI) in notations
    assert "410100-2026-000001" in {str(item) for item in notations}
    assert len(notations) == 4
    period = graph.value(SUBJECT, DCTERMS.temporal)
    assert graph.value(period, DCAT.startDate) == Literal("2025-01-01", datatype=XSD.date)
    assert graph.value(period, DCAT.endDate) == Literal("2026-12-31", datatype=XSD.date)
    place = graph.value(SUBJECT, DCTERMS.spatial)
    assert graph.value(place, DCTERMS.identifier) == Literal("410100")
    law = graph.value(SUBJECT, DCATAP.applicableLegislation)
    assert str(graph.value(law, DCTERMS.title)) == FULL.metadata.further["basis"]
    assert (SUBJECT, OWL.sameAs, URIRef(f"{BASE}/datasets/lakes")) in graph
    assert "sharing" not in write_one(FULL).decode()  # what departments share isn't public


def test_a_table_is_a_distribution_in_each_form_that_is_kept() -> None:
    graph = parse(write_one(FULL))
    names = {str(item).rpartition("#")[2] for item in graph.objects(SUBJECT, DCAT.distribution)}
    assert names == {"stations.csv", "stations.parquet", "levels.csv", "levels.parquet", "map"}
    assert graph.value(CSV, DCAT.downloadURL) == URIRef(f"{BASE}/datasets/reservoirs/2.0.0/stations.csv")
    assert graph.value(CSV, DCAT.accessURL) == URIRef(f"{BASE}/datasets/reservoirs/2.0.0/stations")
    assert graph.value(CSV, DCTERMS.format) == URIRef(f"{EU}file-type/CSV")
    assert graph.value(CSV, DCAT.mediaType) == URIRef("https://www.iana.org/assignments/media-types/text/csv")
    assert graph.value(CSV, DCAT.byteSize) == Literal("1234", datatype=XSD.nonNegativeInteger)
    assert graph.value(CSV, DCTERMS.license) == URIRef(f"{EU}licence/CC_BY_4_0")
    assert graph.value(CSV, DCTERMS.conformsTo) == URIRef(f"{BASE}/schemas/station/1.0.0.json")
    assert graph.value(CSV, DCATAP.availability) == URIRef(f"{EU}planned-availability/STABLE")
    checksum = graph.value(CSV, SPDX.checksum)
    value = graph.value(checksum, SPDX.checksumValue)
    assert isinstance(value, Literal)
    assert value.datatype == XSD.hexBinary
    assert str(value) == next(iter(FULL.list_tables())).file.sha256
    service = graph.value(CSV, DCAT.accessService)
    assert (service, DCAT.servesDataset, SUBJECT) in graph
    assert graph.value(service, DCAT.endpointDescription) == URIRef(f"{BASE}/api/v1/openapi.json")


def test_versions_are_datasets_in_one_line() -> None:
    graph = parse(write_one(FULL))
    newest, older, oldest = (URIRef(f"{SUBJECT}/{number}/") for number in ("2.0.0", "1.1.0", "1.0.0"))
    assert graph.value(SUBJECT, DCAT.hasCurrentVersion) == newest
    assert set(graph.objects(SUBJECT, DCAT.hasVersion)) == {newest, older, oldest}
    assert graph.value(newest, DCAT.previousVersion) == older
    assert graph.value(older, DCAT.previousVersion) == oldest
    assert graph.value(oldest, DCAT.isVersionOf) == SUBJECT
    assert str(graph.value(newest, ADMS.versionNotes)) == "改了站码"
    assert graph.value(oldest, ADMS.status) == URIRef(f"{EU}dataset-status/WITHDRAWN")
    assert graph.value(oldest, DCTERMS.isReplacedBy) == older
    whole = parse(write_version(FULL))
    assert len(set(whole.objects(newest, DCAT.distribution))) == 5
    assert whole.value(newest, DCAT.isVersionOf) == SUBJECT
    assert whole.value(newest, DCTERMS.identifier) == Literal("reservoirs@2.0.0")


def test_the_catalogue_has_each_dataset_once_and_no_versions() -> None:
    graph = parse(write_catalogue([LEAST, FULL]))
    datasets = set(graph.objects(CATALOGUE, DCAT.dataset))
    assert set(graph.subjects(RDF.type, DCAT.Dataset)) == datasets == {SUBJECT, URIRef(f"{BASE}/datasets/roads")}
    for record in graph.objects(CATALOGUE, DCAT.record):
        assert graph.value(record, FOAF.primaryTopic) in datasets
        assert (record, RDF.type, DCAT.CatalogRecord) in graph


def test_what_is_at_another_portal_is_a_distribution_there() -> None:
    graph = parse(write_one(EXTERNAL))
    subject = URIRef(f"{BASE}/datasets/next-door")
    found = {str(graph.value(node, DCAT.accessURL)): node for node in graph.objects(subject, DCAT.distribution)}
    places = {address.removeprefix(f"{ELSEWHERE}/") for address in found}
    assert places == {"%E8%A1%A8.csv", "gone.csv", "wms?x=1&y=2", "api", "about", "raw"}
    csv, wms = found[f"{ELSEWHERE}/%E8%A1%A8.csv"], found[f"{ELSEWHERE}/wms?x=1&y=2"]
    assert str(graph.value(csv, DCAT.downloadURL)) == f"{ELSEWHERE}/%E8%A1%A8.csv"
    assert graph.value(csv, DCAT.byteSize) == Literal("12", datatype=XSD.nonNegativeInteger)
    assert graph.value(csv, DCTERMS.format) == URIRef(f"{EU}file-type/CSV")
    assert graph.value(wms, DCAT.downloadURL) is None
    service = graph.value(wms, DCAT.accessService)
    assert graph.value(service, DCAT.endpointURL) == URIRef(f"{ELSEWHERE}/wms?x=1&y=2")
    assert (service, DCAT.servesDataset, subject) in graph
    states = {node: str(graph.value(node, ADMS.status)).rpartition("/")[2] for node in found.values()}
    assert [node for node, state in states.items() if state == "WITHDRAWN"] == [found[f"{ELSEWHERE}/gone.csv"]]
    seen = {str(graph.value(node, RDFS.seeAlso)) for node in graph.objects(subject, DCTERMS.provenance)}
    assert seen == {f"{ELSEWHERE}/a"}
    older = parse(write_one(EXTERNAL, profile=OLDER))
    gone = older.value(predicate=DCAT.downloadURL, object=URIRef(f"{ELSEWHERE}/gone.csv"))
    assert older.value(gone, ADMS.status) == URIRef("http://purl.org/adms/status/Withdrawn")


def test_a_page_names_those_around_it() -> None:
    page = PageLinks(address="https://x/?page=2", first="https://x/?page=1", last="https://x/?page=3", total=5, size=2)
    page = replace(page, previous="https://x/?page=1", next="https://x/?page=3")
    graph = parse(write_catalogue([FULL], page=page))
    view = graph.value(CATALOGUE, HYDRA.view)
    assert (view, RDF.type, HYDRA.PartialCollectionView) in graph
    assert graph.value(view, HYDRA.next) == URIRef("https://x/?page=3")
    assert graph.value(CATALOGUE, HYDRA.totalItems) == Literal(5)
    assert str(graph.value(CATALOGUE, DCTERMS.title))


@pytest.mark.parametrize(("entry", "term"), [(CONDITIONAL, "RESTRICTED"), (CLOSED, "NON_PUBLIC")])
def test_what_is_not_open_has_reason_and_basis_and_no_bytes(entry: CatalogueEntry, term: str) -> None:
    graph = parse(write_one(entry))
    assert graph.value(SUBJECT, DCTERMS.accessRights) == URIRef(f"{EU}access-right/{term}")
    rights = graph.value(SUBJECT, DCTERMS.rights)
    texts = {str(item) for item in graph.objects(rights) if isinstance(item, Literal)}
    assert texts == {entry.metadata.disclosure.reason, entry.metadata.disclosure.legal_basis}
    addresses = {str(item) for item in graph.objects(None, DCAT.downloadURL)}
    public = {"stations.csv", "stations.parquet"} if entry is CONDITIONAL else set()
    assert {address.rpartition("/")[2] for address in addresses} == public
    assert b"levels.csv" not in write_one(entry)
    assert b"map.pdf" not in write_one(entry)


def test_an_archived_dataset_is_discontinued_and_names_its_successor() -> None:
    graph = parse(write_one(ARCHIVED))
    assert graph.value(SUBJECT, ADMS.status) == URIRef(f"{EU}dataset-status/DISCONT")
    assert graph.value(SUBJECT, DCTERMS.isReplacedBy) == URIRef(f"{BASE}/datasets/water-levels")
    assert graph.value(CSV, ADMS.status) == URIRef(f"{EU}distribution-status/DEPRECATED")
    assert "由新目录代替" in write_one(ARCHIVED).decode()
    closed = parse(write_one(CLOSED))
    assert closed.value(SUBJECT, ADMS.status) == URIRef(f"{EU}dataset-status/WITHDRAWN")


def test_the_older_profile_differs_where_it_must() -> None:
    graph = parse(write_one(FULL, profile=OLDER))
    assert graph.value(CSV, DCAT.byteSize) == Literal("1234", datatype=XSD.decimal)
    assert graph.value(SUBJECT, OWL.versionInfo) == Literal("2.0.0")
    assert graph.value(SUBJECT, DCAT.version) is None
    assert graph.value(SUBJECT, DCATAP.applicableLegislation) is None
    assert URIRef(f"{SUBJECT}/1.1.0/") in graph.objects(SUBJECT, DCTERMS.hasVersion)
    assert not set(graph.subjects(RDF.type, SPDX.Checksum))  # its shapes accept SHA-1 alone
    assert graph.value(CSV, ADMS.status) == URIRef("http://purl.org/adms/status/Completed")


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_the_same_graph(form: str) -> None:
    entries = (*ALL, EXTERNAL)
    assert set(parse(write_catalogue(entries, form), form)) == set(parse(write_catalogue(entries, "nt"), "nt"))


def test_texts_that_hurt_stay_texts() -> None:
    cleaned = HOSTILE.replace("\u0001", "")
    for form in FORMS:
        graph = parse(write_one(FULL, form), form)
        assert any(str(item).endswith(cleaned) for item in graph.objects(SUBJECT, DCTERMS.description))


def test_a_division_is_told_once_and_named_in_every_language() -> None:
    metadata = replace(FULL.metadata, further={"spatial": {"code": "410100"}}, temporal="", homepage="javascript:x")
    manifest = replace(_manifest(), period="2026-01")
    twin = replace(FULL, id="twin", metadata=metadata)
    graph = parse(write_catalogue([replace(FULL, metadata=metadata, manifest=manifest), twin]))
    place = URIRef(f"{BASE}/datasets#division-410100")
    assert graph.value(SUBJECT, DCTERMS.spatial) == place
    assert {item.language for item in graph.objects(place, SKOS.prefLabel) if isinstance(item, Literal)} == {
        "zh-hans",
        "en",
    }
    assert write_catalogue([replace(FULL, metadata=metadata), twin]).count(b"#division-410100> a dct:Location") == 1
    assert graph.value(graph.value(SUBJECT, DCTERMS.temporal), DCAT.startDate) is not None
    assert graph.value(SUBJECT, FOAF.page) is None


@given(
    st.text(), st.sampled_from(["http://", "https://a.example/", "https://a.example:8/#", "HTTP://[::1]", "http://a"])
)
def test_an_address_that_anybody_enters_is_an_iri_or_none(text: str, start: str) -> None:
    found = web_address(start + text)
    for item in (found, mailbox(text), telephone(text)):
        if item is not None:
            assert NamedNode(item.value)


def _manifest() -> Manifest:
    assert FULL.manifest is not None
    return FULL.manifest
