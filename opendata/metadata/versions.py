"""Version numbers `MAJOR.MINOR.PATCH`, their order, and the number the next version of a dataset gets.

Source: the Data Package version recipe, made computable: a changed schema or a removed table is MAJOR, changed rows or
an added table MINOR, changed metadata PATCH.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from opendata.metadata.canonical import fingerprint

_FORM = re.compile(r"(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})")
FIRST = "1.0.0"

_NOT_COMPARED = frozenset({"version", "created", "resources", "opendata"})
_NOT_COMPARED_OURS = frozenset({"previous", "notes", "uuid", "reasons"})
_CONTENT = frozenset({"bytes", "hash", "schema"})
_CONTENT_OURS = frozenset({"rows", "parquet", "source", "schema", "sourceSchema", "report"})


@dataclass(frozen=True, slots=True)
class Change:
    """What differs between two versions: `bump` is `major`, `minor`, `patch` or None, `reasons` tell why."""

    bump: str | None
    reasons: tuple[str, ...]


def parse_version(text: str) -> tuple[int, int, int] | None:
    """The three numbers of a version, or None where the text is none."""
    match = _FORM.fullmatch(text)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def next_version(latest: str | None, bump: str | None) -> str:
    """The number after `latest` for a kind of change; `FIRST` where there is none yet."""
    numbers = parse_version(latest) if latest else None
    if numbers is None:
        return FIRST
    major, minor, patch = numbers
    match bump:
        case "major":
            return f"{major + 1}.0.0"
        case "minor":
            return f"{major}.{minor + 1}.0"
        case _:
            return f"{major}.{minor}.{patch + 1}"


def compare_manifests(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> Change:
    """Tell how a manifest differs from the one before it.

    Digests of derived files (Parquet) and of the source file do not count: the same rows in other packing are equal.
    """
    if old is None:
        return Change("major", ("first version",))
    before = {item["name"]: item for item in old["resources"]}
    after = {item["name"]: item for item in new["resources"]}
    major = [f"resource {name} removed" for name in before if name not in after]
    minor = [f"resource {name} added" for name in after if name not in before]
    patch = []
    for name in before.keys() & after.keys():
        if fingerprint(before[name].get("schema")) != fingerprint(after[name].get("schema")):
            major.append(f"schema of {name} changed")
        elif before[name]["hash"] != after[name]["hash"]:
            minor.append(f"rows of {name} changed")
        elif _describe_resource(before[name]) != _describe_resource(after[name]):
            patch.append(f"metadata of {name} changed")
    if [*before] != [*after] and before.keys() == after.keys():
        patch.append("order of resources changed")
    if _describe_package(old) != _describe_package(new):
        patch.append("metadata changed")
    bump = "major" if major else "minor" if minor else "patch" if patch else None
    return Change(bump, tuple(sorted(major) + sorted(minor) + sorted(patch)))


def _describe_package(manifest: Mapping[str, Any]) -> str:
    ours = {k: v for k, v in manifest.get("opendata", {}).items() if k not in _NOT_COMPARED_OURS}
    return fingerprint({**{k: v for k, v in manifest.items() if k not in _NOT_COMPARED}, "opendata": ours})


def _describe_resource(resource: Mapping[str, Any]) -> str:
    ours = {k: v for k, v in resource.get("opendata", {}).items() if k not in _CONTENT_OURS}
    return fingerprint({**{k: v for k, v in resource.items() if k not in _CONTENT}, "opendata": ours})
