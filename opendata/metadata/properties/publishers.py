"""The check of what somebody says of a publisher, by a profile of its own in the form of that of datasets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from opendata.domain.offices.codes import clean_code
from opendata.errors import N_, Fault, InvalidMetadataError, fault
from opendata.metadata.properties.code_lists import find_codes
from opendata.metadata.properties.reading import Profile, read_profile
from opendata.metadata.properties.values import clean_value, find_faults
from opendata.metadata.text import find_value_faults

FILE = Path(__file__).with_name("publisher.json")

TRANSLATED = ("title", "shortTitle", "description")
"""The texts that can be given in other languages too, in `i18n`."""

OWN = frozenset({"contactPoint", "responsible", "officer"})
"""What a publisher keeps of itself. All else is for maintainers."""

DEFAULT_KIND = "department"

PUBLISHER_KINDS = find_codes("publisher-kinds")

Values = dict[str, Any]


@cache
def load_publisher_profile() -> Profile:
    """The properties of publishers, in the order of their form."""
    return read_profile(json.loads(FILE.read_text(encoding="utf-8")))


def read_publisher(found: Mapping[str, Any]) -> Values:
    """The properties as they are kept: `title`, `i18n` and `kind` always, others where they say something.

    Raises `InvalidMetadataError` with a fault for each property that is wrong.
    """
    faults = list(find_value_faults(found)) or list(_find_faults(found))
    if faults:
        raise InvalidMetadataError(faults=faults)
    properties = load_publisher_profile().properties
    values = {name: clean_value(item, found.get(name)) for name, item in properties.items()}
    if values["code"]:
        values["code"] = clean_code(values["code"])
    i18n = {language: _clean_texts(texts) for language, texts in (found.get("i18n") or {}).items() if texts}
    said = {name: value for name, value in values.items() if value is not None}
    return {"kind": DEFAULT_KIND, **said, "i18n": {language: texts for language, texts in i18n.items() if texts}}


def _find_faults(found: Mapping[str, Any]) -> Iterator[Fault]:
    if not str(found.get("title") or "").strip():
        yield fault("/title", N_("Enter the name of the publisher"))
    properties = load_publisher_profile().properties
    for name, item in properties.items():
        yield from find_faults(item, found.get(name), f"/{name}")
    i18n = found.get("i18n") or {}
    if not isinstance(i18n, Mapping):
        yield fault("/i18n", N_("“i18n” must be an object with a language code for each translation"))
        return
    for language, texts in i18n.items():
        if not isinstance(texts, Mapping | None):
            text = N_("A translation must be an object with text such as “title” and “description”")
            yield fault(f"/i18n/{language}", text)
            continue
        for name, value in (texts or {}).items():
            if name in TRANSLATED:
                yield from find_faults(properties[name], value, f"/i18n/{language}/{name}")
            elif not isinstance(value, str):
                yield fault(f"/i18n/{language}/{name}", N_("This must be text"))


def _clean_texts(texts: Mapping[str, str]) -> dict[str, str]:
    return {name: value.strip() for name, value in texts.items() if value and value.strip()}
