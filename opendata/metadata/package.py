"""Data Packages of others, v1 and v2: reading a descriptor as hostile input into what an import needs.

Source: datapackage.org v1 and v2; where old descriptors say the same thing with other words, both are understood.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

from opendata.domain.meaning.periods import read_period
from opendata.errors import N_, Fault, InvalidPackageError, fault
from opendata.metadata.codes import UPDATE_CYCLES
from opendata.metadata.identifiers import find_identifier_fault, suggest_identifier
from opendata.metadata.properties.reading import load_profile
from opendata.metadata.properties.values import keep_valid
from opendata.metadata.text import find_value_faults, is_web_address
from opendata.wording.parser_faults import explain_json

DESCRIPTOR_NAMES = ("datapackage.json", "datapackage.yaml", "datapackage.yml")
MAX_DESCRIPTOR_BYTES = 16 * 1024 * 1024
MAX_RESOURCES = 1000
_LONGEST = {"unit": 60, "period": 60, "compiledBy": 300, "source": 300}
_LONGEST_NOTE = 5000
_MOST_NOTES = 50
MAX_PIECES = 1_000
"""A table has at most so many files."""
_TABLE_FORMATS = frozenset({"csv", "tsv", ""})
_OTHER_TABLES = frozenset(
    ["xlsx", "xlsm", "xls", "xlsb", "ods", "json", "jsonl", "ndjson", "geojson", "xml", "parquet", "arrow", "feather"]
)
"""Formats of tables that are not read out of a package, since nothing there says how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceDescription:
    """One resource as its package describes it; `schema` and `dialect` are objects, names of files, or None.

    A table in several files has all of them in `pieces`, and the first as its `path`.
    `is_attachment` says that it isn't a table but a file beside one, `rows` how many rows the table is said to have,
    `meaning` its unit, period, source, notes and who compiled it, as `TableMeaning.say_all` has them.
    """

    name: str
    path: str | None
    pieces: Sequence[str] = ()
    is_attachment: bool = False
    data: Sequence[Any] | None = None
    title: str = ""
    description: str = ""
    i18n: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    schema: Mapping[str, Any] | str | None = None
    schema_name: str = ""
    dialect: Mapping[str, Any] | str | None = None
    encoding: str | None = None
    bytes: int | None = None
    rows: int | None = None
    hash: str | None = None
    meaning: Mapping[str, Any] | None = None
    fault: Fault | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageDescription:
    """A package: its dataset id, its metadata under REST's names, its publisher if it names one, its resources."""

    id: str
    metadata: Mapping[str, Any]
    publisher: Mapping[str, Any] | None
    resources: Sequence[ResourceDescription]


def parse_document(data: bytes, name: str) -> Any:
    """A JSON or YAML document (told by its name; YAML is read without object tags).

    Raises `InvalidPackageError` where it is neither, or too large.
    """
    if len(data) > MAX_DESCRIPTOR_BYTES:
        raise InvalidPackageError(
            N_("“%(name)s” is larger than %(limit)s bytes"), name=name, limit=MAX_DESCRIPTOR_BYTES
        )
    try:
        text = data.decode("utf-8-sig")
        found = _parse_yaml(text) if name.lower().endswith((".yaml", ".yml")) else json.loads(text)
        wrong = next(iter(find_value_faults(found)), None)
        if wrong is not None:
            raise ValueError(f"{wrong.pointer[:100]}: {wrong.text}")
        return found
    except UnicodeDecodeError as error:
        raise InvalidPackageError(
            N_("“%(name)s” isn't UTF-8 text (byte %(place)s)"), name=name, place=error.start + 1
        ) from None
    except json.JSONDecodeError as error:
        raise InvalidPackageError(
            N_("“%(name)s” isn't valid JSON: line %(line)s, column %(column)s: %(reason)s"),
            name=name,
            line=error.lineno,
            column=error.colno,
            reason=explain_json(error),
        ) from None
    except (ValueError, RecursionError) as error:
        raise InvalidPackageError(
            N_("“%(name)s” can't be read: %(reason)s"), name=name, reason=str(error)[:300]
        ) from None


def _parse_yaml(text: str) -> Any:
    """The document as JSON would hold it: a date is its text, keys are texts."""
    import yaml

    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise ValueError("aliases (“*name”) are not allowed")  # they can unfold without bound
        found = yaml.load(text, Loader=_build_loader())  # noqa: S506 - a safe loader
        return json.loads(json.dumps(found))
    except (yaml.YAMLError, TypeError) as error:
        raise ValueError(str(error)) from None


@cache
def _build_loader() -> Any:
    from yaml import SafeLoader

    class Loader(SafeLoader):
        """Reads dates as the texts they are."""

        yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own way
            first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
            for first, pairs in SafeLoader.yaml_implicit_resolvers.items()
        }

    return Loader


def read_package(descriptor: object) -> PackageDescription:
    """Understand a descriptor. A resource that cannot be imported carries its `fault` and does not stop the others.

    Raises `InvalidPackageError` if the whole isn't a Data Package.
    """
    if not isinstance(descriptor, Mapping):
        raise InvalidPackageError(N_("A data package descriptor must be an object"))
    found = descriptor.get("resources")
    if not isinstance(found, list) or not found or len(found) > MAX_RESOURCES:
        raise InvalidPackageError(
            N_("A data package needs a list “resources” with 1 to %(limit)s items"), limit=MAX_RESOURCES
        )
    title = _text(descriptor, "title") or _text(descriptor, "name")
    name = _text(descriptor, "name")
    identifier = name if name and not find_identifier_fault("", name) else suggest_identifier(name or title or "")
    ours = descriptor.get("opendata")
    ours = ours if isinstance(ours, Mapping) else {}
    publisher = ours.get("publisher")
    return PackageDescription(
        id=identifier,
        metadata=_read_metadata(descriptor, ours, title or identifier),
        publisher=publisher if isinstance(publisher, Mapping) and publisher.get("id") else None,
        resources=tuple(_read_resources(found)),
    )


def _read_metadata(descriptor: Mapping[str, Any], ours: Mapping[str, Any], title: str) -> dict[str, Any]:
    cycle, version = ours.get("updateCycle"), descriptor.get("version")
    homepage, temporal = _text(descriptor, "homepage"), ours.get("temporal")
    further = ours.get("metadata")
    return {
        "title": title,
        "description": _text(descriptor, "description"),
        "i18n": ours.get("i18n") or {},
        "disclosure": ours.get("disclosure") or {},
        "licenses": [_license(item) for item in _licenses(descriptor)],
        "keywords": [word for word in _list(descriptor, "keywords") if isinstance(word, str)],
        "sources": [_with_web_path(item) for item in _objects(descriptor, "sources")],
        "contributors": [_contributor(item) for item in _objects(descriptor, "contributors")],
        "homepage": homepage if is_web_address(homepage) else "",
        "updateCycle": cycle if isinstance(cycle, str) and cycle in UPDATE_CYCLES else "",
        "sourceVersion": str(version) if isinstance(version, str | int | float) else "",
        "temporal": temporal if isinstance(temporal, str) and read_period(temporal) else "",
        **(keep_valid(load_profile(), further) if isinstance(further, Mapping) else {}),
    }


def _read_resources(found: Sequence[object]) -> Iterator[ResourceDescription]:
    names: set[str] = set()
    for number, item in enumerate(found):
        place = f"/resources/{number}"
        if not isinstance(item, Mapping):
            name = suggest_identifier(f"resource-{number + 1}", taken=names)
            resource = ResourceDescription(name=name, path=None, fault=fault(place, N_("A resource must be an object")))
        else:
            resource = _read_resource(place, number, item, names)
        names.add(resource.name)
        yield resource


def _read_resource(place: str, number: int, item: Mapping[str, Any], taken: set[str]) -> ResourceDescription:
    path = item.get("path") or item.get("url")  # `url` before v1
    pieces = path if isinstance(path, list) and path and all(isinstance(one, str) for one in path) else []
    fault_of_pieces = _find_piece_fault(place, item, path)
    path = pieces[0] if pieces else path
    given = _text(item, "name")
    stem = PurePosixPath(path).stem if isinstance(path, str) else f"resource-{number + 1}"
    usable = given and not find_identifier_fault("", given, resource=True) and given not in taken
    name = given if usable else suggest_identifier(given or stem, taken=taken, resource=True)
    ours = item.get("opendata")
    ours = ours if isinstance(ours, Mapping) else {}
    data = item.get("data")
    schema = item.get("schema")
    schema_name = ours.get("schema")
    return ResourceDescription(
        name=name,
        path=path if isinstance(path, str) else None,
        pieces=tuple(pieces) if len(pieces) > 1 else (),
        is_attachment=_is_attachment(item, path),
        data=data if isinstance(data, list) else None,
        title=_text(item, "title"),
        description=_text(item, "description"),
        i18n=ours["i18n"] if isinstance(ours.get("i18n"), Mapping) else {},
        schema=schema if isinstance(schema, Mapping | str) else None,
        schema_name=schema_name if isinstance(schema_name, str) else "",
        dialect=item["dialect"] if isinstance(item.get("dialect"), Mapping | str) else None,
        encoding=_text(item, "encoding") or None,
        bytes=item["bytes"] if type(item.get("bytes")) is int else None,
        rows=ours["rows"] if type(ours.get("rows")) is int else None,
        hash=_text(item, "hash") or None,
        meaning=_read_meaning(item, ours),
        fault=fault_of_pieces or _find_fault(place, item, path, given, taken),
    )


def _read_meaning(item: Mapping[str, Any], ours: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What a resource says of its table as a whole; what isn't of the right form says nothing."""
    texts = {name: _text(ours, name) for name in ("unit", "period", "compiledBy")}
    if read_period(texts["period"]) is None:
        del texts["period"]
    sources = [_with_web_path(source) for source in _objects(item, "sources")][:1]
    texts["source"] = " ".join(text for source in sources for text in (source.get("title"), source.get("path")) if text)
    found: dict[str, Any] = {name: text for name, text in texts.items() if text and len(text) <= _LONGEST[name]}
    notes = [
        {"text": text, **({"mark": mark} if (mark := _text(note, "mark")) else {})}
        for note in _objects(ours, "footnotes")[:_MOST_NOTES]
        if (text := _text(note, "text")) and len(text) <= _LONGEST_NOTE
    ]
    return {**found, **({"footnotes": notes} if notes else {})} or None


def _find_fault(place: str, item: Mapping[str, Any], path: object, name: str, taken: set[str]) -> Fault | None:
    if name and name in taken:
        return fault(place, N_("Two resources have the name “%(name)s”"), name=name)
    if path is None:
        if isinstance(item.get("data"), list):
            return None
        return fault(f"{place}/path", N_("A resource needs a “path” to its file"))
    if not isinstance(path, str):
        return fault(f"{place}/path", N_("A “path” must be text"))
    unsafe = find_path_fault(f"{place}/path", path)
    if unsafe:
        return unsafe
    kind = _read_format(item, path)
    if kind not in _TABLE_FORMATS and not _is_attachment(item, path):
        return fault(
            f"{place}/format",
            N_("Tables must be CSV files, but “%(path)s” has the format “%(format)s”"),
            path=path,
            format=kind,
        )
    return None


def _find_piece_fault(place: str, item: Mapping[str, Any], path: object) -> Fault | None:
    """What is wrong with a list of files that are one table."""
    if not isinstance(path, list) or len(path) < 2:
        return None
    if len(path) > MAX_PIECES:
        return fault(f"{place}/path", N_("A table has at most %(limit)s files"), limit=MAX_PIECES)
    for number, one in enumerate(path):
        pointer = f"{place}/path/{number}"
        if not isinstance(one, str):
            return fault(pointer, N_("A “path” must be text"))
        wrong = find_path_fault(pointer, one)
        if wrong is not None:
            return wrong
        if (kind := _read_format(item, one)) not in _TABLE_FORMATS:
            return fault(
                pointer,
                N_("Tables must be CSV files, but “%(path)s” has the format “%(format)s”"),
                path=one,
                format=kind,
            )
    return None


def _read_format(item: Mapping[str, Any], path: str) -> str:
    return (_text(item, "format") or PurePosixPath(path).suffix.removeprefix(".")).lower()


def _is_attachment(item: Mapping[str, Any], path: object) -> bool:
    """Whether a resource is a file in a format that isn't for tables, and nothing declares it a table."""
    ours = item.get("opendata")
    declared = item.get("schema") or (isinstance(ours, Mapping) and ours.get("schema")) or item.get("type") == "table"
    if declared or item.get("profile") == "tabular-data-resource" or not isinstance(path, str):
        return False
    return _read_format(item, path) not in _TABLE_FORMATS | _OTHER_TABLES


def find_path_fault(pointer: str, path: str) -> Fault | None:
    """Why a path must not be followed from a descriptor: it leaves the package or goes to the network."""
    if "://" in path:
        return fault(
            pointer,
            N_("“%(path)s” is a remote address, which isn't followed. Put the file into the package"),
            path=path,
        )
    decoded = unquote(path).replace("\\", "/")
    parts = PurePosixPath(decoded).parts
    if (
        not decoded
        or decoded.startswith(("/", "~"))
        or ".." in parts
        or "\0" in decoded
        or (parts and parts[0].endswith(":"))
    ):
        return fault(
            pointer, N_("“%(path)s” points outside the package. Use a path inside the descriptor's folder"), path=path
        )
    return None


def _text(item: Mapping[str, Any], key: str) -> str:
    value = item.get(key)
    return value.strip() if isinstance(value, str) else ""


def _list(item: Mapping[str, Any], key: str) -> list[Any]:
    value = item.get(key)
    return value if isinstance(value, list) else []


def _objects(item: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    return [entry for entry in _list(item, key) if isinstance(entry, Mapping)]


def _licenses(item: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = _objects(item, "licenses")
    old = item.get("license")  # one text or object before v1
    if not found and old:
        return [{"name": old} if isinstance(old, str) else old] if isinstance(old, str | Mapping) else []
    return found


def _license(item: Mapping[str, Any]) -> dict[str, Any]:
    found = {key: item[key] for key in ("name", "path", "title") if isinstance(item.get(key), str) and item[key]}
    if "path" not in found and isinstance(item.get("url"), str):
        found["path"] = item["url"]
    if "path" in found and not is_web_address(found["path"]):
        found.pop("path")
    if "name" not in found and "path" not in found:
        found["name"] = str(item.get("id") or item.get("type") or found.get("title") or "other")
    return found


def _with_web_path(item: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        key: value for key, value in item.items() if key in ("title", "path", "version") and isinstance(value, str)
    }
    address = found.get("path") or item.get("web") or item.get("url")
    found.pop("path", None)
    if isinstance(address, str) and is_web_address(address):
        found["path"] = address
    if "title" not in found and isinstance(item.get("name"), str):
        found["title"] = item["name"]
    return found


def _contributor(item: Mapping[str, Any]) -> dict[str, Any]:
    """Names, roles and organisations are kept; private addresses of people are not published again."""
    found = {key: item[key] for key in ("title", "organization") if isinstance(item.get(key), str)}
    roles = item.get("roles") or ([item["role"]] if isinstance(item.get("role"), str) else [])
    if isinstance(roles, list) and roles:
        found["roles"] = [role for role in roles if isinstance(role, str)]
    return found
