"""What all documents are written with: where the portal is, who it is, and how long they may be kept."""

from __future__ import annotations

from flask import g

from opendata.domain.catalogue.addresses import Addresses
from opendata.domain.catalogue.entries import Portal
from opendata.web.core.instance import base_url, services

CATALOGUE_CACHE = "public, max-age=300"
"""Documents of the whole catalogue may be some minutes old: harvesters come daily."""


def addresses() -> Addresses:
    """The addresses of this portal, as the request reached it or as the settings say."""
    return Addresses(base_url())


def portal() -> Portal:
    """The portal, read once in a request."""
    if "portal" not in g:
        g.portal = services().portals.get()
    found: Portal = g.portal
    return found
