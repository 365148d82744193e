"""The metadata of a dataset as a form: from the dataset to fields, from fields to the document services check.

Nothing typed is lost: what a form sent is what it shows again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from opendata.errors import Fault
from opendata.metadata.codes import LICENSES
from opendata.metadata.properties.reading import load_profile
from opendata.problems import choose_voice
from opendata.services.core.values import DatasetView
from opendata.web.core.languages import list_languages
from opendata.web.properties.fields import find_field, read_further, show_further

Values = dict[str, str]
Errors = dict[str, list[str]]

KEEP_LICENCE = "keep"
OWN_AGREEMENT = "other"
"""The `name` of a licence that nobody else has."""

SPARE_SOURCES = 2
MAX_SOURCES = 50
_SEPARATORS = re.compile(r"[,，、;；\n]")
_FIELDS: Mapping[str, str] = {
    "/id": "id",
    "/publisher": "publisher",
    "/homepage": "homepage",
    "/updateCycle": "update_cycle",
    "/sourceVersion": "source_version",
    "/temporal": "temporal",
    "/disclosure": "disclosure",
    "/disclosure/attribute": "disclosure",
    "/disclosure/scope": "scope",
    "/disclosure/audience": "audience",
    "/disclosure/reason": "reason",
    "/disclosure/legalBasis": "legal_basis",
    "/disclosure/ground": "ground",
    "/withdraws": "withdraws",
    "/licenses": "license",
    "/licenses/0": "license",
    "/licenses/0/path": "license_path",
    "/licenses/1/path": "license_path",
}
FIELD_NAMES: Mapping[str, str] = {
    "homepage": "homepage",
    "temporal": "temporal",
    "updateCycle": "update_cycle",
    "sourceVersion": "source_version",
}
"""The properties with a plain field whose name isn't their own."""


def show_dataset(dataset: DatasetView) -> Values:
    """The fields of a dataset as it is."""
    default, *others = list_languages()
    values: Values = {
        f"title_{default}": dataset.title,
        f"description_{default}": dataset.description,
        f"keywords_{default}": "，".join(dataset.keywords),
        **_show_licences(dataset),
        "update_cycle": dataset.update_cycle,
        "disclosure": dataset.disclosure.attribute,
        "scope": dataset.disclosure.scope,
        "audience": dataset.disclosure.audience,
        "reason": dataset.disclosure.reason,
        "legal_basis": dataset.disclosure.legal_basis,
        "ground": dataset.disclosure.ground,
        "homepage": dataset.homepage,
        "source_version": dataset.source_version,
        "temporal": dataset.temporal,
        "revision": str(dataset.revision),
    }
    for language in others:
        texts = dataset.i18n.get(language, {})
        values[f"title_{language}"] = str(texts.get("title", ""))
        values[f"description_{language}"] = str(texts.get("description", ""))
        values[f"keywords_{language}"] = ", ".join(texts.get("keywords", ()))
    values |= show_further(load_profile(), dataset.further)
    for number, source in enumerate(dataset.sources):
        values[f"source_title_{number}"] = str(source.get("title", ""))
        values[f"source_path_{number}"] = str(source.get("path", ""))
    return values


def count_sources(values: Mapping[str, str]) -> int:
    """How many rows of sources the form shows: those filled and a few spare ones."""
    filled = [number for number in range(MAX_SOURCES) if _source(values, number)]
    return min(MAX_SOURCES, (max(filled) + 1 if filled else 0) + SPARE_SOURCES)


def read_document(values: Mapping[str, str], before: DatasetView | None = None) -> dict[str, Any]:
    """The document services check. What the form has no field for stays as it is `before`."""
    default, *others = list_languages()
    i18n: dict[str, dict[str, Any]] = {key: dict(texts) for key, texts in (before.i18n if before else {}).items()}
    for language in others:
        texts = i18n.setdefault(language, {})
        texts["title"] = values.get(f"title_{language}", "").strip()
        texts["description"] = _text(values, f"description_{language}")
        texts["keywords"] = split_words(values.get(f"keywords_{language}", ""))
        i18n[language] = {key: text for key, text in texts.items() if text}
    found: dict[str, Any] = {
        "title": values.get(f"title_{default}", ""),
        "description": _text(values, f"description_{default}"),
        "keywords": split_words(values.get(f"keywords_{default}", "")),
        "i18n": {key: texts for key, texts in i18n.items() if texts},
        "licenses": _read_licences(values, before, default),
        "updateCycle": values.get("update_cycle", ""),
        "disclosure": _read_disclosure(values),
        "sources": [source for number in range(MAX_SOURCES) if (source := _source(values, number))],
        "homepage": values.get("homepage", "").strip(),
        "sourceVersion": values.get("source_version", "").strip(),
        "temporal": values.get("temporal", "").strip(),
        **read_further(load_profile(), values),
    }
    if before is None:
        found["publisher"] = values.get("publisher") or None
        if values.get("id", "").strip():
            found["id"] = values["id"].strip()
    return found


def list_words(values: Mapping[str, str], language: str) -> list[str]:
    """The title and the keywords of a form in a language."""
    return [values.get(f"title_{language}", ""), *split_words(values.get(f"keywords_{language}", ""))]


def place_faults(faults: Sequence[Fault], values: Mapping[str, str]) -> Errors:
    """Each fault beside its field; under the empty name what belongs to no field on the form."""
    default = list_languages()[0]
    rows = [number for number in range(MAX_SOURCES) if _source(values, number)]
    errors: Errors = {}
    for item in faults:
        name = _FIELDS.get(item.pointer) or find_field(load_profile(), item.pointer)
        simple = item.pointer.removeprefix("/")
        if simple in ("title", "description", "keywords"):
            name = f"{simple}_{default}"
        source = re.fullmatch(r"/sources/(\d+)/path", item.pointer)
        if source and int(source[1]) < len(rows):
            name = f"source_path_{rows[int(source[1])]}"
        errors.setdefault(name, []).append(choose_voice().say_fault(item))
    return errors


def split_words(text: str) -> list[str]:
    """Keywords, however they are separated."""
    return [word.strip() for word in _SEPARATORS.split(text) if word.strip()]


def _read_disclosure(values: Mapping[str, str]) -> dict[str, str]:
    attribute = values.get("disclosure", "open")
    found = {
        "attribute": attribute,
        "scope": values.get("scope", "public"),
        "audience": values.get("audience", "").strip(),
        "reason": values.get("reason", "").strip(),
        "legalBasis": values.get("legal_basis", "").strip(),
        "ground": values.get("ground", "").strip(),
    }
    return _leave_out_empty(found)


def _read_licences(values: Mapping[str, str], before: DatasetView | None, language: str) -> list[dict[str, Any]]:
    """The licence that is chosen, and after it the agreement that is named, if one is."""
    chosen = values.get("license", "")
    found: list[dict[str, Any]] = []
    if chosen == KEEP_LICENCE and before is not None:
        found = [dict(item) for item in before.licenses]
    elif chosen in LICENSES:
        code = LICENSES[chosen]
        found = [_leave_out_empty({"name": code.id, "path": code.path, "title": code.title(language)})]
    own = _leave_out_empty({key: values.get(f"license_{key}", "").strip() for key in ("path", "title")})
    if own and "path" not in own:
        own = {"name": OWN_AGREEMENT, **own}  # the standard asks for one of the two
    return [*found, own] if own else found


def _show_licences(dataset: DatasetView) -> Values:
    """The fields of the licences; where they say more than those can hold, the licences are kept as they are."""
    known = [item for item in dataset.licenses if item.get("name") in LICENSES]
    own = [item for item in dataset.licenses if item.get("name", OWN_AGREEMENT) == OWN_AGREEMENT]
    if len(known) > 1 or len(own) > 1 or [*known, *own] != list(dataset.licenses):
        return {"license": KEEP_LICENCE}
    values = {f"license_{key}": str(item.get(key, "")) for item in own for key in ("path", "title")}
    return {"license": known[0]["name"] if known else "", **values}


def _source(values: Mapping[str, str], number: int) -> dict[str, str]:
    return _leave_out_empty({key: values.get(f"source_{key}_{number}", "").strip() for key in ("title", "path")})


def _leave_out_empty(found: Mapping[str, str]) -> dict[str, str]:
    return {key: text for key, text in found.items() if text}


def _text(values: Mapping[str, str], key: str) -> str:
    return values.get(key, "").replace("\r\n", "\n").strip()
