"""The same feeds as JSON Feed 1.1 (jsonfeed.org), for programs that read no XML."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from opendata.domain.moments import format_time
from opendata.metadata.atom import Entry, Feed, Link

MEDIA_TYPE = "application/feed+json"
_VERSION = "https://jsonfeed.org/version/1.1"


def write_json_feed(feed: Feed) -> bytes:
    """The feed as JSON in UTF-8. What has no text is left out."""
    document = _drop_empty(
        {
            "version": _VERSION,
            "title": feed.title,
            "home_page_url": _find(feed.links, "alternate"),
            "feed_url": _find(feed.links, "self"),
            "next_url": _find(feed.links, "next"),
            "description": feed.subtitle,
            "language": feed.language,
            "authors": [{"name": feed.author}],
        }
    )
    document["items"] = [_describe(entry) for entry in feed.entries]
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def _describe(entry: Entry) -> Mapping[str, Any]:
    attached = [item for item in entry.links if item.rel == "describedby"]
    return _drop_empty(
        {
            "id": entry.id,
            "url": _find(entry.links, "alternate"),
            "title": entry.title,
            "content_text": "\n\n".join(entry.paragraphs) or entry.title,
            "date_published": format_time(entry.published),
            "date_modified": format_time(entry.updated),
            "authors": [{"name": entry.author}],
            "tags": list(entry.categories),
            "attachments": [{"url": item.address, "mime_type": item.media_type} for item in attached],
        }
    )


def _find(links: Iterable[Link], rel: str) -> str:
    return next((item.address for item in links if item.rel == rel), "")


def _drop_empty(document: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if value}
