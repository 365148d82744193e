"""A document of RDF in memory, asked by subject and predicate; parsed within limits, by pyoxigraph.

Nothing is fetched: a JSON-LD context elsewhere is refused, as are entities that a document declares.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from opendata.errors import N_, InputError
from opendata.exchange.dcat.vocabulary import TYPE, Iri, Literal, Term, expand
from opendata.exchange.dcat.writing import JSON_LD, N_TRIPLES, RDF_XML, TURTLE

MOST_BYTES = 64 * 1024 * 1024
MOST_TRIPLES = 2_000_000
MOST_VALUES = 4_000_000
"""So many members and elements the JSON of a document may have: it is in memory before its first statement."""

MOST_CHARACTERS = 4 * MOST_BYTES
"""So long all terms of a document may be together, with its prefixes written out."""

_ENTITY = re.compile(rb"<!ENTITY", re.IGNORECASE)
BLANK = "_:"


@dataclass(frozen=True, slots=True)
class Graph:
    """Subject → predicate → terms, in the order of the document. Blank nodes are IRIs that begin with `_:`."""

    nodes: Mapping[str, Mapping[str, list[Term]]] = field(default_factory=dict)

    def list(self, subject: str, *predicates: str) -> Iterator[Term]:
        """The terms of some predicates, by `prefix:name`, one predicate after the other."""
        found = self.nodes.get(subject, {})
        for predicate in predicates:
            yield from found.get(expand(predicate), ())

    def list_iris(self, subject: str, *predicates: str) -> Iterator[str]:
        """The IRIs among them; an address that is written as a text counts too."""
        for item in self.list(subject, *predicates):
            if isinstance(item, Iri) or item.value.startswith(("http://", "https://")):
                yield item.value

    def find_iri(self, subject: str, *predicates: str) -> str:
        """The first of them that is an IRI; empty without one."""
        return next((item for item in self.list_iris(subject, *predicates) if not item.startswith(BLANK)), "")

    def find_text(self, subject: str, *predicates: str) -> str:
        """The first text, of whatever language; empty without one."""
        return next((item.value for item in self.list(subject, *predicates) if isinstance(item, Literal)), "")

    def is_a(self, subject: str, *kinds: str) -> bool:
        """Whether it is of one of these classes."""
        wanted = {expand(kind) for kind in kinds}
        return any(item.value in wanted for item in self.list(subject, TYPE))

    def list_subjects(self, kind: str) -> Iterator[str]:
        """The subjects of a class, in the order of the document."""
        return (subject for subject in self.nodes if self.is_a(subject, kind))


def parse_graph(data: bytes, form: str, *, base: str = "", most_triples: int = MOST_TRIPLES) -> Graph:
    """Parse a document in one of our forms. Raises `InputError` for what isn't one, or is too large."""
    from pyoxigraph import RdfFormat, parse

    if len(data) > MOST_BYTES:
        raise InputError(N_("The RDF document is too large: at most %(most)s bytes"), most=MOST_BYTES)
    if form == RDF_XML and _ENTITY.search(data.replace(b"\0", b"")):
        raise InputError(N_("The RDF document declares entities of XML, which aren't accepted"))
    if form == JSON_LD and sum(map(data.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raise InputError(N_("The RDF document is too large: at most %(most)s values"), most=MOST_VALUES)
    chosen = {
        TURTLE: RdfFormat.TURTLE,
        RDF_XML: RdfFormat.RDF_XML,
        JSON_LD: RdfFormat.JSON_LD,
        N_TRIPLES: RdfFormat.N_TRIPLES,
    }[form]
    nodes: dict[str, dict[str, list[Term]]] = {}
    length = 0
    try:
        for number, quad in enumerate(parse(data, format=chosen, base_iri=base or None), 1):
            if number > most_triples:
                raise InputError(N_("The RDF document is too large: at most %(most)s statements"), most=most_triples)
            subject, predicate, value = _name(quad.subject), quad.predicate.value, _read_term(quad.object)
            length += len(subject) + len(predicate) + (len(value.value) if value is not None else 0)
            if length > MOST_CHARACTERS:
                text = N_("The RDF document is too large: at most %(most)s characters with its prefixes written out")
                raise InputError(text, most=MOST_CHARACTERS)
            terms = nodes.setdefault(subject, {}).setdefault(predicate, [])
            if value is not None:
                terms.append(value)
    except (SyntaxError, ValueError, OSError, RecursionError) as error:
        raise InputError(N_("The RDF document can't be read: %(reason)s"), reason=str(error)[:200]) from None
    return Graph(nodes)


def _name(node: object) -> str:
    from pyoxigraph import NamedNode

    return node.value if isinstance(node, NamedNode) else str(node)


def _read_term(value: object) -> Term | None:
    from pyoxigraph import BlankNode, NamedNode
    from pyoxigraph import Literal as RdfLiteral

    if isinstance(value, NamedNode | BlankNode):
        return Iri(_name(value))
    if isinstance(value, RdfLiteral):
        return Literal(value.value, value.language or "", "" if value.language else value.datatype.value)
    return None
