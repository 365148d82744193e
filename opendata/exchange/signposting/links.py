"""The links of the page of a dataset or version: as a `Link` header (level 1) and as a link set (level 2).

Source: signposting.org (FAIR profile), RFC 8288 (`Link`), RFC 8574 (`cite-as`), RFC 9264 (link sets).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from opendata.domain.catalogue.addresses import Addresses
from opendata.domain.catalogue.entries import CatalogueEntry
from opendata.exchange.core.files import PublicFile, list_files
from opendata.exchange.core.terms import find_licence
from opendata.metadata.text import is_web_address

LINKSET = "application/linkset+json"
MOST_BYTES = 3500
"""Bytes of the header: servers in between take 4 or 8 KB of all headers together."""

_HTML, _JSON, _JSON_LD = "text/html", "application/json", "application/ld+json"
_TYPES = ("https://schema.org/AboutPage", "https://schema.org/Dataset")
_URL_SAFE = "/:@!$&'()*+,=~?#[]%"


@dataclass(frozen=True, slots=True)
class Signpost:
    """A link from the page: its relation, its address, and the media type of what is there, if that is fixed."""

    rel: str
    address: str
    media_type: str = ""
    profile: str = ""


def list_signposts(entry: CatalogueEntry, addresses: Addresses, *, is_version: bool = False) -> Iterator[Signpost]:
    """The links of the page of a dataset, or of the version that is described; its files are last."""
    dataset, version = addresses.dataset(entry.id), entry.version
    page = find_page(entry, addresses, is_version=is_version)
    yield Signpost("cite-as", page)
    for kind in _TYPES:
        yield Signpost("type", kind)
    yield Signpost("author", addresses.publisher(entry.publisher.id), _HTML)
    for licence in entry.metadata.licenses:
        address = find_licence(licence).address
        if is_web_address(address):
            yield Signpost("license", quote(address, safe=_URL_SAFE))
    yield from (Signpost("describedby", f"{dataset}{suffix}", kind) for suffix, kind in _OF_DATASET)
    if version is not None:
        for name, kind, profile in _OF_VERSION:
            yield Signpost("describedby", addresses.file(entry.id, version, name), kind, profile)
    yield Signpost("collection", dataset if is_version else addresses.catalogue, _HTML)
    yield Signpost("linkset", find_linkset(entry, addresses, is_version=is_version), LINKSET)
    for file in list_files(entry, addresses):
        yield Signpost("item", file.address, file.kind.media_type)


def find_page(entry: CatalogueEntry, addresses: Addresses, *, is_version: bool) -> str:
    """The page that the links start from."""
    return addresses.version(entry.id, entry.version or "") if is_version else addresses.dataset(entry.id)


def find_linkset(entry: CatalogueEntry, addresses: Addresses, *, is_version: bool) -> str:
    """Where the link set of a page is."""
    page = find_page(entry, addresses, is_version=is_version)
    return f"{page}index.linkset.json" if is_version else f"{page}.linkset.json"


def write_header(signposts: Iterable[Signpost]) -> str:
    """The links as the value of a `Link` header.

    The files are in it if all of them fit, else none is: the link set has them. Licences that don't fit are left out.
    """
    found = list(signposts)
    kept = [_write(item) for item in found if item.rel not in ("item", "license")]
    for rel in ("license", "item"):
        more = [_write(item) for item in found if item.rel == rel]
        if len(", ".join([*kept, *more])) <= MOST_BYTES:
            kept += more
    return ", ".join(kept)


def write_linkset(entry: CatalogueEntry, addresses: Addresses, *, is_version: bool = False) -> bytes:
    """All links as a link set: those of the page, those back from each file, and those back from each description."""
    page = find_page(entry, addresses, is_version=is_version)
    own = [item for item in list_signposts(entry, addresses, is_version=is_version) if item.rel != "linkset"]
    back = {"href": page, "type": _HTML}
    contexts: list[Mapping[str, object]] = [{"anchor": page, **_group(own)}]
    contexts += [_describe_file(file, entry, addresses, back) for file in list_files(entry, addresses)]
    contexts += [{"anchor": item.address, "describes": [back]} for item in own if item.rel == "describedby"]
    return json.dumps({"linkset": contexts}, ensure_ascii=False, indent=1).encode()


def _describe_file(
    file: PublicFile, entry: CatalogueEntry, addresses: Addresses, back: Mapping[str, str]
) -> Mapping[str, object]:
    found: dict[str, object] = {"anchor": file.address, "collection": [back]}
    if file.table is not None:
        schema = addresses.file(entry.id, str(entry.version), f"{file.table.name}.schema.json")
        found["describedby"] = [{"href": schema, "type": _JSON}]
    return found


def _group(signposts: Sequence[Signpost]) -> Mapping[str, list[Mapping[str, str]]]:
    groups: dict[str, list[Mapping[str, str]]] = {}
    for item in signposts:
        pairs = {"href": item.address, "type": item.media_type, "profile": item.profile}
        groups.setdefault(item.rel, []).append({key: value for key, value in pairs.items() if value})
    return groups


def _write(item: Signpost) -> str:
    kind = f'; type="{item.media_type}"' if item.media_type else ""
    profile = f'; profile="{item.profile}"' if item.profile else ""
    return f'<{item.address}>; rel="{item.rel}"{kind}{profile}'


_OF_DATASET = (
    (".ttl", "text/turtle"),
    (".jsonld", _JSON_LD),
)
"""What describes a dataset, whatever its version: DCAT."""

_OF_VERSION = (
    ("datapackage.json", _JSON, "https://datapackage.org/profiles/2.0/datapackage.json"),
    ("croissant.json", _JSON_LD, "http://mlcommons.org/croissant/1.1"),
    ("citation.bib", "application/x-bibtex", ""),
)
"""What describes a version: manifest, Croissant, how to cite it."""
