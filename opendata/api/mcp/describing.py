"""What tools say of datasets, versions and tables, as JSON: titles by language, columns, links, digests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opendata.api.core.current import absolute, services
from opendata.domain.manifest import Manifest
from opendata.domain.moments import format_time
from opendata.domain.resources import TableResource
from opendata.domain.schema import Field
from opendata.domain.texts import License
from opendata.metadata.codes import LICENSES
from opendata.services.capabilities.capabilities import Capability
from opendata.services.core.editions.version_values import VersionView
from opendata.services.core.values import DatasetView
from opendata.settings import SOURCE_LANGUAGE
from opendata.wording.schemas.units import show_unit
from opendata.wording.voice import voice_of

MOST_COLUMNS = 300
MOST_CODES = 100
MOST_TEXT = 1_000
_RULES = ("required", "unique", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "pattern")


def say(thing: Any, key: str = "title") -> dict[str, str]:
    """A text by language, in those that it is given in."""
    texts = {services().settings.languages[0]: _read(thing, key)}
    texts |= {language: found.get(key) for language, found in (_read(thing, "i18n") or {}).items()}
    return {language: _cut(text) for language, text in texts.items() if isinstance(text, str) and text}


def describe_dataset(found: DatasetView) -> dict[str, Any]:
    """The entry of the catalogue."""
    return {
        "id": found.id,
        "title": say(found),
        "description": say(found, "description"),
        "publisher": {"id": found.publisher.id, "title": say(found.publisher)},
        "licences": [_describe_licence(item) for item in found.licenses],
        "disclosure": found.disclosure.attribute,
        "updateCycle": found.update_cycle,
        "keywords": list(found.keywords)[:20],
        "latest": found.latest,
        "modified": format_time(found.modified),
        "url": absolute(f"/datasets/{found.id}"),
    }


def describe_version(found: VersionView) -> dict[str, Any]:
    """A version: which, of what period, where it stays, and the digest of its manifest."""
    place = absolute(f"/datasets/{found.dataset}/{found.version}/")
    return {
        "version": found.version,
        "published": format_time(found.published),
        "period": found.period,
        "coverage": found.coverage,
        "rows": found.rows,
        "notes": _cut(found.notes),
        "url": place,
        "manifest": f"{place}datapackage.json",
        "hash": f"sha256:{found.manifest_sha256}",
    }


def describe_table(
    manifest: Manifest, table: TableResource, *, is_public: bool, columns: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """A table: its size, its files with their digests, and as many of its columns as are given."""
    place = absolute(f"/datasets/{manifest.name}/{manifest.version}/{table.name}")
    described: dict[str, Any] = {
        "name": table.name,
        "title": say(table),
        "description": say(table, "description"),
        "rows": table.rows,
        "period": table.coverage or table.period or manifest.period,
        "unit": _describe_unit(table.unit),
        "notes": [_cut(item["text"]) for item in table.footnotes][:20],
        "primaryKey": list(table.schema.primary_key),
        "isPublic": is_public,
        "nameInSql": f'"{manifest.name}@{manifest.version}"."{table.name}"',
        "schema": f"{place}.schema.json",
        "files": {
            "csv": {"url": f"{place}.csv", "bytes": table.file.bytes, "hash": table.file.hash},
            "parquet": {"url": f"{place}.parquet", "bytes": table.parquet.bytes, "hash": table.parquet.hash},
        },
        "columns": list(columns),
        "columnsTotal": len(table.schema.fields),
    }
    if not is_public:
        del described["files"], described["nameInSql"]
    return described


def describe_column(field: Field) -> dict[str, Any]:
    """A column of the dictionary; what says nothing is left out."""
    found: dict[str, Any] = {
        "name": field.name,
        "title": say(field),
        "type": field.type,
        "format": field.format if field.format != "default" else "",
        "unit": _describe_unit(field.own.get("unit")),
        "isShareOfOne": field.own.get("percent") is True,
        "description": say(field, "description"),
        "rules": {name: field.constraints[name] for name in _RULES if name in field.constraints},
        "codes": _list_codes(field)[:MOST_CODES],
    }
    return {key: value for key, value in found.items() if value}


def describe_capability(found: Capability) -> dict[str, Any]:
    """A form or call of a table, in English."""
    voice = voice_of(SOURCE_LANGUAGE)
    described = {
        "name": found.name,
        "state": found.state.value,
        "url": absolute(found.path) if found.path else "",
        "reason": voice.say_error(found.reason) if found.reason else "",
        "remedy": voice.say(found.remedy.message, **found.remedy.params) if found.remedy else "",
        "note": voice.say(found.note.message, **found.note.params) if found.note else "",
    }
    return {key: value for key, value in described.items() if value}


def _describe_licence(licence: License) -> dict[str, str]:
    name = licence.get("name", "")
    code = LICENSES.get(name)
    found = {
        "name": name,
        "title": licence.get("title") or (code.title(SOURCE_LANGUAGE) if code else ""),
        "url": licence.get("path") or (code.path if code else ""),
    }
    return {key: str(value) for key, value in found.items() if value}


def _list_codes(field: Field) -> list[dict[str, Any]]:
    labels = {
        item["value"]: item.get("label")
        for item in field.descriptor.get("categories") or ()
        if isinstance(item, Mapping) and "value" in item
    }
    values = field.constraints.get("enum") or field.categories or ()
    return [{"value": item, "label": labels[item]} if labels.get(item) else {"value": item} for item in values]


def _describe_unit(unit: Any) -> dict[str, str]:
    """A unit as its code, and as people read it."""
    if not isinstance(unit, str) or not unit:
        return {}
    shown = show_unit(unit, SOURCE_LANGUAGE)
    return {"code": unit, "name": shown} if shown != unit else {"code": unit}


def _read(thing: Any, key: str) -> Any:
    return thing.get(key) if isinstance(thing, Mapping) else getattr(thing, key, None)


def _cut(text: str) -> str:
    return text if len(text) <= MOST_TEXT else text[: MOST_TEXT - 1] + "…"
