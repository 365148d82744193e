"""Public pages as Markdown: the same view with the same data, a template beside that of the page.

A page is asked for by `Accept: text/markdown`, or by its address with `.md`. Source: RFC 7763 (`text/markdown`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from flask import Blueprint, Flask, g, make_response, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from opendata.web.core.instance import absolute_url

MEDIA_TYPE = "text/markdown"
_SUFFIX = "_as_markdown"
_MEANT = re.compile(r"([\\`*_\[\]<>|~#&])")
_LINK = re.compile(r"(\](?:\(|:)\s*)(?!https?://|mailto:|\s)")
_GAP = re.compile(r"\n{3,}")


def register_markdown(app: Flask) -> None:
    """Make what these templates need filters."""
    app.jinja_env.filters.update({"md": escape, "md_quote": quote})


def render_page(template: str, **context: Any) -> Response:
    """A page, or its Markdown where that is wanted; each says where the other is."""
    if prefers_markdown():
        text = render_template(f"{template.removesuffix('.html')}.md", **context)
        response = make_response(_GAP.sub("\n\n", text).strip() + "\n")
        response.mimetype = MEDIA_TYPE
        endpoint, kind = str(request.endpoint).removesuffix(_SUFFIX), "text/html"
    else:
        response = make_response(render_template(template, **context))
        endpoint, kind = f"{request.endpoint}{_SUFFIX}", MEDIA_TYPE
    other = url_for(endpoint, **{**request.args.to_dict(flat=False), **(request.view_args or {})})
    response.headers.add("Link", f'<{other}>; rel="alternate"; type="{kind}"')
    response.vary.add("Accept")
    return response


def prefers_markdown() -> bool:
    """Whether somebody asks for Markdown by name, and likes no page better: no browser does."""
    if g.get("is_markdown"):
        return True
    named = {kind.partition(";")[0].strip().lower(): quality for kind, quality in request.accept_mimetypes}
    quality = named.get(MEDIA_TYPE, 0)
    return quality > 0 and quality >= max(named.get("text/html", 0), named.get("application/json", 0))


def add_markdown(blueprint: Blueprint, views: Mapping[str, Callable[..., Any]]) -> None:
    """Give the Markdown of views addresses of its own, by their rules."""
    for rule, view in views.items():
        blueprint.add_url_rule(rule, f"{view.__name__}{_SUFFIX}", partial(_show, view), methods=["GET"])


def _show(view: Callable[..., Any], **parts: str) -> Any:
    g.is_markdown = True
    return view(**parts)


def link_markdown(endpoint: str, **parts: Any) -> str:
    """The absolute address of the Markdown of a page."""
    return absolute_url(url_for(f"{endpoint}{_SUFFIX}", **parts))


def escape(value: object, longest: int = 0) -> str:
    """A text on one line in which nothing is a mark; cut where a cell of a table would be very long."""
    text = str(value.striptags()) if isinstance(value, Markup) else "" if value is None else str(value)
    line = " ".join(text.split())
    if longest and len(line) > longest:
        line = line[: longest - 1] + "…"
    return _MEANT.sub(r"\\\1", line)


def quote(text: str) -> str:
    """A text of a publisher, which may be Markdown, as a quotation: its headings and tables aren't ours.

    No HTML is left in it, and only links that lead to the web or a mailbox.
    """
    safe = _LINK.sub(r"\1#", text.replace("<", "&lt;"))
    return "\n".join(f"> {line}".rstrip() for line in safe.splitlines())
