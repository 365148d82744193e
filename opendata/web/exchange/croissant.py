"""A version as a Croissant document.

It can change after its version was published: whether its data is open, what its publisher is called. So it is kept for
an hour, and has an entity tag of its own.
"""

from __future__ import annotations

from contextlib import suppress
from zoneinfo import ZoneInfo

from flask import Blueprint, request
from werkzeug.wrappers import Response

from opendata.domain.catalogue.entries import CatalogueEntry
from opendata.errors import N_, InputError, NotPublicError
from opendata.exchange.croissant.document import SPELLINGS, VERSIONS, media_type, write_croissant
from opendata.exchange.croissant.record_sets import Profiles
from opendata.sending.content import DERIVED, describe_bytes, send
from opendata.sending.forms import open_to_origins
from opendata.web.core.instance import services
from opendata.web.core.links import link_file
from opendata.web.exchange.core import addresses, portal

blueprint = Blueprint("croissant", __name__)


@blueprint.get("/datasets/<dataset>/<version>/croissant.json")
def send_croissant(dataset: str, version: str) -> Response:
    """The document; `?version=1.0` is for readers of that, `?schema=http` has the other spelling of schema.org."""
    form = _choose("version", VERSIONS)
    spelling = _choose("schema", SPELLINGS)
    entry = services().entries.get_version(dataset, version)
    data = write_croissant(
        entry,
        addresses(),
        portal(),
        ZoneInfo(services().settings.timezone),
        profiles=_read_profiles(entry, version),
        version=form,
        spelling=spelling,
    )
    links = link_file(dataset, version, "croissant.json")
    return send(describe_bytes(data, media_type(form), DERIVED, links))


@blueprint.after_request
def open_to_all(response: Response) -> Response:
    """Programs in any web page may read it."""
    open_to_origins(response)
    return response


def _choose(name: str, offered: tuple[str, ...]) -> str:
    wanted = request.args.get(name, offered[0])
    if wanted not in offered:
        raise InputError(
            N_("“%(name)s” can't be “%(value)s”. Choose one of: %(choices)s"),
            name=name,
            value=wanted[:40],
            choices=", ".join(offered),
        )
    return wanted


def _read_profiles(entry: CatalogueEntry, version: str) -> Profiles:
    found = {}
    for table in entry.list_tables():
        with suppress(NotPublicError):
            found[table.name] = services().versions.get_profile(entry.id, version, table.name)
    return found
