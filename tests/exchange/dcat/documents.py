"""Documents of the samples, written in any form, and as graphs of another library."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from rdflib import Graph

from opendata.domain.catalogue.entries import CatalogueEntry
from opendata.exchange.dcat.catalogue import (
    PageLinks,
    describe_catalogue,
    describe_entries,
    describe_one,
    describe_one_version,
)
from opendata.exchange.dcat.profiles import LATEST, Profile
from opendata.exchange.dcat.scope import Scope
from opendata.exchange.dcat.vocabulary import Triple
from opendata.exchange.dcat.writing import JSON_LD, N_TRIPLES, RDF_XML, TURTLE, write_document
from tests.exchange.samples import ADDRESSES, PORTAL

RDFLIB_NAMES = {TURTLE: "turtle", RDF_XML: "xml", JSON_LD: "json-ld", N_TRIPLES: "nt"}


def make_scope(profile: Profile = LATEST) -> Scope:
    """The setting of a document of the samples' portal."""
    return Scope(portal=PORTAL, addresses=ADDRESSES, profile=profile)


def write_one(entry: CatalogueEntry, form: str = TURTLE, profile: Profile = LATEST) -> bytes:
    """The document of a dataset."""
    return b"".join(write_document([describe_one(entry, make_scope(profile))], form))


def write_version(entry: CatalogueEntry, form: str = TURTLE, profile: Profile = LATEST) -> bytes:
    """The document of a version."""
    return b"".join(write_document([describe_one_version(entry, make_scope(profile))], form))


def write_catalogue(
    entries: Sequence[CatalogueEntry], form: str = TURTLE, profile: Profile = LATEST, page: PageLinks | None = None
) -> bytes:
    """The document of a catalogue."""
    scope = make_scope(profile)
    pieces: list[list[Triple]] = [describe_catalogue(scope, None, page), *describe_entries(entries, scope)]
    return b"".join(write_document(pieces, form))


def parse(data: bytes, form: str = TURTLE) -> Graph:
    """The graph of a document."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # rdflib's JSON-LD uses a class that it deprecates itself
        return Graph().parse(data=data, format=RDFLIB_NAMES[form])
