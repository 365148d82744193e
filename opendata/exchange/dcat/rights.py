"""Who may have the data and why, under which licence, on which legal basis; and that a dataset or version is over."""

from __future__ import annotations

from collections.abc import Iterator

from opendata.domain.catalogue.entries import CatalogueEntry
from opendata.exchange.core.terms import EU, find_licence
from opendata.exchange.dcat.scope import Scope
from opendata.exchange.dcat.vocabulary import TYPE, Iri, Triple, fragment, say, term, web_address

LICENCE = "licence-"


def name_licence(entry: CatalogueEntry, scope: Scope) -> Iri | None:
    """The first licence: by the EU's list, else by its address, else as a part of the catalogue; None without."""
    for given in entry.metadata.licenses:
        found = find_licence(given)
        if found.eu:
            return Iri(f"{EU}licence/{found.eu}")
        address = web_address(found.address)
        if address is not None:
            return address
        if found.id:
            return Iri(scope.name(LICENCE + found.id))
    return None


def describe_licence(entry: CatalogueEntry, scope: Scope) -> Iterator[Triple]:
    """The licence where it isn't of the EU's list, unless the document has it."""
    iri = name_licence(entry, scope)
    if iri is None or iri.value.startswith(EU):
        return
    found = next(item for item in map(find_licence, entry.metadata.licenses) if item.id or item.address)
    yield from scope.once(iri.value, _describe_licence(iri.value, found.title or found.id, scope))


def describe_rights(entry: CatalogueEntry, subject: str, scope: Scope) -> Iterator[Triple]:
    """Why the data isn't for everybody, or on which condition it is: reason as label, legal basis as comment."""
    said, basis = find_rights(entry)
    if said or basis:
        iri = fragment(subject, "rights")
        yield iri, TYPE, term("dct:RightsStatement")
        yield from say(iri, "rdfs:label", {scope.language: said or basis})
        if said:
            yield from say(iri, "rdfs:comment", {scope.language: basis})


def find_rights(entry: CatalogueEntry) -> tuple[str, str]:
    """The reason and the legal basis of what isn't open; the condition alone of what is."""
    disclosure = entry.metadata.disclosure
    if disclosure.is_open:
        return str(entry.metadata.further.get("openingCondition") or ""), ""
    return disclosure.reason or disclosure.audience, disclosure.legal_basis


def describe_law(entry: CatalogueEntry, subject: str, scope: Scope) -> Iterator[Triple]:
    """The legal basis that the publisher declares, which has a text and no address."""
    basis = str(entry.metadata.further.get("basis") or "")
    if basis and scope.profile.has_law:
        iri = fragment(subject, "basis")
        yield iri, TYPE, term("eli:LegalResource")
        yield from say(iri, "dct:title", {scope.language: basis})


def describe_archive(entry: CatalogueEntry, subject: str, scope: Scope) -> Iterator[Triple]:
    """Since when the dataset is no longer kept, and why."""
    if entry.archived is not None:
        iri = fragment(subject, "archived")
        yield iri, TYPE, term("dct:ProvenanceStatement")
        yield from say(
            iri, "rdfs:label", {scope.language: f"{entry.archived['since'][:10]} {entry.archived['reason']}"}
        )


def _describe_licence(iri: str, title: str, scope: Scope) -> Iterator[Triple]:
    yield iri, TYPE, term("dct:LicenseDocument")
    yield from say(iri, "dct:title", {scope.language: title})
