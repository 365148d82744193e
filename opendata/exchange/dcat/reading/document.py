"""A DCAT document as datasets of ours: what this program wrote comes back exactly, of others what they say.

The IRIs of lists become our codes: the EU's lists, and terms of our own schemes. Texts without a language are of the
default one. Versions that the document describes beside their dataset aren't datasets of their own.
"""

from __future__ import annotations

from collections.abc import Iterator

from opendata.exchange.dcat.reading.files import read_files
from opendata.exchange.dcat.reading.graph import MOST_TRIPLES, Graph, parse_graph
from opendata.exchange.dcat.reading.metadata import read_metadata
from opendata.exchange.dcat.reading.parts import read_agent
from opendata.exchange.dcat.reading.values import ReadCatalogue, ReadDataset
from opendata.exchange.dcat.vocabulary import Literal, expand

MOST_DATASETS = 50_000
_UUID = "urn:uuid:"


def read_document(
    data: bytes, form: str, *, base: str = "", language: str = "zh", most_triples: int = MOST_TRIPLES
) -> ReadCatalogue:
    """Read a document in one of our forms. `base` is its address, for what it names in short.

    Raises `InputError` for what isn't RDF in this form, or is too large.
    """
    graph = parse_graph(data, form, base=base, most_triples=most_triples)
    found: list[ReadDataset] = []
    skipped: list[str] = []
    for subject in list_datasets(graph):
        if len(found) >= MOST_DATASETS:
            skipped.append(subject)
            continue
        read = read_dataset(graph, subject, language)
        if read is None:
            skipped.append(subject)
        else:
            found.append(read)
    return ReadCatalogue(datasets=found, next=_find_next(graph), total=_find_total(graph), skipped=skipped)


def list_datasets(graph: Graph) -> Iterator[str]:
    """The subjects that are datasets and no versions of another one in the document."""
    for subject in graph.list_subjects("dcat:Dataset"):
        parents = [*graph.list_iris(subject, "dcat:isVersionOf", "dct:isVersionOf")]
        if not any(parent != subject and graph.find_text(parent, "dct:identifier") for parent in parents):
            yield subject


def read_dataset(graph: Graph, subject: str, language: str) -> ReadDataset | None:
    """One dataset; None for one without a title."""
    metadata = read_metadata(graph, subject, language)
    if not metadata.title:
        return None
    identifier = graph.find_text(subject, "dct:identifier") or subject
    return ReadDataset(
        iri=subject,
        identifier=identifier,
        uuid=_find_uuid(graph, subject),
        metadata=metadata,
        publisher=read_agent(graph, next(graph.list_iris(subject, "dct:publisher"), ""), language),
        page=graph.find_iri(subject, "dcat:landingPage") or (subject if subject.startswith("http") else ""),
        version=graph.find_text(subject, "dcat:version", "owl:versionInfo"),
        notes=graph.find_text(subject, "adms:versionNotes"),
        issued=graph.find_text(subject, "dct:issued"),
        modified=graph.find_text(subject, "dct:modified"),
        is_withdrawn=any(item.endswith("/WITHDRAWN") for item in graph.list_iris(subject, "adms:status")),
        files=read_files(graph, subject, language),
    )


def _find_uuid(graph: Graph, subject: str) -> str:
    texts = [graph.find_text(node, "skos:notation") for node in graph.list_iris(subject, "adms:identifier")]
    texts += [item.value for item in graph.list(subject, "dct:identifier") if isinstance(item, Literal)]
    return next((item.removeprefix(_UUID) for item in texts if item.startswith(_UUID)), "")


def _find_next(graph: Graph) -> str:
    """The address of the next page, as Hydra says it today or said it before."""
    for kind, predicate in (("hydra:PartialCollectionView", "hydra:next"), ("hydra:PagedCollection", "hydra:nextPage")):
        for view in graph.list_subjects(kind):
            found = graph.find_iri(view, predicate, "hydra:next")
            if found:
                return found
    return ""


def _find_total(graph: Graph) -> int | None:
    for properties in graph.nodes.values():
        for item in properties.get(expand("hydra:totalItems"), ()):
            if item.value.isascii() and item.value.isdigit():
                return int(item.value[:15])
    return None
