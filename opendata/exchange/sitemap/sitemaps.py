"""Site maps: addresses with the moment each last changed, and the index of several.

Source: sitemaps.org 0.9, which lets one file have 50,000 addresses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from xml.sax.saxutils import escape

from opendata.domain.moments import format_time

MEDIA_TYPE = "application/xml"
MOST_ADDRESSES = 50_000
_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_BATCH = 500
"""So many addresses are sent at once."""


@dataclass(frozen=True, slots=True)
class Place:
    """An absolute address, and when what is there last changed, if that is known."""

    address: str
    changed: datetime | None = None


def write_places(places: Iterable[Place]) -> Iterator[bytes]:
    """A site map, piece by piece."""
    return _write("urlset", "url", places)


def write_index(places: Iterable[Place]) -> Iterator[bytes]:
    """The index of site maps."""
    return _write("sitemapindex", "sitemap", places)


def _write(root: str, element: str, places: Iterable[Place]) -> Iterator[bytes]:
    lines = [f'{_HEAD}<{root} xmlns="{_NAMESPACE}">\n']
    for place in places:
        changed = f"<lastmod>{format_time(place.changed)}</lastmod>" if place.changed else ""
        lines.append(f"<{element}><loc>{escape(place.address)}</loc>{changed}</{element}>\n")
        if len(lines) > _BATCH:
            yield "".join(lines).encode()
            lines = []
    lines.append(f"</{root}>\n")
    yield "".join(lines).encode()
