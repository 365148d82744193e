"""Version numbers `MAJOR.MINOR.PATCH`, their order, and the number the next version of a dataset gets.

Source: the Data Package version recipe, made computable: what breaks a reader of the version before is MAJOR, rows or
resources more or fewer MINOR, corrected cells and changed words PATCH.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from opendata.domain.manifest import Manifest
from opendata.domain.resources import Resource, TableResource
from opendata.metadata.canonical import fingerprint
from opendata.metadata.reasons import BUMPS, Reason, find_bump
from opendata.metadata.schema_changes import compare_schemas, compare_units
from opendata.settings import LANGUAGES

_FORM = re.compile(r"(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})")
FIRST = "1.0.0"

_NOT_COMPARED = frozenset({"version", "created", "resources", "opendata"})
_NOT_COMPARED_OURS = frozenset({"previous", "notes", "uuid", "reasons", "approval", "breaking", "coverage"})
_CONTENT = frozenset({"bytes", "hash", "schema"})
_CONTENT_OURS = frozenset(
    {
        *("rows", "parquet", "source", "schema", "sourceSchema", "report"),
        *("period", "coverage", "unit", "recipe", "series"),
    }
)
_COUNTED = frozenset({"count", "groups", "suppressed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RowChanges:
    """How many rows of a table changed. `key` names the columns that tell a row; None: there are no `changed` ones.

    `refused` counts the errors that the schema of the version before finds in the new rows.
    """

    key: tuple[str, ...] | None
    added: int
    removed: int
    changed: int
    reordered: bool
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """What differs between two versions, and why that makes the number what it is."""

    reasons: tuple[Reason, ...]

    @property
    def bump(self) -> str | None:
        """The part of the number that is raised; None where nothing differs."""
        return find_bump(self.reasons)


def parse_version(text: str) -> tuple[int, int, int] | None:
    """The three numbers of a version, or None where the text is none."""
    match = _FORM.fullmatch(text)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def next_version(latest: str | None, bump: str | None) -> str:
    """The number after `latest` for a kind of change; `FIRST` if there is no version yet."""
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


def raise_bump(bump: str | None, wanted: str | None) -> str | None:
    """The higher of two parts of a number: what is computed may be raised, never lowered."""
    return max((item for item in (bump, wanted) if item), key=BUMPS.index, default=None)


def compare_manifests(old: Manifest | None, new: Manifest, rows: Mapping[str, RowChanges] | None = None) -> Change:
    """What differs between a manifest and the one before it; `rows` are the changed rows of tables, if they are known.

    Digests of derived files (Parquet) and of the source file do not count: the same rows in other packing are equal.
    """
    if old is None:
        return Change((Reason("first", "major"),))
    before = {item.name: item for item in old.resources}
    after = {item.name: item for item in new.resources}
    found = []
    for name in before:
        if name not in after or before[name].type != after[name].type:
            found.append(Reason("resource-removed", "major", {"resource": name}))
    for name, item in after.items():
        if name not in before or before[name].type != item.type:
            found.append(Reason("resource-added", "minor", {"resource": name}))
        else:
            found += _compare_resources(before[name], item, (rows or {}).get(name))
    if [*before] != [*after] and before.keys() == after.keys():
        found.append(Reason("resources-moved", "patch"))
    names = _find_changed_metadata(old, new)
    if any(reason.type == "period-changed" for reason in found):
        names = [name for name in names if name != "period"]  # said of the tables already
    if names:
        found.append(Reason("metadata-changed", "patch", {"names": ", ".join(names)}))
    titles = {name: _list_titles(item) for name, item in (before | after).items()}
    return Change(tuple(replace(item, titles=titles.get(item.params.get("resource", ""), {})) for item in found))


def _list_titles(resource: Resource) -> dict[str, str]:
    return {language: resource.i18n.get(language, {}).get("title") or resource.title for language in LANGUAGES}


def _compare_resources(old: Resource, new: Resource, rows: RowChanges | None) -> Iterator[Reason]:
    place = {"resource": new.name}
    if isinstance(old, TableResource) and isinstance(new, TableResource):
        yield from _compare_tables(old, new, rows)
    elif old.file.sha256 != new.file.sha256:
        yield Reason("attachment-replaced", "minor", place)
    before, after = (item.period if isinstance(item, TableResource) else "" for item in (old, new))
    if before != after and after:
        yield Reason("period-changed", "patch", {**place, "new": after})
    if _describe_resource(old) != _describe_resource(new) or (before and not after):
        yield Reason("resource-described", "patch", place)


def _compare_tables(old: TableResource, new: TableResource, rows: RowChanges | None) -> Iterator[Reason]:
    place = {"resource": new.name}
    yield from compare_units(place, old.unit, new.unit)
    is_same = fingerprint(old.schema.descriptor) == fingerprint(new.schema.descriptor)
    reasons = [] if is_same else compare_schemas(new.name, old.schema, new.schema)
    yield from reasons
    if old.file.sha256 != new.file.sha256:
        if rows is None:
            # Whether the new rows follow a schema that was changed, nobody has looked.
            yield Reason("rows-differ", "major" if reasons else "minor", place)
        else:
            yield from _compare_rows(place, rows)
    if rows is not None and rows.refused:
        yield Reason("rows-refused", "major", {**place, "count": rows.refused})


def _compare_rows(place: Mapping[str, str], rows: RowChanges) -> Iterator[Reason]:
    if rows.added:
        yield Reason("rows-added", "minor", {**place, "count": rows.added})
    if rows.removed:
        yield Reason("rows-removed", "minor", {**place, "count": rows.removed})
    if rows.changed:
        yield Reason("rows-changed", "patch", {**place, "count": rows.changed})
    if rows.reordered:
        yield Reason("rows-moved", "patch", place)
    if not (rows.added or rows.removed or rows.changed or rows.reordered):
        yield Reason("rows-rewritten", "patch", place)


def _find_changed_metadata(old: Manifest, new: Manifest) -> list[str]:
    """The names of the properties of two packages that differ."""
    before, after = _list_metadata(old), _list_metadata(new)
    return sorted(name for name in {*before, *after} if fingerprint(before.get(name)) != fingerprint(after.get(name)))


def _list_metadata(manifest: Manifest) -> dict[str, object]:
    found = manifest.to_json()
    ours = {k: v for k, v in found["opendata"].items() if k not in _NOT_COMPARED_OURS}
    further = ours.pop("metadata", {})
    return {**{k: v for k, v in found.items() if k not in _NOT_COMPARED}, **ours, **further}


def _describe_resource(resource: Resource) -> str:
    found = resource.to_json()
    content = _CONTENT_OURS if isinstance(resource, TableResource) else _CONTENT_OURS | {"privacy"}
    ours = {k: v for k, v in found.get("opendata", {}).items() if k not in content}
    if "privacy" in ours:
        ours["privacy"] = _list_decided(ours["privacy"])
    return fingerprint({**{k: v for k, v in found.items() if k not in _CONTENT}, "opendata": ours})


def _list_decided(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record of what was done about personal data without its counts, which change with the rows."""
    columns = [{k: v for k, v in item.items() if k not in _COUNTED} for item in record.get("columns", ())]
    aggregate = {k: v for k, v in record.get("aggregate", {}).items() if k not in _COUNTED}
    return {"columns": columns, "aggregate": aggregate}
