"""An entry of the catalogue → CKAN's objects: package, resources, organization, groups, tags.

Every key is always there, and what readers refuse to find empty never is: `format` and `name` of a resource, `hash`
of a file of ours, `description` of an organization. Extras go by the names of ckanext-dcat and udata. There is no
`spatial`: readers expect a polygon in it. Source: ckan/logic/schema.py and the CKAN backend of udata's harvester.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from opendata.domain.catalogue.addresses import Addresses
from opendata.domain.catalogue.entries import Agency, CatalogueEntry
from opendata.domain.meaning.periods import read_period
from opendata.domain.texts import I18n
from opendata.exchange.ckan import ids
from opendata.exchange.core.files import ExternalFile, PublicFile, list_external, list_files
from opendata.exchange.core.terms import CYCLES, LicenceTerm, access_iri, find_licence, language_iri
from opendata.exchange.core.texts import choose_text, list_texts
from opendata.metadata.codes import LICENSES
from opendata.metadata.properties.code_lists import find_codes, name_region

Json = dict[str, Any]

NO_LICENCE = "notspecified"
"""What CKAN calls the licence of a dataset that names none."""

_AUTHORS = frozenset({"creator", "author"})


def describe_package(entry: CatalogueEntry, addresses: Addresses, language: str) -> Json:
    """A dataset as a package, its texts in a language where it has them."""
    metadata = entry.metadata
    licence = _find_licence(entry)
    tags = [describe_tag(item) for item in ids.list_tags(metadata.keywords)]
    contact = _find_contact(entry)
    resources = [
        _describe_resource(entry, item, position, addresses, language)
        for position, item in enumerate(list_files(entry, addresses))
    ]
    resources += [
        _describe_external(entry, item, position) for position, item in enumerate(list_external(entry), len(resources))
    ]
    return {
        "id": entry.uuid,
        "name": entry.id,
        "title": choose(metadata.title, metadata.i18n, "title", language) or entry.id,
        "notes": choose(metadata.description, metadata.i18n, "description", language),
        "url": addresses.dataset(entry.id),
        "version": entry.version or "",
        "type": "dataset",
        "state": "active",
        "private": False,
        "isopen": bool(licence and licence.is_open and entry.is_open),
        "license_id": identify_licence(licence),
        "license_title": licence.title if licence else "License not specified",
        "license_url": licence.address if licence else "",
        "author": ", ".join(_list_authors(entry)),
        "author_email": "",
        "maintainer": contact.get("name", ""),
        "maintainer_email": contact.get("email", ""),
        "owner_org": ids.identify_organization(entry.publisher.id),
        "creator_user_id": ids.identify_user(entry.publisher.id),
        "metadata_created": ids.write_moment(entry.created),
        "metadata_modified": ids.write_moment(entry.changed),
        "num_resources": len(resources),
        "num_tags": len(tags),
        "organization": _describe_owner(entry.publisher, language),
        "groups": [describe_group(item, language) for item in _list_themes(entry)],
        "tags": tags,
        "extras": [{"key": key, "value": value} for key, value in _list_extras(entry, addresses, language)],
        "relationships_as_subject": [],
        "relationships_as_object": [],
        "resources": resources,
    }


def describe_organization(
    agency: Agency, language: str, count: int | None = None, packages: Sequence[Json] | None = None
) -> Json:
    """A publisher as an organization; `count` counts its datasets, `packages` are some of them."""
    owner = _describe_owner(agency, language)
    return _complete({**owner, "display_name": owner["title"], "image_display_url": ""}, count, packages)


def describe_theme(theme: str, language: str, count: int | None = None, packages: Sequence[Json] | None = None) -> Json:
    """A theme as a group of its own."""
    group = describe_group(theme, language)
    more = {
        "image_url": "",
        "created": "2020-01-01T00:00:00.000000",
        "is_organization": False,
        "type": "group",
        "state": "active",
        "approval_status": "approved",
    }
    return _complete({**group, **more}, count, packages)


def describe_group(theme: str, language: str) -> Json:
    """A theme as a package names it."""
    code = find_codes("themes").get(theme)
    title = code.title(language) if code else theme
    return {
        "id": ids.identify_group(theme),
        "name": ids.name_group(theme),
        "title": title,
        "display_name": title,
        "description": "",
        "image_display_url": "",
    }


def describe_tag(name: str) -> Json:
    """A keyword as a tag."""
    return {
        "id": ids.identify_tag(name),
        "name": name,
        "display_name": name,
        "state": "active",
        "vocabulary_id": None,
    }


def list_licences() -> list[Json]:
    """The licences that datasets may have."""
    terms = [find_licence({"name": name}) for name in LICENSES]
    none = {"id": NO_LICENCE, "title": "License not specified", "url": "", "is_generic": True}
    return [_complete_licence(none, is_open=False)] + [
        _complete_licence(
            {"id": identify_licence(item), "title": item.title, "url": item.address}, is_open=item.is_open
        )
        for item in terms
    ]


def identify_licence(term: LicenceTerm | None) -> str:
    """The id of a licence at CKAN, or its own."""
    return (term.ckan or term.id if term else "") or NO_LICENCE


def choose(text: str, i18n: I18n, key: str, language: str) -> str:
    """A text in a language, else as it is first given."""
    return choose_text(list_texts(text, i18n, key, ""), language, "")


def name_download(file: PublicFile) -> str:
    """What a file is called at the end of its address."""
    return file.address.rpartition("/")[2]


def address_download(entry: CatalogueEntry, file: PublicFile, addresses: Addresses) -> str:
    """The address of a file in the newest version."""
    found = identify_file(entry, file)
    return addresses.at(f"/dataset/{quote(entry.uuid)}/resource/{found}/download/{name_download(file)}")


def identify_file(entry: CatalogueEntry, file: PublicFile) -> str:
    """The UUID of a file as a resource."""
    return ids.identify_resource(entry.uuid, file.resource.name, file.form)


def _complete(found: Json, count: int | None, packages: Sequence[Json] | None) -> Json:
    more: Json = {"num_followers": 0, "users": [], "groups": [], "tags": [], "extras": []}
    if count is not None:
        more["package_count"] = count
    if packages is not None:
        more["packages"] = list(packages)
    return {**found, **more}


def _complete_licence(found: Json, *, is_open: bool) -> Json:
    conforms = "approved" if is_open else "not reviewed"
    return {
        **found,
        "status": "active",
        "od_conformance": conforms,
        "osd_conformance": "not reviewed",
        "family": "",
        "domain_content": is_open,
        "domain_data": is_open,
        "domain_software": False,
        "is_okd_compliant": is_open,
        "is_generic": bool(found.get("is_generic")),
        "maintainer": "",
    }


def _describe_owner(agency: Agency, language: str) -> Json:
    return {
        "id": ids.identify_organization(agency.id),
        "name": agency.id,
        "title": choose(agency.title, agency.i18n, "title", language) or agency.id,
        "type": "organization",
        "description": choose(agency.description, agency.i18n, "description", language),
        "image_url": "",
        "created": ids.write_moment(agency.created),
        "is_organization": True,
        "approval_status": "approved",
        "state": "active",
    }


def _describe_resource(
    entry: CatalogueEntry, file: PublicFile, position: int, addresses: Addresses, language: str
) -> Json:
    resource = file.resource
    edition = entry.edition
    changed = edition.published if edition else entry.changed
    return {
        "id": identify_file(entry, file),
        "package_id": entry.uuid,
        "name": choose(resource.title, resource.i18n, "title", language) or resource.name,
        "description": choose(resource.description, resource.i18n, "description", language) if file.table else "",
        "format": file.kind.label or "BIN",
        "url": address_download(entry, file, addresses),
        "url_type": "upload",
        "mimetype": file.kind.media_type,
        "mimetype_inner": None,
        "size": file.bytes,
        "hash": file.sha256,
        "created": ids.write_moment(entry.issued or entry.created),
        "last_modified": ids.write_moment(changed),
        "metadata_modified": ids.write_moment(changed),
        "state": "active",
        "position": position,
        "resource_type": None,
        "cache_url": None,
        "cache_last_updated": None,
        "datastore_active": file.table is not None and file.form == "csv",
    }


def _describe_external(entry: CatalogueEntry, item: ExternalFile, position: int) -> Json:
    """What is at the portal that the dataset was harvested from: a link, without bytes of ours."""
    return {
        "id": ids.identify_external(entry.uuid, item.address),
        "package_id": entry.uuid,
        "name": item.title,
        "description": item.description,
        "format": item.label or "BIN",
        "url": item.address,
        "url_type": "",
        "mimetype": item.media_type or None,
        "mimetype_inner": None,
        "size": item.bytes,
        "hash": "",
        "created": ids.write_moment(entry.created),
        "last_modified": None,
        "metadata_modified": ids.write_moment(entry.modified),
        "state": "active",
        "position": position,
        "resource_type": None,
        "cache_url": None,
        "cache_last_updated": None,
        "datastore_active": False,
    }


def _find_licence(entry: CatalogueEntry) -> LicenceTerm | None:
    return next((find_licence(item) for item in entry.metadata.licenses), None)


def _list_authors(entry: CatalogueEntry) -> Iterator[str]:
    for item in entry.metadata.contributors:
        if _AUTHORS & {*(item.get("roles") or ()), item.get("role") or ""} and item.get("title"):
            yield str(item["title"])


def _find_contact(entry: CatalogueEntry) -> Mapping[str, str]:
    """The name and the mail address to ask at, where an address has what mail needs."""
    own = entry.metadata.further.get("contactPoint")
    found: Mapping[str, Any] = own if isinstance(own, Mapping) and own else entry.publisher.contact
    contact = {name: str(found.get(name) or "") for name in ("name", "email")}
    if "@" not in contact["email"]:
        contact["email"] = ""
    return contact


def _list_themes(entry: CatalogueEntry) -> Sequence[str]:
    found: Any = entry.metadata.further.get("themes") or ()
    return [str(item) for item in found]


def _list_extras(entry: CatalogueEntry, addresses: Addresses, language: str) -> Iterator[tuple[str, str]]:
    pairs = {
        "uri": addresses.dataset(entry.id),
        "identifier": entry.uuid,
        **_describe_coverage(entry, language),
        "language": json.dumps(languages) if (languages := _list_languages(entry)) else "",
        "publisher_uri": addresses.publisher(entry.publisher.id),
        "publisher_name": choose(entry.publisher.title, entry.publisher.i18n, "title", language),
        "issued": ids.write_moment(entry.issued) if entry.issued else "",
        "modified": ids.write_moment(entry.changed),
        "version_notes": entry.edition.notes if entry.edition else "",
        "homepage": entry.metadata.homepage,
        "source_version": entry.metadata.source_version,
        **_describe_access(entry),
    }
    return ((key, value) for key, value in pairs.items() if value)


def _describe_coverage(entry: CatalogueEntry, language: str) -> Mapping[str, str]:
    metadata = entry.metadata
    cycle = CYCLES.get(metadata.update_cycle)
    period = read_period(metadata.temporal) if metadata.temporal else None
    spatial: Any = metadata.further.get("spatial") or {}
    code = str(spatial.get("code") or "")
    name = str(spatial.get("name") or "")
    return {
        "frequency": cycle.interval if cycle else "",
        "temporal_start": period.start.isoformat() if period else "",
        "temporal_end": period.end.isoformat() if period else "",
        "spatial-text": (name_region(code, language) if code else "") or name,
        "spatial_code": code,
    }


def _describe_access(entry: CatalogueEntry) -> Mapping[str, str]:
    disclosure = entry.metadata.disclosure
    archived = entry.archived
    return {
        "access_rights": access_iri(disclosure),
        "disclosure": disclosure.attribute,
        "disclosure_scope": "" if disclosure.is_open else disclosure.scope,
        "disclosure_reason": disclosure.reason,
        "legal_basis": disclosure.legal_basis,
        "negative_list_ground": disclosure.ground,
        "archived": archived["since"] if archived else "",
        "archived_reason": archived["reason"] if archived else "",
        "successor": str(archived.get("successor") or "") if archived else "",
    }


def _list_languages(entry: CatalogueEntry) -> Sequence[str]:
    found: Any = entry.metadata.further.get("languages") or ()
    return [iri for item in found if (iri := language_iri(str(item)))]
