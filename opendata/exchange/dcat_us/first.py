"""DCAT-US 1.1: the catalogue as `data.json`.

Source: Project Open Data metadata schema 1.1 (https://resources.data.gov/resources/dcat-us/).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from opendata.domain.catalogue.entries import Agency, CatalogueEntry
from opendata.domain.moments import format_time
from opendata.exchange.core.coverage import find_coverage, name_place, name_themes
from opendata.exchange.core.files import PublicFile, list_files
from opendata.exchange.core.summaries import describe_entry, name_entry
from opendata.exchange.core.terms import CYCLES, access_level, find_licence
from opendata.exchange.dcat_us.parts import (
    Document,
    Setting,
    clean_address,
    clean_media_type,
    describe_external,
    drop_empty,
    find_contact,
    list_keywords,
    say_rights,
    write_stream,
)

CONFORMS = "https://project-open-data.cio.gov/v1.1/schema"
_JSON = "application/json"


def write_catalogue(entries: Iterable[CatalogueEntry], setting: Setting, address: str) -> Iterator[bytes]:
    """All entries as one document, piece by piece; `address` is its own."""
    head = {
        "@context": f"{CONFORMS}/catalog.jsonld",
        "@id": address,
        "@type": "dcat:Catalog",
        "conformsTo": CONFORMS,
        "describedBy": f"{CONFORMS}/catalog.json",
    }
    return write_stream(head, (describe_dataset(entry, setting) for entry in entries))


def describe_dataset(entry: CatalogueEntry, setting: Setting) -> Document:
    """An entry as a dataset. It is identified by its UUID, which no change of its name or address touches."""
    metadata, addresses = entry.metadata, setting.addresses
    contact, period = find_contact(entry, setting), find_coverage(entry)
    licences = [clean_address(find_licence(item).address) for item in metadata.licenses]
    related = [metadata.homepage, *(item.get("path") for item in metadata.sources)]
    cycle = CYCLES.get(metadata.update_cycle)
    return drop_empty(
        {
            "@type": "dcat:Dataset",
            "identifier": f"urn:uuid:{entry.uuid}",
            "title": name_entry(entry, setting.portal, setting.language),
            "description": describe_entry(entry, addresses, setting.portal, setting.language),
            "keyword": list_keywords(entry, setting),
            "modified": format_time(entry.changed),
            "issued": format_time(entry.issued) if entry.issued else "",
            "publisher": _describe_publisher(entry.publisher, setting),
            "contactPoint": {"@type": "vcard:Contact", "fn": contact.name, "hasEmail": contact.mail},
            "accessLevel": access_level(metadata.disclosure),
            "rights": say_rights(entry),
            "license": next(filter(None, licences), ""),
            "accrualPeriodicity": cycle.interval if cycle else "",
            "temporal": f"{period.start.isoformat()}/{period.end.isoformat()}" if period else "",
            "spatial": name_place(entry, setting.language),
            "language": list(metadata.further.get("languages") or ()),
            "theme": list(dict.fromkeys(name_themes(entry, setting.language))),
            "landingPage": addresses.dataset(entry.id),
            "references": list(dict.fromkeys(filter(None, map(clean_address, related)))),
            "describedBy": addresses.manifest(entry.id, entry.version) if entry.version else "",
            "describedByType": _JSON if entry.version else "",
            "distribution": [
                *(_describe_file(item, entry, setting) for item in list_files(entry, addresses)),
                *describe_external(entry, "dcat:Distribution"),
            ],
        }
    )


def _describe_publisher(agency: Agency, setting: Setting) -> Document:
    """A publisher in those above it."""
    found: Document = {}
    for item in reversed([agency, *setting.list_above(agency)]):
        above = {"subOrganizationOf": found} if found else {}
        found = {"@type": "org:Organization", "name": setting.say(item, "title") or item.id, **above}
    return found


def _describe_file(file: PublicFile, entry: CatalogueEntry, setting: Setting) -> Document:
    table, addresses = file.table, setting.addresses
    schema = addresses.file(entry.id, str(entry.version), f"{table.name}.schema.json") if table else ""
    standard = addresses.schema(table.schema_name) if table and table.schema_name else ""
    return drop_empty(
        {
            "@type": "dcat:Distribution",
            "title": setting.say(file.resource, "title") or file.resource.name,
            "description": setting.say(file.resource, "description")[:10_000],
            "downloadURL": file.address,
            "mediaType": clean_media_type(file.kind.media_type),
            "format": file.kind.label,
            "describedBy": schema,
            "describedByType": _JSON if schema else "",
            "conformsTo": standard,
        }
    )
