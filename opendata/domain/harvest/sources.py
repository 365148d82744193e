"""Portals to harvest, and what they speak."""

from __future__ import annotations

from enum import StrEnum


class HarvestKind(StrEnum):
    """What a source speaks."""

    CKAN = "ckan"
    DATA_JSON = "data.json"
    DCAT = "dcat"
    DATA_PACKAGE = "datapackage"
    OAI = "oai"
    OPENDATA = "opendata"


CONDITIONAL_KINDS = frozenset({HarvestKind.DATA_JSON, HarvestKind.DCAT, HarvestKind.DATA_PACKAGE})
"""Kinds whose source may be one document: it is asked whether that has changed."""
