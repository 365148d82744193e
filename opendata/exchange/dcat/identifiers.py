"""The further identifiers of a dataset: its UUID, its index number, its codes in the national guide and the register.

The datatype of the notation says which one it is, as SKOS has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from opendata.domain.catalogue.entries import CatalogueEntry
from opendata.exchange.dcat.scope import Scope
from opendata.exchange.dcat.vocabulary import TYPE, Literal, Triple, clean_text, fragment, term

UUID = "uuid"
INDEX_NUMBER = "index-number"
RESOURCE_CODE = "resource-code"
REGISTRATION = "registration-code"


def list_identifiers(entry: CatalogueEntry) -> Iterator[str]:
    """Which ones it has, as the fragments of their IRIs."""
    return (name for name, value in _find(entry).items() if value)


def describe_identifiers(entry: CatalogueEntry, subject: str, scope: Scope) -> Iterator[Triple]:
    """Each as an `adms:Identifier`."""
    for name, value in _find(entry).items():
        if value:
            iri = fragment(subject, name)
            yield iri, TYPE, term("adms:Identifier")
            datatype = "xsd:anyURI" if name == UUID else scope.name(name)
            yield iri, "skos:notation", Literal(clean_text(value), datatype=datatype)


def _find(entry: CatalogueEntry) -> Mapping[str, str]:
    further = entry.metadata.further
    return {
        UUID: f"urn:uuid:{entry.uuid}",
        INDEX_NUMBER: str(further.get("indexNumber") or ""),
        RESOURCE_CODE: str(further.get("resourceCode") or ""),
        REGISTRATION: entry.registration,
    }
