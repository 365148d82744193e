"""Where the data is from, and who had a part in it.

Sources are statements of provenance: `dct:source` would want each to be a dataset that is described. So is the portal
that a dataset was harvested from, with the page of the dataset there.
"""

from __future__ import annotations

from collections.abc import Iterator

from opendata.domain.catalogue.entries import CatalogueEntry
from opendata.exchange.dcat.scope import Scope
from opendata.exchange.dcat.vocabulary import TYPE, Iri, Triple, fragment, say, term, web_address

ORIGIN = "origin"
SOURCE = "source-"
CONTRIBUTOR = "contributor-"


def list_origins(entry: CatalogueEntry, subject: str) -> Iterator[Triple]:
    """What ties them to the dataset."""
    if entry.origin:
        yield subject, "dct:provenance", Iri(fragment(subject, ORIGIN))
    for number, source in enumerate(entry.metadata.sources, 1):
        if source.get("title") or source.get("path"):
            yield subject, "dct:provenance", Iri(fragment(subject, f"{SOURCE}{number}"))
    for number, item in enumerate(entry.metadata.contributors, 1):
        if item.get("title"):
            roles = [*(item.get("roles") or ()), item.get("role")]
            predicate = "dct:creator" if "creator" in roles else "dct:contributor"
            yield subject, predicate, Iri(fragment(subject, f"{CONTRIBUTOR}{number}"))


def describe_origins(entry: CatalogueEntry, subject: str, scope: Scope) -> Iterator[Triple]:
    """Each of them."""
    if entry.origin:
        iri, page = fragment(subject, ORIGIN), web_address(entry.origin["page"])
        yield iri, TYPE, term("dct:ProvenanceStatement")
        yield from say(iri, "rdfs:label", {scope.language: entry.origin["portal"]})
        if page is not None:
            yield iri, "rdfs:seeAlso", page
    for number, source in enumerate(entry.metadata.sources, 1):
        title, address = source.get("title") or "", web_address(source.get("path") or "")
        iri = fragment(subject, f"{SOURCE}{number}")
        if title or source.get("path"):
            yield iri, TYPE, term("dct:ProvenanceStatement")
            yield from say(iri, "rdfs:label", {scope.language: title or str(source.get("path"))})
            if address is not None:
                yield iri, "rdfs:seeAlso", address
    for number, item in enumerate(entry.metadata.contributors, 1):
        if item.get("title"):
            iri = fragment(subject, f"{CONTRIBUTOR}{number}")
            yield iri, TYPE, term("foaf:Agent")
            yield from say(iri, "foaf:name", {scope.language: item["title"]})
            home = web_address(item.get("path") or "")
            if home is not None:
                yield iri, "foaf:homepage", home
