"""A version of a dataset as a data contract (YAML).

The contract is about the version alone, whose rows never change: its number is that of the version. Source: Open Data
Contract Standard 3.2.0 (bitol-io).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from opendata.domain.catalogue.addresses import Addresses
from opendata.domain.catalogue.entries import CatalogueEntry, Portal
from opendata.domain.moments import format_time
from opendata.exchange.core.terms import access_level, find_licence
from opendata.exchange.core.texts import choose_text, list_texts, list_words
from opendata.exchange.odcs.tables import Json, describe_tables
from opendata.metadata.codes import UPDATE_CYCLES

STANDARD = "v3.2.0"
MEDIA_TYPE = "application/yaml"

_CYCLES: Mapping[str, tuple[object, str]] = {
    "realtime": ("continuous", ""),
    "daily": (1, "d"),
    "weekly": (7, "d"),
    "monthly": (1, "month"),
    "quarterly": (3, "month"),
    "semiannual": (6, "month"),
    "annual": (1, "y"),
    "irregular": ("irregular", ""),
    "never": ("never", ""),
}
"""Update cycle → every how many of which unit."""


def write_contract(entry: CatalogueEntry, addresses: Addresses, portal: Portal) -> bytes:
    """The contract of the version that an entry describes. The tables are those that anybody may have."""
    import yaml

    found = {key: value for key, value in _describe(entry, addresses, portal).items() if value not in ("", [], {})}
    text = yaml.safe_dump(_clean(found), allow_unicode=True, sort_keys=False, width=1000)
    return str(text).encode("utf-8", "replace")


def _describe(entry: CatalogueEntry, addresses: Addresses, portal: Portal) -> Json:
    metadata, language = entry.metadata, portal.language
    titles = list_texts(metadata.title, metadata.i18n, "title", language)
    words = list_words(metadata.keywords, metadata.i18n, "keywords", language)
    themes = metadata.further.get("themes")
    page = addresses.version(entry.id, entry.version) if entry.version else addresses.dataset(entry.id)
    manifest = entry.manifest
    return {
        "apiVersion": STANDARD,
        "kind": "DataContract",
        "id": f"urn:uuid:{entry.uuid}",
        "name": entry.id,
        "version": entry.version or "0.0.0",
        "status": _find_status(entry),
        "tenant": choose_text(portal.organiser, language),
        "domain": str(themes[0]) if isinstance(themes, list | tuple) and themes else "",
        "dataProduct": choose_text(titles, language) or entry.id,
        "description": _describe_purpose(entry, language),
        "tags": list(dict.fromkeys(word for items in words.values() for word in items)),
        "authoritativeDefinitions": [
            {"url": page, "type": "canonicalUrl"},
            *([{"url": addresses.manifest(entry.id, manifest.version), "type": "implementation"}] if manifest else []),
        ],
        "servers": _list_servers(entry, addresses),
        "schema": list(describe_tables(list(entry.list_tables()), language)),
        "support": list(_list_support(entry)),
        "team": {
            "name": choose_text(list_texts(entry.publisher.title, entry.publisher.i18n, "title", language), language)
            or entry.publisher.id
        },
        "slaProperties": list(_list_levels(entry, language)),
        "customProperties": list(_list_own(entry)),
        "contractCreatedTs": format_time(manifest.created) if manifest else "",
    }


def _find_status(entry: CatalogueEntry) -> str:
    if entry.archived is not None:
        return "deprecated"
    if entry.manifest is None:
        return "retired" if entry.editions else "proposed"
    return "active"


def _describe_purpose(entry: CatalogueEntry, language: str) -> Json:
    metadata = entry.metadata
    disclosure = metadata.disclosure
    limits = "" if entry.is_open else "\n".join(filter(None, (disclosure.reason, disclosure.legal_basis)))
    found = {
        "purpose": choose_text(list_texts(metadata.description, metadata.i18n, "description", language), language),
        "usage": str(metadata.further.get("openingCondition") or ""),
        "limitations": limits,
    }
    return {key: text for key, text in found.items() if text}


def _list_servers(entry: CatalogueEntry, addresses: Addresses) -> list[Json]:
    """Where the data is: the files of the version, where anybody may have some."""
    if entry.version is None or not any(True for _ in entry.list_tables()):
        return []
    place = addresses.version(entry.id, entry.version)
    return [
        {"server": "csv", "type": "custom", "environment": "prod", "location": place, "format": "csv"},
        {"server": "parquet", "type": "custom", "environment": "prod", "location": place, "format": "parquet"},
    ]


def _list_support(entry: CatalogueEntry) -> Iterator[Json]:
    found: Any = entry.metadata.further.get("contactPoint")
    contact: Mapping[str, Any] = found if isinstance(found, Mapping) and found else entry.publisher.contact
    name = str(contact.get("name") or entry.publisher.title)
    if contact.get("email"):
        yield {"channel": name, "tool": "email", "scope": "issues", "url": f"mailto:{contact['email']}"}
    if contact.get("telephone"):
        yield {"channel": name, "tool": "other", "scope": "interactive", "url": f"tel:{contact['telephone']}"}
    if contact.get("url"):
        yield {"channel": name, "tool": "other", "scope": "announcements", "url": str(contact["url"])}


def _list_levels(entry: CatalogueEntry, language: str) -> Iterator[Json]:
    cycle = entry.metadata.update_cycle
    if cycle in _CYCLES:
        value, unit = _CYCLES[cycle]
        told = UPDATE_CYCLES[cycle].title(language)
        yield {"property": "frequency", "value": value, **({"unit": unit} if unit else {}), "description": told}
    edition = entry.edition
    if edition is not None:
        yield {"property": "generalAvailability", "value": format_time(edition.published)}
    if entry.archived is not None:
        yield {"property": "endOfSupport", "value": str(entry.archived["since"])}


def _list_own(entry: CatalogueEntry) -> Iterator[Json]:
    yield {"property": "accessLevel", "value": access_level(entry.metadata.disclosure)}
    for item in entry.metadata.licenses:
        licence = find_licence(item)
        if licence.address or licence.id:
            yield {"property": "licence", "value": licence.address or licence.id}
    edition = entry.edition
    if edition is not None and edition.manifest_sha256:
        yield {"property": "manifest", "value": f"sha256:{edition.manifest_sha256}"}


def _clean(value: Any) -> Any:
    """The value with lone halves of pairs replaced: UTF-8 can't write them."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, Mapping):
        return {_clean(key): _clean(item) for key, item in value.items()}
    return [_clean(item) for item in value] if isinstance(value, list | tuple) else value
