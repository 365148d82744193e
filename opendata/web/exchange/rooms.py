"""The blueprints of all documents, one a vocabulary."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint

from opendata.web.exchange import conformance

BLUEPRINTS: Sequence[Blueprint] = (conformance.blueprint,)
