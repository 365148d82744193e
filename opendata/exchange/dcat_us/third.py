"""DCAT-US 3.0: the catalogue with versions, checksums and sizes.

Source: the JSON Schemas of DCAT-US 3.0.0 (https://resources.data.gov/dcat-us/3.0.0/).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from opendata.domain.catalogue.entries import Agency, CatalogueEntry, Edition
from opendata.domain.moments import format_time
from opendata.exchange.core.coverage import find_coverage, name_place, name_themes
from opendata.exchange.core.files import PublicFile, list_files
from opendata.exchange.core.summaries import describe_entry, name_entry
from opendata.exchange.core.terms import access_level, find_licence
from opendata.exchange.dcat_us.parts import (
    Contact,
    Document,
    Setting,
    clean_address,
    clean_media_type,
    describe_external,
    drop_empty,
    find_contact,
    find_portal_contact,
    list_keywords,
    say_rights,
    write_stream,
)
from opendata.metadata.citation import identify_version

CONFORMS = "https://resources.data.gov/dcat-us/3.0.0/"
CYCLES: Mapping[str, str] = {
    "realtime": "continual",
    "daily": "daily",
    "weekly": "weekly",
    "monthly": "monthly",
    "quarterly": "quarterly",
    "semiannual": "biannually",
    "annual": "annually",
    "irregular": "irregular",
    "never": "notPlanned",
}
_JSON = "application/json"
_LETTERS = 2
"""Letters of a code of a language."""


def write_catalogue(entries: Iterable[CatalogueEntry], setting: Setting, address: str) -> Iterator[bytes]:
    """All entries as one document, piece by piece; `address` is its own."""
    portal = setting.portal
    name = setting.choose(portal.names)
    head = drop_empty(
        {
            "@id": address,
            "@type": "Catalog",
            "conformsTo": {"@id": CONFORMS, "@type": "Standard", "title": "DCAT-US 3.0"},
            "title": name,
            "description": setting.choose(portal.description) or name,
            "homepage": {
                "@id": setting.addresses.home,
                "@type": "Document",
                "title": name,
                "accessURL": setting.addresses.home,
            },
            "language": [setting.language],
            "publisher": {"@type": "Agent", "name": setting.choose(portal.organiser) or name},
            "contactPoint": [_write_contact(item) for item in [find_portal_contact(setting)] if item],
        }
    )
    return write_stream(head, (describe_dataset(entry, setting) for entry in entries))


def describe_dataset(entry: CatalogueEntry, setting: Setting) -> Document:
    """An entry as a dataset in the version that is described."""
    metadata, addresses = entry.metadata, setting.addresses
    period, place, rights = find_coverage(entry), name_place(entry, setting.language), say_rights(entry)
    page = addresses.dataset(entry.id)
    related = [metadata.homepage, *(item.get("path") for item in metadata.sources)]
    return drop_empty(
        {
            "@id": page,
            "@type": "Dataset",
            "identifier": f"urn:uuid:{entry.uuid}",
            "otherIdentifier": [page],
            "title": name_entry(entry, setting.portal, setting.language),
            "description": describe_entry(entry, addresses, setting.portal, setting.language),
            "keyword": list(list_keywords(entry, setting)),
            "theme": [
                {"@type": "Concept", "prefLabel": name} for name in dict.fromkeys(name_themes(entry, setting.language))
            ],
            "created": format_time(entry.created),
            "issued": format_time(entry.issued) if entry.issued else "",
            "modified": format_time(entry.changed),
            "publisher": _describe_publisher(entry.publisher, setting),
            "contactPoint": [_write_contact(find_contact(entry, setting))],
            "accessRights": access_level(metadata.disclosure),
            "rights": [rights] if rights else [],
            "accrualPeriodicity": CYCLES.get(metadata.update_cycle, ""),
            "temporal": [
                {"@type": "PeriodOfTime", "startDate": period.start.isoformat(), "endDate": period.end.isoformat()}
            ]
            if period
            else [],
            "spatial": [{"@type": "Location", "prefLabel": place}] if place else [],
            "language": [item for item in metadata.further.get("languages") or () if len(item) == _LETTERS],
            "landingPage": {"@id": page, "@type": "Document", "title": entry.metadata.title, "accessURL": page},
            "relation": list(dict.fromkeys(filter(None, map(clean_address, related)))),
            "version": entry.version or "",
            "versionNotes": entry.edition.notes if entry.edition else "",
            "previousVersion": _describe_previous(entry, entry.previous, setting),
            "describedBy": _describe_manifest(entry, setting),
            "distribution": [
                *(_describe_file(item, entry, setting) for item in list_files(entry, addresses)),
                *describe_external(entry, "Distribution"),
            ],
        }
    )


def _write_contact(found: Contact) -> Document:
    return drop_empty({"@type": "Kind", "fn": found.name, "hasEmail": found.mail, "tel": found.telephone})


def _describe_publisher(agency: Agency, setting: Setting) -> Document:
    found: Document = {}
    for item in reversed([agency, *setting.list_above(agency)]):
        found = drop_empty(
            {
                "@id": setting.addresses.publisher(item.id),
                "@type": "Organization",
                "name": setting.say(item, "title") or item.id,
                "altLabel": item.short_title,
                "notation": [item.code] if item.code else [],
                "subOrganizationOf": [found] if found else [],
            }
        )
    return found


def _describe_previous(entry: CatalogueEntry, previous: Edition | None, setting: Setting) -> Document:
    """The version before, where it stands, as a dataset of few words: the schema wants four of it."""
    if previous is None or not previous.is_standing or entry.metadata.disclosure.is_closed:
        return {}
    title = f"{name_entry(entry, setting.portal, setting.language)} {previous.version}"
    return drop_empty(
        {
            "@id": setting.addresses.version(entry.id, previous.version),
            "@type": "Dataset",
            "identifier": identify_version(entry.uuid, previous.version),
            "title": title,
            "description": previous.notes or title,
            "version": previous.version,
            "issued": format_time(previous.published),
            "contactPoint": [_write_contact(find_contact(entry, setting))],
        }
    )


def _describe_manifest(entry: CatalogueEntry, setting: Setting) -> Document:
    if entry.version is None:
        return {}
    address = setting.addresses.manifest(entry.id, entry.version)
    return {"@type": "Distribution", "title": "datapackage.json", "downloadURL": address, "mediaType": _JSON}


def _describe_file(file: PublicFile, entry: CatalogueEntry, setting: Setting) -> Document:
    table, addresses, edition = file.table, setting.addresses, entry.edition
    licences = [clean_address(find_licence(item).address) for item in entry.metadata.licenses]
    found: Document = {
        "@id": file.address,
        "@type": "Distribution",
        "title": setting.say(file.resource, "title") or file.resource.name,
        "description": setting.say(file.resource, "description"),
        "downloadURL": file.address,
        "accessURL": file.page,
        "mediaType": clean_media_type(file.kind.media_type),
        "format": file.kind.label,
        "byteSize": str(file.bytes),
        "checksum": {"@type": "Checksum", "algorithm": "SHA-256", "checksumValue": file.sha256},
        "license": next(filter(None, licences), ""),
        "modified": format_time(edition.published) if edition else "",
    }
    if table is not None:
        schema = addresses.file(entry.id, str(entry.version), f"{table.name}.schema.json")
        found["describedBy"] = {
            "@type": "Distribution",
            "title": "Table Schema",
            "downloadURL": schema,
            "mediaType": _JSON,
        }
        if file.form == "csv":
            found["characterEncoding"] = ["UTF-8"]
        if table.schema_name:
            standard = {"@id": addresses.schema(table.schema_name), "@type": "Standard", "title": table.schema_name}
            found["conformsTo"] = [standard]
    return drop_empty(found)
