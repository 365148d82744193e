"""A package as `package_create` and `package_update` take it, and what an answer of the Action API says.

Source: ckan/logic/schema.py and ckan/views/api.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from opendata.domain.catalogue.addresses import Addresses
from opendata.domain.catalogue.entries import CatalogueEntry
from opendata.exchange.ckan.packages import describe_package

Json = dict[str, Any]

_KEPT = (
    "title",
    "notes",
    "url",
    "version",
    "type",
    "state",
    "private",
    "license_id",
    "author",
    "maintainer",
    "maintainer_email",
)
_FILE = ("name", "description", "format", "url", "mimetype", "size", "hash")
_MOST_NAME = 91
"""Characters of our id in a name there; CKAN takes 100, and the beginning of the UUID follows."""

DIGEST = "record_digest"
"""The extra that says what was sent, so that what is there can be compared."""

IDENTIFIER = "identifier"
"""The extra by which a package is known as ours: the UUID of the dataset."""


def name_package(dataset: str, uuid: str) -> str:
    """A name that no other organization's dataset has."""
    return f"{dataset[:_MOST_NAME]}-{uuid[:8]}"


def describe_for_ckan(entry: CatalogueEntry, addresses: Addresses, language: str, organization: str) -> Json:
    """The package of an entry, without the name that it has there."""
    found = describe_package(entry, addresses, language)
    package: Json = {name: found[name] for name in _KEPT}
    package["owner_org"] = organization
    package["tags"] = [{"name": item["name"]} for item in found["tags"]]
    themes = ", ".join(str(item["title"]) for item in found["groups"])
    package["extras"] = [*found["extras"], *([{"key": "themes", "value": themes}] if themes else [])]
    package["resources"] = [
        {name: item[name] for name in _FILE if item[name] not in (None, "")} for item in found["resources"]
    ]
    return package


@dataclass(frozen=True, slots=True, kw_only=True)
class CkanAnswer:
    """What an action answered. `kind` is the `__type` of an error, `faults` what is said of each field."""

    is_success: bool
    result: Mapping[str, Any] = field(default_factory=dict)
    kind: str = ""
    faults: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""


def read_answer(body: bytes) -> CkanAnswer | None:
    """The answer of an action; None for what isn't one, such as the error page of a proxy."""
    try:
        found = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    if isinstance(found, str):  # so CKAN refuses what it can't read
        return CkanAnswer(is_success=False, text=found)
    if not isinstance(found, dict) or not isinstance(found.get("success"), bool):
        return None
    if found["success"]:
        result = found.get("result")
        return CkanAnswer(is_success=True, result=result if isinstance(result, dict) else {})
    error = found.get("error")
    said: dict[str, Any] = error if isinstance(error, dict) else {"message": error}
    faults = {name: value for name, value in said.items() if name not in ("__type", "message")}
    text = "; ".join([*([str(said["message"])] if said.get("message") else []), *_say_faults(faults)])
    return CkanAnswer(is_success=False, kind=str(said.get("__type") or ""), faults=faults, text=text)


def find_extra(package: Mapping[str, Any], key: str) -> str:
    """The value of an extra of a package; empty where it has none."""
    extras = package.get("extras")
    for item in extras if isinstance(extras, list) else ():
        if isinstance(item, dict) and item.get("key") == key:
            return str(item.get("value") or "")
    return ""


def _say_faults(faults: Mapping[str, Any]) -> Iterator[str]:
    for name, value in faults.items():
        listed = value if isinstance(value, list) else [value]
        yield f"{name}: {', '.join(item if isinstance(item, str) else json.dumps(item) for item in listed)}"
