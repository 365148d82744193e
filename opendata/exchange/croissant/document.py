"""A version of a dataset as a Croissant document (JSON-LD).

The specification names schema.org by `http`, and `value` is a term of its own there. Its reference reader takes
`https` alone, and `value` of schema.org: so does the document. Who asks for `http` gets the letter of the text.
Source: Croissant 1.0 and 1.1 (mlcommons.org/croissant), appendix 1 for the context.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo
from typing import Any

from opendata.domain.catalogue.addresses import Addresses
from opendata.domain.catalogue.entries import CatalogueEntry, Portal
from opendata.domain.moments import format_time
from opendata.domain.resources import Attachment
from opendata.exchange.core.files import PublicFile, list_files
from opendata.exchange.core.terms import find_licence
from opendata.exchange.core.texts import choose_text, list_texts, list_words
from opendata.exchange.croissant.record_sets import DDI, Json, Profiles, list_record_sets
from opendata.metadata.citation import build_citation, write_bibtex

VERSIONS = ("1.1", "1.0")
"""The versions of Croissant that there are documents of, the usual one first."""

SPELLINGS = ("https", "http")
"""The ways to spell the namespace of schema.org, the usual one first."""

_PARQUET = ("application/vnd.apache.parquet", "application/x-parquet")
"""The registered media type, and the one that readers of Croissant know."""

_TERMS = (
    *("citeAs", "column", "equivalentProperty", "extract", "field", "fileObject", "fileProperty", "fileSet", "format"),
    *("includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet", "references", "regex"),
    *("repeated", "replace", "samplingRate", "separator", "source", "subField", "transform"),
)
_TERMS_OF_1_1 = (
    *("annotation", "arrayShape", "containedIn", "excludes", "isArray", "readLines", "sdVersion", "unArchive"),
)


def media_type(version: str) -> str:
    """The media type of a document of a version of Croissant."""
    return f'application/ld+json; profile="http://mlcommons.org/croissant/{version}"'


def write_croissant(
    entry: CatalogueEntry,
    addresses: Addresses,
    portal: Portal,
    zone: tzinfo,
    *,
    profiles: Profiles,
    version: str = "1.1",
    spelling: str = "https",
) -> bytes:
    """The document of the version that an entry describes.

    `profiles` has what is in the columns of tables that anybody may have. What isn't known is left out.
    """
    found = _describe(entry, addresses, portal, zone, profiles, version)
    document = {"@context": _build_context(version, spelling, portal.language), **found}
    text = json.dumps({key: value for key, value in document.items() if value not in ("", [], {})}, ensure_ascii=False)
    return text.encode("utf-8", "replace")


def _describe(
    entry: CatalogueEntry, addresses: Addresses, portal: Portal, zone: tzinfo, profiles: Profiles, version: str
) -> Json:
    metadata, language = entry.metadata, portal.language
    titles = list_texts(metadata.title, metadata.i18n, "title", language)
    page = addresses.version(entry.id, entry.version) if entry.version else addresses.dataset(entry.id)
    publisher = _describe_publisher(entry, addresses, language)
    words = list_words(metadata.keywords, metadata.i18n, "keywords", language)
    edition = entry.edition
    languages = metadata.further.get("languages")
    return {
        "@type": "sc:Dataset",
        "@id": page,
        "conformsTo": f"http://mlcommons.org/croissant/{version}",
        "name": choose_text(titles, language) or entry.id,
        "alternateName": [text for name, text in titles.items() if name != language],
        "description": choose_text(list_texts(metadata.description, metadata.i18n, "description", language), language)
        or choose_text(titles, language)
        or entry.id,
        "license": list(_list_licences(entry)),
        "url": page,
        "identifier": f"urn:uuid:{entry.uuid}",
        "version": entry.version or "",
        "isVersionOf": {"@id": addresses.dataset(entry.id)} if entry.version else {},
        "creator": list(_list_creators(entry)) or [publisher],
        "publisher": publisher,
        "datePublished": format_time(edition.published) if edition else "",
        "dateCreated": format_time(entry.created),
        "dateModified": format_time(edition.changed) if edition else format_time(entry.modified),
        "keywords": list(dict.fromkeys(word for items in words.values() for word in items)),
        "inLanguage": list(languages) if isinstance(languages, list | tuple) else [],
        "temporalCoverage": metadata.temporal,
        "citeAs": _cite(entry, page, portal, zone),
        "isLiveDataset": False,
        "isAccessibleForFree": True if entry.is_open else "",
        "conditionsOfAccess": _say_conditions(entry),
        "distribution": [_describe_file(item) for item in list_files(entry, addresses)],
        "recordSet": list(list_record_sets(entry, language, profiles, annotates=version != "1.0")),
    }


def _build_context(version: str, spelling: str, language: str) -> Json:
    schema = f"{spelling}://schema.org/"
    terms = [*_TERMS, *(_TERMS_OF_1_1 if version != "1.0" else ()), *(("value",) if spelling == "http" else ())]
    further = {"ddi-stats": DDI, "wd": "http://www.wikidata.org/entity/"} if version != "1.0" else {}
    return {
        "@language": language,
        "@vocab": schema,
        "sc": schema,
        "cr": "http://mlcommons.org/croissant/",
        "rai": "http://mlcommons.org/croissant/RAI/",
        "dct": "http://purl.org/dc/terms/",
        **further,
        "conformsTo": "dct:conformsTo",
        "isVersionOf": "dct:isVersionOf",
        **{term: f"cr:{term}" for term in sorted(terms)},
        "data": {"@id": "cr:data", "@type": "@json"},
        "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
        "examples": {"@id": "cr:examples", "@type": "@json"},
    }


def _describe_publisher(entry: CatalogueEntry, addresses: Addresses, language: str) -> Json:
    agency = entry.publisher
    titles = list_texts(agency.title, agency.i18n, "title", language)
    address = addresses.publisher(agency.id)
    return {"@type": "sc:Organization", "@id": address, "name": choose_text(titles, language), "url": address}


def _list_creators(entry: CatalogueEntry) -> Iterator[Json]:
    for item in entry.metadata.contributors:
        roles: Sequence[Any] = [item.get("role"), *(item.get("roles") or ())]
        if item.get("title") and {"creator", "author"} & {role for role in roles if isinstance(role, str)}:
            yield {"@type": "sc:Organization", "name": str(item["title"])}


def _list_licences(entry: CatalogueEntry) -> Iterator[str]:
    for item in entry.metadata.licenses:
        licence = find_licence(item)
        if licence.address or licence.title:
            yield licence.address or licence.title


def _say_conditions(entry: CatalogueEntry) -> str:
    disclosure = entry.metadata.disclosure
    if entry.is_open:
        return str(entry.metadata.further.get("openingCondition") or "")
    return "\n".join(filter(None, (disclosure.reason, disclosure.legal_basis)))


def _cite(entry: CatalogueEntry, page: str, portal: Portal, zone: tzinfo) -> str:
    if entry.manifest is None or entry.edition is None:
        return ""
    cited = build_citation(
        entry.manifest,
        entry.edition.manifest_sha256,
        page,
        language=portal.language,
        default=portal.language,
        zone=zone,
    )
    return write_bibtex(cited).strip()


def _describe_file(item: PublicFile) -> Mapping[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": item.id,
        "name": item.resource.filename if isinstance(item.resource, Attachment) else item.id,
        "contentUrl": item.address,
        "contentSize": f"{item.bytes} B",
        "encodingFormat": list(_PARQUET) if item.table and item.form == "parquet" else item.kind.media_type,
        "sha256": item.sha256,
        **({"sameAs": item.address.rpartition(".")[0] + ".csv"} if item.table and item.form == "parquet" else {}),
    }
