"""The blueprints of all documents, one a vocabulary."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint

from opendata.web.exchange import conformance, crawling, data_json, dcat, signposts

BLUEPRINTS: Sequence[Blueprint] = (
    conformance.blueprint,
    crawling.blueprint,
    data_json.blueprint,
    dcat.blueprint,
    signposts.blueprint,
)
