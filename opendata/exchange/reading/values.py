"""Values of foreign documents made ours: texts that may be anything, licences, cycles, formats, and whole datasets.

What a source says and we can't use is left out, if the dataset can do without it. Otherwise the dataset is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from opendata.domain.catalogue.external import ExternalKind, ExternalResource, is_web_address
from opendata.domain.harvest.items import HarvestedItem, Read, RefusedItem
from opendata.domain.texts import License
from opendata.errors import N_, InputError, InvalidMetadataError, UnreadableFileError
from opendata.exchange.core.terms import CYCLES, FILE_TYPES, LICENCE_TERMS
from opendata.metadata.dataset import MAX_TEXT, MAX_TITLE, read_metadata
from opendata.metadata.properties.reading import load_profile
from opendata.metadata.text import find_value_faults, is_text

MOST_RESOURCES = 500
"""At most so many addresses of a dataset are taken in."""

MOST_DATASETS = 200_000
"""At most so many datasets of a portal are taken in."""

MOST_VALUES = 4_000_000
"""So many members and elements a document may have: a few bytes of each are many in memory."""

_MOST_WORD = 100
_MOST_TEXT = 2000
_SUFFIX = re.compile(r"[a-z0-9][a-z0-9+-]{0,19}")
_MAP_FORMATS = frozenset(
    {"wms", "wfs", "wmts", "wcs", "ogc-wms", "ogc-wfs", "esri-rest", "arcgis-geoservices-rest-api"}
)
_API_FORMATS = frozenset(
    {"api", "rest", "json-api", "odata", "sparql", "graphql", "openapi", "soap", "ogcapi-features"}
)
_PAGE_FORMATS = frozenset({"html", "htm", "page", "webpage", "website"})


def read_json(data: bytes) -> Any:
    """A document of JSON. Raises `UnreadableFileError`."""
    require_few(data, b",", b"[", b"{")
    try:
        return json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise UnreadableFileError(N_("The source doesn't answer with JSON")) from None


def require_few(data: bytes, *marks: bytes) -> None:
    """Raises `UnreadableFileError` for a document with more of these marks together than one may have values."""
    if sum(map(data.count, marks)) > MOST_VALUES:
        raise UnreadableFileError(N_("The document of the source has more than %(count)s values"), count=MOST_VALUES)


def require_room(items: Sequence[Read]) -> None:
    """Raises `UnreadableFileError` for more datasets than a portal may have."""
    if len(items) > MOST_DATASETS:
        raise UnreadableFileError(N_("The source has more than %(count)s datasets"), count=MOST_DATASETS)


def text_of(value: object) -> str:
    """A text without spaces around it; empty for anything else, and for one that can't be kept."""
    if isinstance(value, str):
        return value.strip() if is_text(value) else ""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def list_of(value: object) -> Sequence[Any]:
    """A list; empty for anything else."""
    return value if isinstance(value, list) else ()


def object_of(value: object) -> Mapping[str, Any]:
    """An object; empty for anything else."""
    return value if isinstance(value, dict) else {}


def find_licence(*said: str) -> Sequence[License]:
    """A licence by the first of its ids, addresses or titles that says one; one that no list knows stays as it is."""
    words = [item for item in said if item]
    for word in words:
        plain = _fold_licence(word)
        for licence in LICENCE_TERMS.values():
            names = (licence.id, licence.ckan, licence.eu, licence.spdx, licence.address)
            if plain in {_fold_licence(name) for name in names if name}:
                return [{"name": licence.id}]
    path = next((word for word in words if is_web_address(word)), "")
    title = next((word for word in words if not is_web_address(word)), "")[:_MOST_WORD]
    if path:
        return [{"path": path, "title": title} if title else {"path": path}]
    return [{"name": title, "title": title}] if title else []


def find_cycle(said: str) -> str:
    """An update cycle by our code, the EU's term or code, or an interval of ISO 8601; empty where none is meant."""
    word = said.strip().rpartition("/")[2] if said.startswith("http") else said.strip()
    if word.lower() in CYCLES:
        return word.lower()
    return next((name for name, term in CYCLES.items() if word in (term.eu, term.interval) and word != "irregular"), "")


def make_resource(
    address: str,
    *,
    title: str = "",
    description: str = "",
    form: str = "",
    media_type: str = "",
    kind: ExternalKind | None = None,
    size: object = None,
) -> ExternalResource | None:
    """A resource by what is said of it; None where its address can't be opened in a browser."""
    if not is_web_address(address):
        return None
    found = _find_format(form, media_type, address)
    return ExternalResource(
        address=address,
        title=text_of(title)[:_MOST_TEXT],
        description=text_of(description)[:_MOST_TEXT],
        format=found,
        media_type=text_of(media_type)[:_MOST_WORD] if "/" in media_type else "",
        kind=kind or _find_kind(found),
        bytes=_find_size(size),
    )


def make_item(
    found: Mapping[str, Any],
    *,
    identifier: str,
    resources: Sequence[ExternalResource | None] = (),
    **details: str,
) -> Read:
    """A dataset of metadata under our names: what is wrong with what it could do without is left out.

    `details` are the further fields of `HarvestedItem`.
    """
    title = text_of(found.get("title"))[:_MOST_TEXT]
    if not identifier or len(identifier) > _MOST_TEXT or any(find_value_faults(identifier)):
        text = N_("The source gives this dataset no id")
        return RefusedItem(reason={"message": text, "params": {}}, title=title)
    addresses: dict[str, ExternalResource] = {}
    for item in resources:
        if item is not None and len(addresses) < MOST_RESOURCES:
            addresses.setdefault(item.address, item)
    try:
        metadata = read_metadata(_keep_sound(found))
    except InvalidMetadataError as error:
        reason = InputError.from_fault(error.faults[0]).describe()
        return RefusedItem(reason=reason, identifier=identifier, title=title)
    page = details.pop("page", "")
    return HarvestedItem(
        identifier=identifier,
        metadata=metadata,
        resources=tuple(addresses.values()),
        page=page if is_web_address(page) else "",
        **{name: text_of(text)[:_MOST_TEXT] for name, text in details.items()},
    )


def _keep_sound(found: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata without optional properties that have faults; texts that are too long are cut."""
    kept: dict[str, Any] = {
        "title": text_of(found.get("title"))[:MAX_TITLE],
        "description": text_of(found.get("description"))[:MAX_TEXT],
        "keywords": [word[:_MOST_WORD] for word in map(text_of, list_of(found.get("keywords"))) if word][:100],
    }
    kept = {name: value for name, value in kept.items() if not any(find_value_faults(value))}
    for item in load_profile().stated:
        value = found.get(item.name)
        if item.name == "licenses" and value:
            value = [_name_licence(licence) for licence in value]
        if item.name in kept or value in (None, "", [], {}):
            continue
        if item.name == "disclosure":
            kept[item.name] = value
            continue
        try:
            read_metadata({"title": "-", item.name: value})
        except InvalidMetadataError:
            continue
        kept[item.name] = value
    return kept


def _name_licence(found: License) -> License:
    """A licence of ours by its name alone, whichever way a document says it."""
    known = LICENCE_TERMS.get(str(found.get("name") or ""))
    return {"name": known.id} if known and found.get("path") == known.address else found


def _find_format(form: str, media_type: str, address: str) -> str:
    word = form.strip().lower().lstrip(".").replace(" ", "-")
    if "/" in word:  # some name a media type as the format, or a term of the EU's list
        media_type, word = (word, "") if not word.startswith("http") else ("", word.rpartition("/")[2])
    if _SUFFIX.fullmatch(word):
        return word
    for name, kind in FILE_TYPES.items():
        if media_type.partition(";")[0].strip().lower() == kind.media_type:
            return name
    suffix = urlsplit(address).path.rpartition(".")[2].lower()
    return suffix if suffix in FILE_TYPES else ""


def _find_kind(form: str) -> ExternalKind:
    if form in _MAP_FORMATS:
        return ExternalKind.MAP
    if form in _API_FORMATS:
        return ExternalKind.API
    return ExternalKind.PAGE if form in _PAGE_FORMATS else ExternalKind.FILE


def _find_size(said: object) -> int | None:
    if isinstance(said, str) and said.isascii() and said.isdigit():
        said = int(said[:18])
    return said if isinstance(said, int) and not isinstance(said, bool) and 0 <= said < 1 << 60 else None


def _fold_licence(text: str) -> str:
    return re.sub(r"^https?://(www\.)?", "", text.strip().lower()).rstrip("/").removesuffix("/legalcode").rstrip("/")
