"""Whole documents: the catalogue, all of it or a page by Hydra; one dataset; one version.

A page has the whole description of the catalogue, so that it can be read alone. Source: DCAT-AP (Catalogue); Hydra
core vocabulary (PartialCollectionView).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from opendata.domain.catalogue.entries import CatalogueEntry
from opendata.exchange.core.terms import language_iri
from opendata.exchange.dcat.agents import describe_organiser, name_organiser
from opendata.exchange.dcat.concepts import describe_schemes, list_schemes
from opendata.exchange.dcat.dataset import describe_dataset, describe_record
from opendata.exchange.dcat.scope import Scope
from opendata.exchange.dcat.services import describe_services, list_services
from opendata.exchange.dcat.versions import describe_version, describe_versions
from opendata.exchange.dcat.vocabulary import TYPE, Iri, Triple, fragment, moment, say, term, typed


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLinks:
    """A page of the catalogue: its own address and those around it, how many datasets there are on all of them."""

    address: str
    first: str
    last: str
    previous: str = ""
    next: str = ""
    total: int
    size: int


def describe_catalogue(scope: Scope, modified: datetime | None = None, page: PageLinks | None = None) -> list[Triple]:
    """The catalogue itself: who runs it, in which languages and lists, its interfaces."""
    return [
        *_describe_head(scope, modified),
        *describe_organiser(scope),
        *describe_schemes(scope),
        *describe_services(scope),
        *(_describe_page(scope, page) if page is not None else ()),
    ]


def describe_entries(entries: Iterable[CatalogueEntry], scope: Scope) -> Iterator[list[Triple]]:
    """The datasets of the catalogue, each with its record, one after the other."""
    for entry in entries:
        subject = scope.addresses.dataset(entry.id)
        yield [
            (scope.catalogue, "dcat:dataset", Iri(subject)),
            (scope.catalogue, "dcat:record", Iri(fragment(subject, "record"))),
            *describe_dataset(entry, scope),
            *describe_record(entry, scope),
        ]


def describe_one(entry: CatalogueEntry, scope: Scope) -> list[Triple]:
    """The document of one dataset, with its versions in short."""
    return [
        *describe_dataset(entry, scope, lists_versions=True),
        *describe_versions(entry, scope),
        *_describe_around(entry, scope),
    ]


def describe_one_version(entry: CatalogueEntry, scope: Scope) -> list[Triple]:
    """The document of one version."""
    return [*describe_version(entry, scope), *_describe_around(entry, scope)]


def _describe_around(entry: CatalogueEntry, scope: Scope) -> Iterator[Triple]:
    """What the files of one dataset point to, which the catalogue has once for all."""
    yield from describe_schemes(scope)
    if any(True for _ in entry.list_tables()):
        yield from describe_services(scope)
        yield from describe_organiser(scope)


def _describe_head(scope: Scope, modified: datetime | None) -> Iterator[Triple]:
    subject, portal = scope.catalogue, scope.portal
    yield subject, TYPE, term("dcat:Catalog")
    yield from say(subject, "dct:title", portal.names)
    yield from say(subject, "dct:description", portal.description or portal.names)
    yield subject, "dct:publisher", Iri(name_organiser(scope))
    yield subject, "foaf:homepage", Iri(scope.addresses.home)
    for language in portal.languages:
        if language_iri(language):
            yield subject, "dct:language", Iri(language_iri(language))
    for scheme in list_schemes(scope):
        yield subject, "dcat:themeTaxonomy", scheme
    for service in list_services(scope):
        yield subject, "dcat:service", Iri(service)
    if modified is not None:
        yield subject, "dct:modified", moment(modified)
    yield scope.addresses.home, TYPE, term("foaf:Document")


def _describe_page(scope: Scope, page: PageLinks) -> Iterator[Triple]:
    yield scope.catalogue, TYPE, term("hydra:Collection")
    yield scope.catalogue, "hydra:totalItems", typed(page.total, "xsd:integer")
    yield scope.catalogue, "hydra:view", Iri(page.address)
    yield page.address, TYPE, term("hydra:PartialCollectionView")
    yield page.address, "hydra:totalItems", typed(page.total, "xsd:integer")
    yield page.address, "hydra:itemsPerPage", typed(page.size, "xsd:integer")
    links = (("first", page.first), ("previous", page.previous), ("next", page.next), ("last", page.last))
    for name, address in links:
        if address:
            yield page.address, f"hydra:{name}", Iri(address)
