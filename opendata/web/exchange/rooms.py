"""The blueprints of all documents, one a vocabulary."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint

from opendata.web.exchange import (
    catalogue_tables,
    conformance,
    contracts,
    crawling,
    croissant,
    csvw,
    data_json,
    dcat,
    guide,
    oai,
    signposts,
)

BLUEPRINTS: Sequence[Blueprint] = (
    catalogue_tables.blueprint,
    conformance.blueprint,
    contracts.blueprint,
    crawling.blueprint,
    croissant.blueprint,
    csvw.blueprint,
    data_json.blueprint,
    dcat.blueprint,
    guide.blueprint,
    oai.blueprint,
    signposts.blueprint,
)
