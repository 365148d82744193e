"""The descriptor of the catalogue as a Data Package. Its texts are Chinese, with the English ones beside them.

Source: Data Package v2 (datapackage.org); what is ours sits in objects named `opendata`. A table is one resource, its
CSV; the other forms are in its `opendata`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from opendata.domain.catalogue.addresses import Addresses
from opendata.domain.catalogue.entries import Portal
from opendata.domain.manifest import PROFILE
from opendata.domain.moments import format_time
from opendata.domain.resources import StoredFile
from opendata.exchange.tables.definitions import TABLES

FORMS: Mapping[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "jsonl": "application/jsonl",
}
"""Suffix → media type, the one that is the resource first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All tables of one moment: how many rows each has, its file in each form.

    `published` has the datasets that tables are also published as, version by version.
    """

    id: str
    made: datetime
    rows: Mapping[str, int]
    files: Mapping[tuple[str, str], StoredFile]
    published: Mapping[str, str]


def describe_package(portal: Portal, addresses: Addresses, snapshot: Snapshot) -> dict[str, Any]:
    """The descriptor of a snapshot; paths are beside it."""
    title = portal.names.get("zh") or portal.names[portal.language]
    english = portal.names.get("en") or title
    resources, made = [], snapshot.made
    for name, table in TABLES.items():
        shown: dict[str, Any] = {
            form: {"path": _locate(snapshot.id, name, form), **snapshot.files[name, form].to_json()}
            for form in FORMS
            if form != "csv"
        }
        if name in snapshot.published:
            shown["versions"] = f"{addresses.dataset(snapshot.published[name])}/versions"
        resources.append(
            {
                "name": name,
                "type": "table",
                "title": table.title,
                "description": table.description,
                "path": _locate(snapshot.id, name, "csv"),
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                **snapshot.files[name, "csv"].to_json(),
                "dialect": {"lineTerminator": "\n"},
                "schema": dict(table.schema),
                "opendata": {
                    "rows": snapshot.rows[name],
                    "i18n": {key: dict(value) for key, value in table.i18n.items()},
                    **shown,
                },
            }
        )
    return {
        "$schema": PROFILE,
        "name": "catalogue",
        "id": f"{addresses.base}/datapackage.json",
        "title": f"{title}：目录",
        "description": "公开目录本身的各张表，取自同一时刻。",
        "homepage": addresses.home,
        "version": f"{made.year}.{made.month}.{made.day}+{snapshot.id}",
        "created": format_time(made),
        "licenses": [{"name": "CC0-1.0", "path": "https://creativecommons.org/publicdomain/zero/1.0/"}],
        "resources": resources,
        "opendata": {
            "snapshot": snapshot.id,
            "i18n": {
                "en": {
                    "title": f"{english}: catalogue",
                    "description": "The public catalogue itself as tables, all of one moment.",
                }
            },
        },
    }


def _locate(snapshot: str, table: str, form: str) -> str:
    return f"catalog/{snapshot}/{table}.{form}"
