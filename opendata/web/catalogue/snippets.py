"""Lines of code a reader copies to get a table: the address that always gives the newest version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import url_for

from opendata.domain.manifest import Manifest
from opendata.web.core.instance import absolute_url


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """Code for one table."""

    resource: str
    pandas: str
    curl: str


def build_snippets(dataset: str, manifest: Manifest, version: str = "latest") -> Sequence[Snippet]:
    """The code for each table of a version."""
    return [_build(dataset, version, item.name) for item in manifest.tables]


def _build(dataset: str, version: str, resource: str) -> Snippet:
    place = url_for("version_pages.show_version", dataset=dataset, version=version)
    address = absolute_url(place)
    return Snippet(
        resource=resource,
        pandas=f'import pandas as pd\n\ndf = pd.read_parquet("{address}{resource}.parquet")',
        curl=f"curl -LO {address}{resource}.csv",
    )
