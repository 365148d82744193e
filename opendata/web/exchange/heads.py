"""What the head of a page tells machines: schema.org as a data block. Browsers never run it, so no policy names it."""

from __future__ import annotations

from flask import g
from markupsafe import Markup

from opendata.domain.catalogue.entries import CatalogueEntry
from opendata.errors import MovedError, NotFoundError
from opendata.exchange.schema_org.documents import describe_catalogue, describe_dataset, write_script
from opendata.web.core.instance import services
from opendata.web.core.languages import choose_language
from opendata.web.exchange.core import addresses, portal

_BLOCK = Markup('<script type="application/ld+json">{}</script>')


def find_entry(dataset: str, version: str | None = None) -> CatalogueEntry | None:
    """The entry that a page is about, read once in a request; None for one that isn't public."""
    kept: dict[tuple[str, str | None], CatalogueEntry | None] = g.setdefault("catalogue_entries", {})
    key = (dataset, version)
    if key not in kept:
        entries = services().entries
        try:
            kept[key] = entries.get(dataset) if version is None else entries.get_version(dataset, version)
        except (NotFoundError, MovedError):
            kept[key] = None
    return kept[key]


def describe_page(dataset: str, version: str | None = None) -> Markup:
    """The data block of the page of a dataset or version, in the reader's language; empty for one that isn't public."""
    entry = find_entry(dataset, version)
    if entry is None:
        return Markup("")
    is_version = version is not None
    return _write(describe_dataset(entry, addresses(), portal(), choose_language(), is_version=is_version))


def describe_home() -> Markup:
    """The data block of the home page."""
    return _write(describe_catalogue(addresses(), portal(), choose_language()))


def _write(document: dict[str, object]) -> Markup:
    return _BLOCK.format(Markup(write_script(document)))  # noqa: S704 - nothing in it can end the element
