"""schema.org documents in JSON-LD: a dataset or one of its versions, and the catalogue.

Source: schema.org (Dataset, DataCatalog, DataDownload); Google's guide for Dataset Search, which wants a name and a
description of 50 to 5,000 characters. A shorter one is followed by what the dictionary says, never by filler.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from opendata.domain.catalogue.addresses import Addresses
from opendata.domain.catalogue.entries import CatalogueEntry, Portal
from opendata.domain.catalogue.external import ExternalKind
from opendata.domain.moments import format_time
from opendata.domain.resources import TableResource
from opendata.domain.schema import Field
from opendata.exchange.core.coverage import find_coverage, name_place
from opendata.exchange.core.files import list_external, list_files
from opendata.exchange.core.summaries import describe_entry, name_entry
from opendata.exchange.core.terms import find_licence
from opendata.exchange.core.texts import choose_text, list_texts, list_words
from opendata.metadata.citation import identify_version
from opendata.metadata.text import is_web_address

CONTEXT = "https://schema.org/"
LEAST_TEXT, MOST_TEXT = 50, 5000
"""Characters of a description."""
MOST_VARIABLES = 200
MOST_FILES = 200
_ESCAPES = {letter: f"\\u{ord(letter):04x}" for letter in "<>&\u2028\u2029"}

Document = dict[str, Any]


def describe_dataset(
    entry: CatalogueEntry, addresses: Addresses, portal: Portal, language: str, *, is_version: bool = False
) -> Document:
    """A dataset with the files of the version that is described; with `is_version` that version, under its own id."""
    metadata, edition, disclosure = entry.metadata, entry.edition, entry.metadata.disclosure
    version = entry.version or ""
    page = addresses.version(entry.id, version) if is_version else addresses.dataset(entry.id)
    uri = identify_version(entry.uuid, version) if is_version else f"urn:uuid:{entry.uuid}"
    names = list_texts(metadata.title, metadata.i18n, "title", portal.language)
    name = name_entry(entry, portal, language)
    period, place = find_coverage(entry), name_place(entry, language)
    words = list_words(metadata.keywords, metadata.i18n, "keywords", portal.language)
    issued = edition.published if is_version and edition else entry.issued
    office = _describe_publisher(entry, addresses, portal, language)
    return _drop_empty(
        {
            "@context": CONTEXT,
            "@type": "Dataset",
            "@id": page,
            "url": page,
            "identifier": uri,
            "name": name,
            "alternateName": [text for text in dict.fromkeys(names.values()) if text != name],
            "description": describe_entry(entry, addresses, portal, language, least=LEAST_TEXT, most=MOST_TEXT),
            "keywords": list(words.get(language) or words.get(portal.language) or ()),
            "inLanguage": list(metadata.further.get("languages") or ()),
            "creator": office,
            "publisher": office,
            "license": next(filter(is_web_address, (find_licence(item).address for item in metadata.licenses)), ""),
            "isAccessibleForFree": True if disclosure.is_open else None,
            "conditionsOfAccess": " — ".join(
                filter(None, (disclosure.audience, disclosure.reason, disclosure.legal_basis))
            ),
            "creativeWorkStatus": "Archived" if entry.archived else "",
            "version": version,
            "dateCreated": format_time(entry.created),
            "datePublished": format_time(issued) if issued else "",
            "dateModified": format_time(edition.changed if is_version and edition else entry.changed),
            "temporalCoverage": f"{period.start.isoformat()}/{period.end.isoformat()}" if period else "",
            "spatialCoverage": {"@type": "Place", "name": place} if place else "",
            "isBasedOn": list(_list_sources(entry)),
            "includedInDataCatalog": {
                "@type": "DataCatalog",
                "@id": addresses.home,
                "name": choose_text(portal.names, language, portal.language),
                "url": addresses.home,
            },
            "variableMeasured": list(_list_variables(entry, portal, language)),
            "distribution": [
                *_list_downloads(entry, addresses, portal, language),
                *(() if is_version else _list_elsewhere(entry)),
            ],
            "subjectOf": [] if is_version else list(_list_pages(entry)),
        }
    )


def describe_catalogue(addresses: Addresses, portal: Portal, language: str) -> Document:
    """The catalogue of the portal."""
    name = choose_text(portal.names, language, portal.language)
    organiser = choose_text(portal.organiser, language, portal.language)
    return _drop_empty(
        {
            "@context": CONTEXT,
            "@type": "DataCatalog",
            "@id": addresses.home,
            "url": addresses.home,
            "name": name,
            "alternateName": [text for text in dict.fromkeys(portal.names.values()) if text != name],
            "description": choose_text(portal.description, language, portal.language),
            "inLanguage": list(portal.languages),
            "isAccessibleForFree": True,
            "publisher": _drop_empty({"@type": "Organization", "name": organiser, "email": portal.email})
            if organiser
            else "",
        }
    )


def write_script(document: Mapping[str, Any]) -> str:
    """A document as the content of a `script` element: no text in it can end the element or begin another."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    for letter, escape in _ESCAPES.items():
        text = text.replace(letter, escape)
    return text


def _describe_publisher(entry: CatalogueEntry, addresses: Addresses, portal: Portal, language: str) -> Document:
    agency = entry.publisher
    names = list_texts(agency.title, agency.i18n, "title", portal.language)
    page = addresses.publisher(agency.id)
    name = choose_text(names, language, portal.language) or agency.id
    site = agency.contact.get("url", "")
    same = site if is_web_address(site) else ""
    return _drop_empty({"@type": "Organization", "@id": page, "name": name, "url": page, "sameAs": same})


def _list_variables(entry: CatalogueEntry, portal: Portal, language: str) -> Iterator[Document]:
    """The columns of all tables, each name once."""
    seen: set[str] = set()
    for item in entry.manifest.resources if entry.manifest else ():
        for field in item.schema.fields if isinstance(item, TableResource) else ():
            if field.name not in seen and len(seen) < MOST_VARIABLES:
                seen.add(field.name)
                yield _describe_variable(field, portal, language)


def _describe_variable(field: Field, portal: Portal, language: str) -> Document:
    title = choose_text(list_texts(field.title, field.i18n, "title", portal.language), language, portal.language)
    text = list_texts(field.description, field.i18n, "description", portal.language)
    rules = field.constraints
    return _drop_empty(
        {
            "@type": "PropertyValue",
            "name": title or field.name,
            "alternateName": field.name if title and title != field.name else "",
            "description": choose_text(text, language, portal.language),
            "unitText": str(field.own.get("unit") or ""),
            **{
                ours: rules[theirs]
                for ours, theirs in (("minValue", "minimum"), ("maxValue", "maximum"))
                if isinstance(rules.get(theirs), int | float) and not isinstance(rules[theirs], bool)
            },
        }
    )


def _list_downloads(entry: CatalogueEntry, addresses: Addresses, portal: Portal, language: str) -> Iterator[Document]:
    for number, file in enumerate(list_files(entry, addresses)):
        if number == MOST_FILES:
            return
        names = list_texts(file.resource.title, file.resource.i18n, "title", portal.language)
        name = choose_text(names, language, portal.language) or file.resource.name
        yield {
            "@type": "DataDownload",
            "name": f"{name} ({file.kind.label})",
            "contentUrl": file.address,
            "encodingFormat": file.kind.media_type,
            "contentSize": f"{file.bytes} B",
            "sha256": file.sha256,
        }


def _list_sources(entry: CatalogueEntry) -> Iterator[str]:
    """Where the data is from: the sources that it names, and its page at the portal that it was harvested from."""
    paths = [item.get("path", "") for item in entry.metadata.sources]
    paths += [entry.origin["page"]] if entry.origin else []
    yield from filter(is_web_address, dict.fromkeys(paths))


def _list_elsewhere(entry: CatalogueEntry) -> Iterator[Document]:
    """The files and services at that portal."""
    found = (item for item in list_external(entry) if item.kind != ExternalKind.PAGE)
    for item in islice(found, MOST_FILES):
        yield _drop_empty(
            {
                "@type": "DataDownload",
                "name": item.title,
                "description": item.description,
                "contentUrl": item.address,
                "encodingFormat": item.media_type or item.label,
                "contentSize": f"{item.bytes} B" if item.bytes is not None else "",
            }
        )


def _list_pages(entry: CatalogueEntry) -> Iterator[Document]:
    """The pages about it there."""
    found = (item for item in list_external(entry) if item.kind == ExternalKind.PAGE)
    for item in islice(found, MOST_FILES):
        yield {"@type": "WebPage", "name": item.title, "url": item.address}


def _drop_empty(document: Document) -> Document:
    return {key: value for key, value in document.items() if value not in ("", None, [], {}, ())}
