"""The check of what somebody sends as the metadata of a dataset.

Source: Data Package v2 properties of a package; disclosure attribute after the Regulations on Open Government
Information (Decree 711).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from opendata.domain.disclosure import CLOSED, OPEN, PUBLIC, Disclosure
from opendata.domain.meaning.periods import read_period
from opendata.domain.metadata import DatasetMetadata
from opendata.errors import N_, Fault, InvalidMetadataError, fault
from opendata.metadata.codes import DISCLOSURES, SCOPES, UPDATE_CYCLES
from opendata.metadata.text import find_value_faults

MAX_TITLE = 300
MAX_TEXT = 20_000
MAX_ITEMS = 100
_ITEM_TEXTS = frozenset({"name", "title", "path", "email", "version", "organization", "role"})


def read_metadata(found: Mapping[str, Any]) -> DatasetMetadata:
    """Check what was sent and make the value of it.

    Raises `InvalidMetadataError` with a fault per property that is wrong.
    """
    faults = list(find_value_faults(found)) or list(_find_faults(found))
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
        ),
        licenses=tuple(found.get("licenses") or ()),
        keywords=tuple(dict.fromkeys(word.strip() for word in found.get("keywords") or () if word.strip())),
        sources=tuple(found.get("sources") or ()),
        contributors=tuple(found.get("contributors") or ()),
        homepage=found.get("homepage") or "",
        update_cycle=found.get("updateCycle") or "",
        source_version=found.get("sourceVersion") or "",
        temporal=found.get("temporal") or "",
    )


def _find_faults(found: Mapping[str, Any]) -> Iterable[Fault]:
    yield from _find_text_faults(found)
    title = found.get("title")
    if isinstance(title, str) and not title.strip():
        yield fault("/title", N_("Enter a title"))
    yield from _find_i18n_faults(found.get("i18n") or {})
    yield from _find_disclosure_faults(found.get("disclosure") or {})
    cycle = found.get("updateCycle")
    if cycle and isinstance(cycle, str) and cycle not in UPDATE_CYCLES:
        yield fault(
            "/updateCycle", N_("“%(value)s” isn't one of %(choices)s"), value=cycle, choices=", ".join(UPDATE_CYCLES)
        )
    keywords = found.get("keywords") or []
    if not isinstance(keywords, list | tuple) or not all(
        isinstance(word, str) and len(word) <= 100 for word in keywords
    ):
        yield fault("/keywords", N_("Keywords must be a list of short words or phrases"))
    for key in ("licenses", "sources", "contributors"):
        yield from _find_item_faults(key, found.get(key) or [])


def _find_text_faults(found: Mapping[str, Any]) -> Iterable[Fault]:
    limits = {"title": MAX_TITLE, "description": MAX_TEXT, "homepage": 1000, "updateCycle": 20, "sourceVersion": 100}
    limits["temporal"] = 50
    for key, limit in limits.items():
        value = found.get(key)
        if value is None:
            if key == "title":
                yield fault("/title", N_("Enter a title"))
        elif not isinstance(value, str):
            yield fault(f"/{key}", N_("This must be text"))
        elif len(value) > limit:
            yield fault(f"/{key}", N_("At most %(limit)s characters are allowed"), limit=limit)
        elif key == "homepage" and value and not is_web_address(value):
            yield fault("/homepage", N_("“%(value)s” isn't a web address (http or https)"), value=value[:200])
        elif key == "temporal" and value and read_period(value) is None:
            yield refuse_period("/temporal", value)


def refuse_period(pointer: str, value: str) -> Fault:
    """The fault of a text that isn't a period."""
    text = N_(
        "“%(value)s” isn't a period. Write a year (2026), half-year (2026-H1), quarter (2026-Q3), month (2026-10), week"
        " (2026-W40) or day (2026-10-31), or two of them with “/” between (2026-01/2026-10)"
    )
    return fault(pointer, text, value=value[:60])


def _find_i18n_faults(i18n: object) -> Iterable[Fault]:
    if not isinstance(i18n, Mapping):
        yield fault("/i18n", N_("“i18n” must be an object with a language code for each translation"))
        return
    for language, texts in i18n.items():
        if not isinstance(texts, Mapping) or not all(_is_translation(text) for text in texts.values()):
            yield fault(
                f"/i18n/{language}", N_("A translation must be an object with text such as “title” and “description”")
            )


def _is_translation(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, list | tuple) and all(isinstance(text, str) for text in value))


def _find_disclosure_faults(disclosure: object) -> Iterable[Fault]:
    if not isinstance(disclosure, Mapping) or not all(isinstance(value, str | None) for value in disclosure.values()):
        yield fault("/disclosure", N_("“disclosure” must be an object with “attribute”, “reason” and “legalBasis”"))
        return
    attribute = disclosure.get("attribute") or "open"
    if attribute not in DISCLOSURES:
        yield fault(
            "/disclosure/attribute",
            N_("“%(value)s” isn't one of %(choices)s"),
            value=attribute,
            choices=", ".join(DISCLOSURES),
        )
    elif attribute != OPEN:
        for key in ("reason", "legalBasis"):
            if not (disclosure.get(key) or "").strip():
                yield fault(f"/disclosure/{key}", N_("Data that isn't open needs a reason and a legal basis"))
    yield from _find_scope_faults(disclosure, attribute)


def _find_scope_faults(disclosure: Mapping[str, str | None], attribute: str) -> Iterable[Fault]:
    scope = disclosure.get("scope") or PUBLIC
    if scope not in SCOPES:
        yield fault(
            "/disclosure/scope", N_("“%(value)s” isn't one of %(choices)s"), value=scope, choices=", ".join(SCOPES)
        )
    elif scope != PUBLIC and attribute == CLOSED:
        yield fault("/disclosure/scope", N_("Data that isn't disclosed has no scope. Leave it at “public”"))
    elif scope != PUBLIC and not (disclosure.get("audience") or "").strip():
        yield fault("/disclosure/audience", N_("Say which area or group the data is for"))


def _find_item_faults(key: str, items: object) -> Iterable[Fault]:
    if not isinstance(items, list | tuple) or len(items) > MAX_ITEMS:
        yield fault(f"/{key}", N_("This must be a list of objects"))
        return
    for number, item in enumerate(items):
        place = f"/{key}/{number}"
        if not isinstance(item, Mapping):
            yield fault(place, N_("Each item must be an object"))
            continue
        for name in _ITEM_TEXTS & item.keys():
            if not isinstance(item[name], str):
                yield fault(f"{place}/{name}", N_("This must be text"))
        path = item.get("path")
        if path and isinstance(path, str) and not is_web_address(path):
            yield fault(f"{place}/path", N_("“%(value)s” isn't a web address (http or https)"), value=path[:200])
        if key == "licenses" and not (item.get("name") or path):
            yield fault(place, N_("A licence needs a “name” or a “path”"))


def is_web_address(text: str) -> bool:
    """Whether a text is an absolute http or https address."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)
