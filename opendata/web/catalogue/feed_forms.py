"""A feed in the form that is asked for: Atom, or at an address of its own JSON Feed, from one view."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from flask import Blueprint, g
from werkzeug.wrappers import Response

from opendata.exchange.feeds import json_feed
from opendata.metadata import atom
from opendata.sending.content import describe_bytes, send
from opendata.web.core.languages import vary_by_reader

_SUFFIX = "_as_json"


def add_json(blueprint: Blueprint, views: Mapping[str, Callable[..., Response]]) -> None:
    """Give the JSON Feed of views addresses of its own, by their rules."""
    for rule, view in views.items():
        blueprint.add_url_rule(rule, f"{view.__name__}{_SUFFIX}", partial(_show, view), methods=["GET"])


def find_media_type() -> str:
    """The media type of the feed that is asked for."""
    return json_feed.MEDIA_TYPE if g.get("is_json_feed") else atom.MEDIA_TYPE


def send_feed(feed: atom.Feed) -> Response:
    """Answer with a feed, in the reader's language."""
    write = json_feed.write_json_feed if g.get("is_json_feed") else atom.write_feed
    response = send(describe_bytes(write(feed), find_media_type(), "no-cache"))
    vary_by_reader(response)
    return response


def _show(view: Callable[..., Response], **parts: str) -> Response:
    g.is_json_feed = True
    return view(**parts)
