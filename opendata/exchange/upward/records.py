"""An entry as it is sent to another portal of this program, and to platforms that take the guide's metadata.

The first has what that portal would read here itself: the description, and the files of the newest version.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import tzinfo
from typing import Any

from opendata.domain.catalogue.addresses import Addresses
from opendata.domain.catalogue.entries import CatalogueEntry
from opendata.domain.moments import format_time
from opendata.domain.resources import TableResource
from opendata.exchange.gb.elements import describe_core

Json = dict[str, Any]


def describe_record(entry: CatalogueEntry, addresses: Addresses) -> Json:
    """An entry for another portal of this program."""
    publisher = {"id": entry.publisher.id, "title": entry.publisher.title, "code": entry.publisher.code}
    found: Json = {
        "home": addresses.base,
        "dataset": {
            **entry.metadata.to_json(),
            "id": entry.id,
            "uuid": entry.uuid,
            "publisher": {name: value for name, value in publisher.items() if value},
            "modified": format_time(entry.modified),
        },
    }
    if entry.version:
        found["manifest"] = {"version": entry.version, "resources": list(_list_files(entry))}
    if entry.origin:
        found["dataset"]["origin"] = {"resources": [item.to_json() for item in entry.external]}
    return found


def describe_guide_record(entry: CatalogueEntry, addresses: Addresses, zone: tzinfo, default: str) -> Json:
    """An entry as the national guide has it, with all that we say of it beside."""
    return {
        "id": entry.uuid,
        "gb": describe_core(entry, addresses, zone, default),
        "entry": describe_record(entry, addresses),
    }


def write_record(found: Mapping[str, Any]) -> bytes:
    """The bytes that are sent: the same for the same record."""
    return json.dumps(found, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8", "replace")


def digest_record(body: bytes) -> str:
    """The digest by which both sides know whether they have the same."""
    return hashlib.sha256(body).hexdigest()


def _list_files(entry: CatalogueEntry) -> Iterator[Json]:
    for item in entry.list_public():
        said = item.to_json()
        found = {name: said[name] for name in ("name", "title", "path", "format", "bytes") if said.get(name)}
        if isinstance(item, TableResource):
            parquet = (said.get("opendata") or {}).get("parquet") or {}
            found["opendata"] = {"parquet": {name: parquet[name] for name in ("path", "bytes") if name in parquet}}
        yield found
