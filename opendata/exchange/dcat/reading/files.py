"""Distributions, read: where the bytes are, of which kind, with which digest."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from opendata.exchange.core.terms import EU, FILE_TYPES, IANA
from opendata.exchange.dcat.profiles import SHA256_IRIS
from opendata.exchange.dcat.reading.graph import Graph
from opendata.exchange.dcat.reading.parts import choose, read_texts
from opendata.exchange.dcat.reading.values import ReadFile
from opendata.exchange.dcat.vocabulary import Iri

MOST_FILES = 10_000
_SUFFIX = re.compile(r"[0-9A-Za-z][0-9A-Za-z+-]{0,19}")
_HEX = frozenset("0123456789abcdef")
_MOST_BYTES = 2**63 - 1

_BY_MEDIA_TYPE: Mapping[str, str] = {term.media_type: suffix for suffix, term in reversed(list(FILE_TYPES.items()))}
_BY_EU: Mapping[str, str] = {term.eu: suffix for suffix, term in reversed(list(FILE_TYPES.items()))}


def read_files(graph: Graph, subject: str, language: str) -> Sequence[ReadFile]:
    """The distributions of a dataset that have an address and weren't withdrawn, in the order of the document."""
    found = (read_file(graph, iri, language) for iri in _list_distributions(graph, subject))
    return tuple(item for item in found if item is not None)


def read_file(graph: Graph, iri: str, language: str) -> ReadFile | None:
    """One distribution; None for one without an address, or withdrawn."""
    if any(item.lower().endswith("/withdrawn") for item in graph.list_iris(iri, "adms:status")):
        return None
    address, page = graph.find_iri(iri, "dcat:downloadURL"), graph.find_iri(iri, "dcat:accessURL")
    if not address and not page:
        return None
    titles = read_texts(graph, iri, language, "dct:title")
    descriptions = read_texts(graph, iri, language, "dct:description")
    media_type = _read_media_type(graph, iri)
    services = graph.list_iris(iri, "dcat:accessService")
    return ReadFile(
        iri="" if iri.startswith("_:") else iri,
        id=graph.find_text(iri, "dct:identifier"),
        title=choose(titles, language),
        description=choose(descriptions, language),
        i18n=_list_others(titles, descriptions, language),
        address=address,
        page=page,
        format=_read_format(graph, iri, media_type),
        media_type=media_type,
        bytes=_read_bytes(graph.find_text(iri, "dcat:byteSize")),
        sha256=_read_sha256(graph, iri),
        schema=graph.find_iri(iri, "dct:conformsTo"),
        service=not address and any(True for _ in services),
    )


def _list_distributions(graph: Graph, subject: str) -> Iterator[str]:
    for number, iri in enumerate(graph.list_iris(subject, "dcat:distribution")):
        if number >= MOST_FILES:
            return
        yield iri


def _list_others(
    titles: Mapping[str, str], descriptions: Mapping[str, str], language: str
) -> Mapping[str, Mapping[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for name, texts in (("title", titles), ("description", descriptions)):
        for key, text in texts.items():
            if key != language and language in texts:
                found.setdefault(key, {})[name] = text
    return found


def _read_media_type(graph: Graph, iri: str) -> str:
    """The media type as text, whether it is an IRI of IANA, another IRI that ends in one, or a text."""
    for item in graph.list(iri, "dcat:mediaType"):
        text = item.value
        if isinstance(item, Iri):
            _, mark, rest = text.partition(IANA.partition(":")[2])
            text = rest if mark else graph.find_text(text, "rdfs:label", "rdf:value")
        if text.count("/") == 1:
            return text.strip().lower()
    return ""


def _read_format(graph: Graph, iri: str, media_type: str) -> str:
    """The suffix: by the EU's list of file types, by a label such as `CSV` or `WMS`, or by the media type."""
    if media_type in _BY_MEDIA_TYPE:
        return _BY_MEDIA_TYPE[media_type]
    for item in graph.list(iri, "dct:format"):
        text = item.value
        if isinstance(item, Iri):
            code = text.removeprefix(f"{EU}file-type/")
            text = code if code != text else graph.find_text(text, "rdfs:label", "rdf:value", "skos:prefLabel")
        text = text.removesuffix("_SRVC")
        if text in _BY_EU:
            return _BY_EU[text]
        if text.lower() in FILE_TYPES or _SUFFIX.fullmatch(text):
            return text.lower()
    return ""


def _read_bytes(text: str) -> int | None:
    whole = text.removesuffix(".0")
    found = int(whole) if whole.isascii() and whole.isdigit() and len(whole) < 20 else None
    return found if found is not None and found <= _MOST_BYTES else None


def _read_sha256(graph: Graph, iri: str) -> str:
    for node in graph.list_iris(iri, "spdx:checksum"):
        value = graph.find_text(node, "spdx:checksumValue").lower()
        algorithms = set(graph.list_iris(node, "spdx:algorithm"))
        if algorithms & SHA256_IRIS and len(value) == 64 and set(value) <= _HEX:
            return value
    return ""
