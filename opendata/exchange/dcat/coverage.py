"""What a dataset covers: its place, by the code of a division (GB/T 2260) or by name, and its period."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from opendata.domain.catalogue.entries import CatalogueEntry
from opendata.domain.meaning.periods import read_period
from opendata.exchange.dcat.scope import Scope
from opendata.exchange.dcat.vocabulary import TYPE, Triple, day, fragment, plain, say, term
from opendata.metadata.properties.code_lists import name_region

DIVISION = "division-"


def name_place(entry: CatalogueEntry, subject: str, scope: Scope) -> str:
    """The IRI of the place of a dataset: a division is shared, a place with a name of its own isn't; empty without."""
    spatial = _read_spatial(entry)
    code, name = str(spatial.get("code") or ""), str(spatial.get("name") or "")
    if name:
        return fragment(subject, "place")
    return scope.name(DIVISION + code) if code else ""


def describe_place(entry: CatalogueEntry, subject: str, scope: Scope) -> Iterator[Triple]:
    """The place, unless the document has it."""
    iri = name_place(entry, subject, scope)
    spatial = _read_spatial(entry)
    if iri:
        yield from scope.once(
            iri, _describe(iri, str(spatial.get("code") or ""), str(spatial.get("name") or ""), scope)
        )


def describe_period(entry: CatalogueEntry, subject: str) -> Iterator[Triple]:
    """The period: that of the metadata, else what the rows of the version are about."""
    period = read_period(find_period(entry))
    if period is not None:
        iri = fragment(subject, "period")
        yield iri, TYPE, term("dct:PeriodOfTime")
        yield iri, "rdfs:label", plain(period.text)
        yield iri, "dcat:startDate", day(period.start)
        yield iri, "dcat:endDate", day(period.end)


def find_period(entry: CatalogueEntry) -> str:
    """The period in its normal form; empty if unknown."""
    found = entry.metadata.temporal or (entry.manifest.coverage if entry.manifest else "")
    return found if read_period(found) is not None else ""


def _describe(iri: str, code: str, name: str, scope: Scope) -> Iterator[Triple]:
    yield iri, TYPE, term("dct:Location")
    if code:
        yield iri, "dct:identifier", plain(code)
    if name:
        yield from say(iri, "skos:prefLabel", {scope.language: name})
    else:
        yield from say(iri, "skos:prefLabel", {item: name_region(code, item) for item in scope.portal.languages})


def _read_spatial(entry: CatalogueEntry) -> dict[str, Any]:
    found = entry.metadata.further.get("spatial")
    return found if isinstance(found, dict) else {}
