"""Triples as bytes, a piece at a time, in each form: pieces joined are one document, however long.

Source: RDF 1.1 Turtle, N-Triples, RDF/XML; JSON-LD 1.1.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from opendata.exchange.dcat.vocabulary import PREFIXES, TYPE, Iri, Literal, Term, Triple, expand

if TYPE_CHECKING:
    from pyoxigraph import Triple as RdfTriple

TURTLE = "ttl"
RDF_XML = "xml"
JSON_LD = "jsonld"
N_TRIPLES = "nt"


@dataclass(frozen=True, slots=True)
class Form:
    """A form: the suffix of its addresses, its media type, what people call it."""

    suffix: str
    media_type: str
    label: str


FORMS: Mapping[str, Form] = {
    item.suffix: item
    for item in (
        Form(TURTLE, "text/turtle", "Turtle"),
        Form(RDF_XML, "application/rdf+xml", "RDF/XML"),
        Form(JSON_LD, "application/ld+json", "JSON-LD"),
        Form(N_TRIPLES, "application/n-triples", "N-Triples"),
    )
}
"""Suffix → form, the one that people read first."""

_XML_END = b"</rdf:RDF>"


def write_document(pieces: Iterable[Sequence[Triple]], form: str) -> Iterator[bytes]:
    """One document of pieces, each written when its turn comes; a subject is best whole in one piece."""
    if form == JSON_LD:
        return _write_json(pieces)
    return _write_rdf(pieces, form)


def _write_json(pieces: Iterable[Sequence[Triple]]) -> Iterator[bytes]:
    context = json.dumps({name: iri for name, iri in PREFIXES.items() if name != "rdf"})
    yield f'{{"@context":{context},"@graph":[\n'.encode()
    comma = ""
    for piece in pieces:
        written = []
        for _, triples in groupby(piece, _subject_of):
            written.append(comma + _write_node(list(triples)))
            comma = ",\n"
        yield "".join(written).encode()
    yield b"\n]}\n"


def _write_node(triples: Sequence[Triple]) -> str:
    node: dict[str, Any] = {"@id": triples[0][0]}
    for _, predicate, value in triples:
        if predicate == TYPE:
            node.setdefault("@type", []).append(_shorten(value.value))
        else:
            node.setdefault(predicate, []).append(_write_value(value))
    return json.dumps(node, ensure_ascii=False, separators=(",", ":"))


def _write_value(value: Term) -> dict[str, str]:
    if isinstance(value, Iri):
        return {"@id": value.value}
    if value.language:
        return {"@value": value.value, "@language": value.language.lower()}
    if value.datatype:
        return {"@value": value.value, "@type": value.datatype}
    return {"@value": value.value}


@cache
def _shorten(iri: str) -> str:
    return next((f"{name}:{iri.removeprefix(base)}" for name, base in PREFIXES.items() if iri.startswith(base)), iri)


def _write_rdf(pieces: Iterable[Sequence[Triple]], form: str) -> Iterator[bytes]:
    from pyoxigraph import RdfFormat, serialize

    chosen = {TURTLE: RdfFormat.TURTLE, RDF_XML: RdfFormat.RDF_XML, N_TRIPLES: RdfFormat.N_TRIPLES}[form]
    build = _load_builder()
    yield _HEADS[form]()
    for piece in pieces:
        if piece:
            data = serialize(map(build, piece), format=chosen, prefixes=dict(PREFIXES))
            yield _CUTS[form](data or b"")
    if form == RDF_XML:
        yield _XML_END + b"\n"


def _head_turtle() -> bytes:
    return "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items()).encode()


def _head_xml() -> bytes:
    names = "".join(f'\n\txmlns:{name}="{iri}"' for name, iri in PREFIXES.items())
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<rdf:RDF{names}>\n'.encode()


def _cut_turtle(data: bytes) -> bytes:
    """A piece without its prefixes, which the document has at its head."""
    place = 0
    while data.startswith(b"@prefix ", place):
        place = data.index(b"\n", place) + 1
    return data[place:]


def _cut_xml(data: bytes) -> bytes:
    """The descriptions of a piece without the element around them."""
    start = data.index(b">", data.index(b"<rdf:RDF")) + 1
    return data[start : data.rindex(_XML_END)].strip(b"\n") + b"\n"


_HEADS: Mapping[str, Callable[[], bytes]] = {TURTLE: _head_turtle, RDF_XML: _head_xml, N_TRIPLES: bytes}
_CUTS: Mapping[str, Callable[[bytes], bytes]] = {TURTLE: _cut_turtle, RDF_XML: _cut_xml, N_TRIPLES: bytes}


def _subject_of(triple: Triple) -> str:
    return triple[0]


@cache
def _load_builder() -> Callable[[Triple], RdfTriple]:
    """What makes triples of pyoxigraph; names that come again are made once."""
    from pyoxigraph import Literal as RdfLiteral
    from pyoxigraph import NamedNode
    from pyoxigraph import Triple as RdfTriple

    name_node = lru_cache(maxsize=4096)(NamedNode)

    @cache
    def build_name(name: str) -> NamedNode:
        return NamedNode(expand(name))

    def build_literal(value: Literal) -> RdfLiteral:
        if value.language:
            return RdfLiteral(value.value, language=value.language)
        if value.datatype:
            return RdfLiteral(value.value, datatype=build_name(value.datatype))
        return RdfLiteral(value.value)

    def build(triple: Triple) -> RdfTriple:
        subject, predicate, value = triple
        term = name_node(value.value) if isinstance(value, Iri) else build_literal(value)
        return RdfTriple(name_node(subject), build_name(predicate), term)

    return build
