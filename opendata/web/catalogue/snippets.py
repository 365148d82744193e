"""Lines of code a reader copies to get a table: the address that always gives the newest version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import url_for

from opendata.domain.manifest import Manifest
from opendata.domain.resources import TableResource
from opendata.web.core.instance import absolute_url


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """Code for one table."""

    resource: str
    pandas: str
    curl: str


def build_snippets(dataset: str, manifest: Manifest, version: str = "latest") -> Sequence[Snippet]:
    """The code for each table of a version."""
    return [_build(dataset, version, item) for item in manifest.tables]


def _build(dataset: str, version: str, table: TableResource) -> Snippet:
    resource = table.name
    place = url_for("version_pages.show_version", dataset=dataset, version=version)
    address = absolute_url(place)
    return Snippet(
        resource=resource,
        pandas=f'{_comment(table, version)}import pandas as pd\n\ndf = pd.read_parquet("{address}{resource}.parquet")',
        curl=f"curl -LO {address}{resource}.csv",
    )


def _comment(table: TableResource, version: str) -> str:
    """What the numbers mean, as a line of code that does nothing. The newest version is about another period later."""
    units = {unit for field in table.schema.fields if isinstance(unit := field.own.get("unit"), str) and unit}
    words = [table.period if version != "latest" else "", table.unit or ", ".join(sorted(units))]
    if not any(words):
        return ""
    return f"# {' · '.join(' '.join(word.split()) for word in (table.title or table.name, *words) if word)}\n"
