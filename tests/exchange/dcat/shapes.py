"""The official SHACL shapes of DCAT-AP, and the terms of the EU's lists that documents name, as background.

The lists themselves aren't part of a catalogue: DCAT-AP's own check loads them beside it (`mdr_imports.ttl`), else any
portal would be blamed for terms without labels. Here each list is written down as far as documents of ours may use it:
a term that isn't in the table has no scheme, and fails the shapes as it should.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from rdflib import DCAT, DCTERMS, RDF, RDFS, SKOS, Graph, Literal, Namespace, URIRef
from rdflib.term import Node

from opendata.exchange.core.terms import EU, IANA

SH = Namespace("http://www.w3.org/ns/shacl#")

SHAPES: Mapping[str, Sequence[str]] = {
    "dcat_ap_3.0.1": (
        "dcat-ap-3.0.1/html/shacl/shapes.ttl",
        "dcat-ap-3.0.1/html/shacl/range.ttl",
        "dcat-ap-3.0.1/html/shacl/mdr-vocabularies.shape.ttl",
        "dcat-ap-3.0.1/html/shacl/shapes_recommended.ttl",
        "dcat-ap-3.0.1/html/shacl/deprecateduris.ttl",
        "dcat-ap-3.0.1/shacl/dcat-ap-SHACL.ttl",
        "dcat-ap-3.0.1/shacl/ranges.ttl",
    ),
    "dcat_ap_2.1.1": (
        "dcat-ap-2.1.1/dcat-ap_2.1.1_shacl_shapes.ttl",
        "dcat-ap-2.1.1/dcat-ap_2.1.1_shacl_range.ttl",
        "dcat-ap-2.1.1/dcat-ap_2.1.1_shacl_mdr-vocabularies.shape.ttl",
        "dcat-ap-2.1.1/dcat-ap_2.1.1_shacl_shapes_recommended.ttl",
        "dcat-ap-2.1.1/dcat-ap_2.1.1_shacl_deprecateduris.ttl",
    ),
}

_LISTS: Mapping[str, tuple[URIRef, str]] = {
    "access-right": (DCTERMS.RightsStatement, "PUBLIC RESTRICTED NON_PUBLIC"),
    "data-theme": (SKOS.Concept, "AGRI ECON EDUC ENER ENVI GOVE HEAL INTR JUST REGI SOCI TECH TRAN"),
    "dataset-status": (SKOS.Concept, "COMPLETED DEPRECATED DEVELOP DISCONT WITHDRAWN"),
    "distribution-status": (SKOS.Concept, "COMPLETED DEPRECATED DEVELOP WITHDRAWN"),
    "file-type": (
        DCTERMS.MediaTypeOrExtent,
        "BIN CSV DOC DOCX GEOJSON HTML JPEG JSON KML ODS ODT PARQUET PDF PNG SHP SVG TIFF TXT WFS_SRVC WMS_SRVC "
        "WMTS_SRVC XLS XLSX XML ZIP",
    ),
    "frequency": (DCTERMS.Frequency, "ANNUAL ANNUAL_2 DAILY IRREG MONTHLY NEVER QUARTERLY UPDATE_CONT WEEKLY"),
    "language": (DCTERMS.LinguisticSystem, "BOD ENG III KAZ KOR MON UIG ZHA ZHO"),
    "licence": (DCTERMS.LicenseDocument, "CC0 CC_BY_4_0 ODC_BY ODC_PDDL"),
    "planned-availability": (SKOS.Concept, "AVAILABLE EXPERIMENTAL STABLE TEMPORARY"),
}
_ADMS: Mapping[str, str] = {
    "publishertype": "LocalAuthority RegionalAuthority NationalAuthority Company",
    "status": "Completed Deprecated UnderDevelopment Withdrawn",
}


@cache
def read_shapes(standards: Path, profile: str) -> Graph:
    """All shapes of a profile, as the standard has them.

    The release of 3.0.1 names 208 property shapes that none of its files has; the names lead nowhere and are left out.
    """
    graph = Graph()
    for name in SHAPES[profile]:
        graph.parse(standards / name)
    for shape, part in list(graph.subject_objects(SH.property)):
        if (part, SH.path, None) not in graph:
            graph.remove((shape, SH.property, part))
    return graph


def list_background(document: Graph) -> Graph:
    """What the lists say of the terms that a document names, and RDFS and DCAT of its classes (`imports.ttl`)."""
    named = {str(item) for item in document.objects() if isinstance(item, URIRef)}
    graph = Graph()
    for iri in named:
        graph.add((URIRef(iri), RDF.type, RDFS.Resource))
    for kind in (DCAT.Dataset, DCAT.DataService, DCAT.Catalog):
        graph.add((kind, RDFS.subClassOf, DCAT.Resource))
    for list_name, (kind, codes) in _LISTS.items():
        for code in codes.split():
            _describe(graph, f"{EU}{list_name}/{code}", kind, f"{EU}{list_name}", named)
    for list_name, codes in _ADMS.items():
        for code in codes.split():
            place = f"http://purl.org/adms/{list_name}/"
            _describe(graph, place + code, SKOS.Concept, f"{place}1.0", named)
    for iri in named:
        if iri.startswith(IANA):
            graph.add((URIRef(iri), RDF.type, DCTERMS.MediaType))
    return graph


def find_findings(document: Graph, standards: Path, profile: str) -> Mapping[str, list[str]]:
    """Severity → what the shapes find in a document, each as path, focus, value and message."""
    from pyshacl import validate

    data, shapes = document + list_background(document), read_shapes(standards, profile)
    _, report, _ = validate(data, shacl_graph=shapes, inplace=True)
    found: dict[str, list[str]] = {}
    for result in report.objects(None, SH.result):
        severity = str(report.value(result, SH.resultSeverity)).removeprefix(str(SH))
        found.setdefault(severity, []).append(" · ".join(_say(report, result)))
    return {severity: sorted(set(texts)) for severity, texts in found.items()}


def _describe(graph: Graph, iri: str, kind: URIRef, scheme: str, named: set[str]) -> None:
    if iri in named or scheme in named:
        subject, whole = URIRef(iri), URIRef(scheme)
        for item in {kind, SKOS.Concept}:
            graph.add((subject, RDF.type, item))
        graph.add((subject, SKOS.inScheme, whole))
        graph.add((subject, SKOS.prefLabel, Literal(iri.rpartition("/")[2], lang="en")))
        graph.add((whole, RDF.type, SKOS.ConceptScheme))
        graph.add((whole, DCTERMS.title, Literal(scheme.rpartition("/")[2], lang="en")))


def _say(report: Graph, result: Node) -> Iterator[str]:
    for name in ("resultPath", "focusNode", "value", "resultMessage"):
        yield str(report.value(result, SH[name]) or "")
