"""Simple Dublin Core (`oai_dc`) of one entry. Source: dublincore.org, the 15 elements; OAI-PMH 2.0, oai_dc.xsd."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from opendata.domain.catalogue.addresses import Addresses
from opendata.domain.catalogue.entries import CatalogueEntry, Portal
from opendata.domain.moments import format_time
from opendata.exchange.core.files import list_external, list_files
from opendata.exchange.core.terms import access_level, find_licence
from opendata.exchange.core.texts import list_texts, list_words, tag_language
from opendata.exchange.oai.markup import XSI, clean_text
from opendata.metadata.properties.code_lists import find_codes

if TYPE_CHECKING:
    from lxml.etree import _Element

NAMESPACE = "http://www.openarchives.org/OAI/2.0/oai_dc/"
SCHEMA = "http://www.openarchives.org/OAI/2.0/oai_dc.xsd"
_DC = "http://purl.org/dc/elements/1.1/"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

_Element1 = tuple[str, str, str]
"""An element: its name, its text, and the language of that, empty where it has none."""


def write_dublin_core(entry: CatalogueEntry, portal: Portal, addresses: Addresses) -> _Element:
    """The element that describes an entry."""
    from lxml import etree

    root = etree.Element(f"{{{NAMESPACE}}}dc", nsmap={"oai_dc": NAMESPACE, "dc": _DC, "xsi": XSI})
    root.set(f"{{{XSI}}}schemaLocation", f"{NAMESPACE} {SCHEMA}")
    for name, text, language in _list_elements(entry, portal, addresses):
        found = etree.SubElement(root, f"{{{_DC}}}{name}")
        found.text = clean_text(text)
        if language:
            found.set(_LANG, tag_language(language))
    return root


def _list_elements(entry: CatalogueEntry, portal: Portal, addresses: Addresses) -> Iterator[_Element1]:
    found, default = entry.metadata, portal.language
    for language, text in list_texts(found.title, found.i18n, "title", default).items():
        yield "title", text, language
    agency = entry.publisher
    agencies = list_texts(agency.title, agency.i18n, "title", default)
    for language, text in agencies.items():
        yield "creator", text, language
    for language, words in list_words(found.keywords, found.i18n, "keywords", default).items():
        yield from (("subject", word, language) for word in words)
    for code in found.further.get("themes") or ():
        name = find_codes("themes").get(code)
        if name is not None:
            yield from (("subject", text, language) for language, text in name.names.items())
    for language, text in list_texts(found.description, found.i18n, "description", default).items():
        yield "description", text, language
    for language, text in agencies.items():
        yield "publisher", text, language
    yield from (("contributor", item["title"], "") for item in found.contributors if item.get("title"))
    yield "date", format_time(entry.issued or entry.created), ""
    yield "type", "Dataset", ""
    files, elsewhere = list(list_files(entry, addresses)), list(list_external(entry))
    media_types = [item.kind.media_type for item in files] + [item.media_type for item in elsewhere]
    yield from (("format", media, "") for media in dict.fromkeys(media_types) if media)
    yield "identifier", addresses.dataset(entry.id), ""
    yield "identifier", f"urn:uuid:{entry.uuid}", ""
    yield from (("source", item["path"], "") for item in found.sources if item.get("path"))
    yield from (("language", item, "") for item in found.further.get("languages") or ())
    yield from (("relation", item.address, "") for item in files)
    yield from (("relation", item.address, "") for item in elsewhere)
    if found.homepage:
        yield "relation", found.homepage, ""
    if found.temporal:
        yield "coverage", found.temporal, ""
    yield from _list_rights(entry)


def _list_rights(entry: CatalogueEntry) -> Iterator[_Element1]:
    yield "rights", access_level(entry.metadata.disclosure), ""
    for licence in map(find_licence, entry.metadata.licenses):
        if licence.address or licence.title:
            yield "rights", licence.address or licence.title, ""
