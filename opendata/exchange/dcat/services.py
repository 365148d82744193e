"""The portal's interfaces as data services: rows of tables, and SQL over all of them."""

from __future__ import annotations

from collections.abc import Iterator

from opendata.domain.catalogue.entries import CatalogueEntry
from opendata.errors import N_
from opendata.exchange.dcat.agents import name_organiser
from opendata.exchange.dcat.scope import Scope
from opendata.exchange.dcat.vocabulary import TYPE, Iri, Triple, authority, say, term

ROWS = "rows-api"
SQL = "sql-api"

_SERVICES = (
    (
        ROWS,
        ("datasets",),
        N_("Rows of tables"),
        N_("Filters, sorts and sums the rows of one table of a version, a page at a time."),
    ),
    (SQL, ("sql",), N_("SQL over tables"), N_("Answers one SELECT over published tables, also of several datasets.")),
)


def list_services(scope: Scope) -> Iterator[str]:
    """The IRIs of the interfaces."""
    return (scope.name(name) for name, *_ in _SERVICES)


def describe_services(scope: Scope) -> Iterator[Triple]:
    """The interfaces; what they serve is said with each dataset."""
    for name, place, title, description in _SERVICES:
        subject = scope.name(name)
        yield subject, TYPE, term("dcat:DataService")
        yield from say(subject, "dct:title", scope.translate(title))
        yield from say(subject, "dct:description", scope.translate(description))
        yield subject, "dcat:endpointURL", Iri(scope.addresses.rest(*place))
        yield subject, "dcat:endpointDescription", Iri(scope.addresses.rest("openapi.json"))
        yield subject, "dct:accessRights", authority("access-right/PUBLIC")
        yield subject, "dct:publisher", Iri(name_organiser(scope))
        if scope.portal.email or scope.portal.telephone:
            yield subject, "dcat:contactPoint", Iri(scope.name("contact"))


def describe_serving(entry: CatalogueEntry, subject: str, scope: Scope) -> Iterator[Triple]:
    """That the interfaces have the tables of a dataset, if anybody may have one."""
    if any(True for _ in entry.list_tables()):
        for service in list_services(scope):
            yield service, "dcat:servesDataset", Iri(subject)
