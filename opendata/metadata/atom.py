"""Atom feeds (RFC 4287), page by page (RFC 5005): values in, the document out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from opendata.domain.moments import format_time

if TYPE_CHECKING:
    from lxml.etree import _Element

MEDIA_TYPE = "application/atom+xml"
ATOM = "http://www.w3.org/2005/Atom"
XHTML = "http://www.w3.org/1999/xhtml"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Link:
    """A link (RFC 8288): its relation, the absolute address, the media type of what is there."""

    rel: str
    address: str
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing told. `id` is a URI that stays, times are aware, `paragraphs` are plain text."""

    id: str
    title: str
    author: str
    published: datetime
    updated: datetime
    paragraphs: Sequence[str]
    links: Sequence[Link]
    categories: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A page of a feed; `language` is a tag by BCP 47, `links` holds `self` and the other pages.

    `subtitle` is what there is to say of all of it, if anything.
    """

    id: str
    title: str
    author: str
    updated: datetime
    language: str
    links: Sequence[Link]
    entries: Sequence[Entry]
    subtitle: str = ""


def write_feed(feed: Feed) -> bytes:
    """The feed as XML in UTF-8. Characters that XML cannot hold become U+FFFD."""
    from lxml import etree

    root = etree.Element(f"{{{ATOM}}}feed", {_LANG: feed.language}, nsmap={None: ATOM})
    _add_head(root, feed)
    if feed.subtitle:
        _add(root, "subtitle", feed.subtitle)
    for entry in feed.entries:
        found = _add(root, "entry")
        _add_head(found, entry)
        _add(found, "published", format_time(entry.published))
        for category in entry.categories:
            _add(found, "category", term=category)
        content = _add(found, "content", type="xhtml")
        division = etree.SubElement(content, f"{{{XHTML}}}div", nsmap={None: XHTML})
        for paragraph in entry.paragraphs:
            etree.SubElement(division, f"{{{XHTML}}}p").text = _clean(paragraph)
    document: bytes = etree.tostring(root, xml_declaration=True, encoding="utf-8")
    return document


def _add_head(parent: _Element, thing: Feed | Entry) -> None:
    """What feed and entry have alike."""
    _add(parent, "id", thing.id)
    _add(parent, "title", thing.title)
    _add(parent, "updated", format_time(thing.updated))
    _add(_add(parent, "author"), "name", thing.author)
    for link in thing.links:
        _add(parent, "link", rel=link.rel, href=link.address, type=link.media_type)


def _add(parent: _Element, name: str, text: str | None = None, **attributes: str) -> _Element:
    from lxml import etree

    found = etree.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    found.text = None if text is None else _clean(text)
    return found


def _clean(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)
