"""JSON Feed 1.1 of an empty feed, of the least an entry can say, and of everything."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from opendata.exchange.feeds.json_feed import write_json_feed
from opendata.metadata.atom import Entry, Feed, Link

MOMENT = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
EMPTY = Feed(id="urn:x", title="门户", author="门户", updated=MOMENT, language="zh-Hans-CN", links=(), entries=())


def make_entry(paragraphs: tuple[str, ...] = (), links: tuple[Link, ...] = (), **more: tuple[str, ...]) -> Entry:
    return Entry(
        id="urn:y",
        title="一",
        author="局",
        published=MOMENT,
        updated=MOMENT,
        paragraphs=paragraphs,
        links=links,
        **more,
    )


def test_an_empty_feed() -> None:
    assert json.loads(write_json_feed(EMPTY)) == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "门户",
        "language": "zh-Hans-CN",
        "authors": [{"name": "门户"}],
        "items": [],
    }


def test_the_least_and_everything() -> None:
    links = (Link("alternate", "https://a.example/y", "text/html"), Link("describedby", "https://a.example/z", "a/b"))
    full = make_entry(("第一", "<b>&\u0001"), links, categories=("水",))
    pages = tuple(Link(rel, f"https://a.example/{rel}", "a/b") for rel in ("alternate", "self", "first", "next"))
    feed = Feed(
        id="urn:x", title="t", author="a", updated=MOMENT, language="en", links=pages, entries=[make_entry(), full],
        subtitle="s",
    )  # fmt: skip
    found = json.loads(write_json_feed(feed))
    assert (found["home_page_url"], found["feed_url"]) == ("https://a.example/alternate", "https://a.example/self")
    assert (found["next_url"], found["description"]) == ("https://a.example/next", "s")
    least, most = found["items"]
    assert least == {
        "id": "urn:y",
        "title": "一",
        "content_text": "一",
        "date_published": "2026-02-03T04:05:06Z",
        "date_modified": "2026-02-03T04:05:06Z",
        "authors": [{"name": "局"}],
    }
    assert (most["url"], most["content_text"]) == ("https://a.example/y", "第一\n\n<b>&\u0001")
    assert (most["attachments"], most["tags"]) == ([{"url": "https://a.example/z", "mime_type": "a/b"}], ["水"])
