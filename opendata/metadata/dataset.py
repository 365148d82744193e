"""The check of what somebody sends as the metadata of a dataset, property by property as the profile has them.

Source: Data Package v2 properties of a package; disclosure attribute after the Regulations on Open Government
Information (Decree 711).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from opendata.domain.disclosure import CLOSED, OPEN, PUBLIC, Disclosure
from opendata.domain.grounds.entries import LONGEST_ID
from opendata.domain.metadata import DatasetMetadata
from opendata.errors import N_, Fault, InvalidMetadataError, Listed, fault
from opendata.metadata.codes import DISCLOSURES, SCOPES
from opendata.metadata.properties.reading import REQUIRED, Profile, Property, load_profile
from opendata.metadata.properties.values import MAX_ITEMS, find_faults, read_further
from opendata.metadata.text import find_value_faults, is_web_address

MAX_TITLE = load_profile().properties["title"].limit
MAX_TEXT = load_profile().properties["description"].limit
_ITEM_TEXTS = frozenset({"name", "title", "path", "email", "version", "organization", "role"})


def read_stored(found: Mapping[str, Any]) -> DatasetMetadata:
    """The value of metadata that is stored: what was read once is known by its text, and not checked again."""
    return _read_text(json.dumps(found, ensure_ascii=False))


@lru_cache(maxsize=4096)
def _read_text(text: str) -> DatasetMetadata:
    return read_metadata(json.loads(text))


def read_metadata(found: Mapping[str, Any], profile: Profile | None = None) -> DatasetMetadata:
    """Check what was sent and make the value of it.

    Raises `InvalidMetadataError` with a fault per property that is wrong.
    """
    profile = profile or load_profile()
    faults = list(find_value_faults(found)) or list(_find_faults(profile, found))
    if faults:
        raise InvalidMetadataError(faults=faults)
    given = found.get("disclosure") or {}
    return DatasetMetadata(
        title=found["title"].strip(),
        description=(found.get("description") or "").strip(),
        i18n={key: dict(value) for key, value in (found.get("i18n") or {}).items() if value},
        disclosure=Disclosure(
            attribute=given.get("attribute") or OPEN,
            scope=given.get("scope") or PUBLIC,
            audience=(given.get("audience") or "").strip(),
            reason=(given.get("reason") or "").strip(),
            legal_basis=(given.get("legalBasis") or "").strip(),
            ground="" if (given.get("attribute") or OPEN) == OPEN else (given.get("ground") or "").strip(),
        ),
        licenses=tuple(found.get("licenses") or ()),
        keywords=tuple(dict.fromkeys(word.strip() for word in found.get("keywords") or () if word.strip())),
        sources=tuple(found.get("sources") or ()),
        contributors=tuple(found.get("contributors") or ()),
        homepage=found.get("homepage") or "",
        update_cycle=found.get("updateCycle") or "",
        source_version=found.get("sourceVersion") or "",
        temporal=found.get("temporal") or "",
        further=read_further(profile, found),
    )


def _find_faults(profile: Profile, found: Mapping[str, Any]) -> Iterator[Fault]:
    attribute = _find_attribute(found.get("disclosure"))
    for item in profile.stated:
        value = found.get(item.name)
        if item.obligation.get(attribute) == REQUIRED and _says_nothing(item, value):
            yield fault(f"/{item.name}", _MISSING.get(item.name, N_("This property is required")))
        elif item.type in _CHECKS:
            yield from _CHECKS[item.type](item.name, [] if value is None else value)
        else:
            yield from find_faults(item, value, f"/{item.name}")


def _find_attribute(disclosure: object) -> str:
    """The disclosure attribute that was sent; open where what was sent has none that is known."""
    found = disclosure.get("attribute") if isinstance(disclosure, Mapping) else None
    return found if isinstance(found, str) and found in DISCLOSURES else OPEN


def _says_nothing(item: Property, value: object) -> bool:
    if item.type == "disclosure":  # without one, data is open
        return False
    return not value if not isinstance(value, str) else not value.strip()


def _find_words_faults(name: str, words: object) -> Iterator[Fault]:
    words = words or []
    if not isinstance(words, list | tuple) or not all(isinstance(word, str) and len(word) <= 100 for word in words):
        yield fault(f"/{name}", N_("Keywords must be a list of short words or phrases"))


def _find_i18n_faults(name: str, i18n: object) -> Iterator[Fault]:
    i18n = i18n or {}
    if not isinstance(i18n, Mapping):
        yield fault(f"/{name}", N_("“i18n” must be an object with a language code for each translation"))
        return
    for language, texts in i18n.items():
        if not isinstance(texts, Mapping) or not all(_is_translation(text) for text in texts.values()):
            yield fault(
                f"/{name}/{language}", N_("A translation must be an object with text such as “title” and “description”")
            )


def _is_translation(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, list | tuple) and all(isinstance(text, str) for text in value))


def _find_disclosure_faults(name: str, disclosure: object) -> Iterator[Fault]:
    disclosure = disclosure or {}
    if not isinstance(disclosure, Mapping) or not all(isinstance(value, str | None) for value in disclosure.values()):
        yield fault(f"/{name}", N_("“disclosure” must be an object with “attribute”, “reason” and “legalBasis”"))
        return
    attribute = disclosure.get("attribute") or "open"
    if attribute not in DISCLOSURES:
        yield fault(
            f"/{name}/attribute",
            N_("“%(value)s” isn't one of %(choices)s"),
            value=attribute,
            choices=Listed(DISCLOSURES),
        )
    elif attribute != OPEN:
        for key in ("reason", "legalBasis"):
            if not (disclosure.get(key) or "").strip():
                yield fault(f"/{name}/{key}", N_("Data that isn't open needs a reason and a legal basis"))
    if len(disclosure.get("ground") or "") > LONGEST_ID:
        yield fault(f"/{name}/ground", N_("At most %(limit)s characters are allowed"), limit=LONGEST_ID)
    yield from _find_scope_faults(disclosure, attribute)


def _find_scope_faults(disclosure: Mapping[str, str | None], attribute: str) -> Iterator[Fault]:
    scope = disclosure.get("scope") or PUBLIC
    if scope not in SCOPES:
        yield fault(
            "/disclosure/scope", N_("“%(value)s” isn't one of %(choices)s"), value=scope, choices=Listed(SCOPES)
        )
    elif scope != PUBLIC and attribute == CLOSED:
        yield fault("/disclosure/scope", N_("Data that isn't disclosed has no scope. Leave it at “public”"))
    elif scope != PUBLIC and not (disclosure.get("audience") or "").strip():
        yield fault("/disclosure/audience", N_("Say which area or group the data is for"))


def _find_item_faults(name: str, items: object) -> Iterator[Fault]:
    items = items or []
    if not isinstance(items, list | tuple) or len(items) > MAX_ITEMS:
        yield fault(f"/{name}", N_("This must be a list of objects"))
        return
    for number, item in enumerate(items):
        place = f"/{name}/{number}"
        if not isinstance(item, Mapping):
            yield fault(place, N_("Each item must be an object"))
            continue
        for key in _ITEM_TEXTS & item.keys():
            if not isinstance(item[key], str):
                yield fault(f"{place}/{key}", N_("This must be text"))
        path = item.get("path")
        if path and isinstance(path, str) and not is_web_address(path):
            yield fault(f"{place}/path", N_("“%(value)s” isn't a web address (http or https)"), value=path[:200])
        if name == "licenses" and not (item.get("name") or path):
            yield fault(place, N_("A licence needs a “name” or a “path”"))


_MISSING: Mapping[str, str] = {"title": N_("Enter a title")}
"""What is said where a required property is missing."""

_CHECKS: Mapping[str, Callable[[str, object], Iterator[Fault]]] = {
    "translations": _find_i18n_faults,
    "words": _find_words_faults,
    "disclosure": _find_disclosure_faults,
    **dict.fromkeys(("licenses", "sources", "contributors"), _find_item_faults),
}
"""The types of properties with rules of their own; all others are in `properties.values`."""
