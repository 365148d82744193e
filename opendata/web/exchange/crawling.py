"""What crawlers, agents and browsers ask a site for: site map, `robots.txt`, `llms.txt`, OpenSearch."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from flask import Blueprint, current_app, request, url_for
from flask_babel import gettext
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response

from opendata.domain.access.costs import Cost
from opendata.domain.site.kinds import PARTS, PageKind
from opendata.errors import N_, NotFoundError
from opendata.exchange.llms.document import MEDIA_TYPE as LLMS
from opendata.exchange.llms.document import write_document
from opendata.exchange.sitemap.opensearch import MEDIA_TYPE as OPENSEARCH
from opendata.exchange.sitemap.opensearch import write_description
from opendata.exchange.sitemap.sitemaps import MEDIA_TYPE as XML
from opendata.exchange.sitemap.sitemaps import MOST_ADDRESSES, Place, write_index, write_places
from opendata.metering import cost_class
from opendata.sending.content import describe_bytes, send
from opendata.sending.forms import open_to_origins
from opendata.web.core.assets import asset
from opendata.web.core.instance import absolute_url, services
from opendata.web.core.languages import choose_language, vary_by_reader
from opendata.web.core.skin.identity import name_portal
from opendata.web.exchange.core import addresses, portal, send_stream

blueprint = Blueprint("crawling", __name__)

_UNENDING = (
    "/workspace",
    "/sign-in",
    "/datasets?*",
    "/datasets.atom",
    "/datasets.feed.json",
    "/datasets/*/*/*?*",
    "/datasets/*/chart",
    "/api/v1/search",
    "/api/v1/sql",
    "/api/v1/datasets?*",
    "/api/v1/datasets/*/rows",
    "/api/v1/datasets/*/joins",
    "/search/tables?*",
    "/sql",
    "/search/",
    "/mcp",
    "/leave?*",
    "/reuses/new",
)
"""Where crawlers would find no end, or nothing that is for them (RFC 9309).

A rule that ends in a question mark keeps Python's own parser out of all that begins like it: hence the stars.
"""

_PAGES = (
    *("catalogue.show_home", "catalogue.list_datasets", "catalogue.list_publishers", "catalogue.list_schemas"),
    *("disclosure.show_disclosure", "site_reuses.list_reuses", "site_topics.list_calls", "site_status.show_status"),
    *("site_public.show_sitemap", "guide.show_accessibility"),
)
"""The pages of the site map that every portal has."""

_MANY = 1000


@blueprint.get("/robots.txt")
def show_robots() -> Response:
    """What crawlers leave alone: what has no end, such as searches and queries. What it is about is in files."""
    root = request.script_root
    rules = [
        "# Each search, filter, order and query has an address, so there are more of them than anybody can fetch.",
        "# All of the data is in files: the site map names each dataset, its datapackage.json names its files (CSV,",
        "# Parquet), and the feed names each version. They have no limit of requests. The whole catalogue is one file,",
        f"# {absolute_url(url_for('data_json.send_first'))}, and {absolute_url(url_for('crawling.show_llms'))}",
        "# says where everything is.",
        "User-agent: *",
        *(f"Disallow: {root}{path}" for path in _UNENDING),
        f"Sitemap: {absolute_url(url_for('crawling.show_sitemap'))}",
    ]
    return Response("\n".join(rules) + "\n", mimetype="text/plain")


@blueprint.get("/sitemap.xml")
def show_sitemap() -> Response:
    """The pages worth finding; where they don't fit into one file, the index of its parts."""
    others = _list_others()
    parts = _count_parts(others)
    if parts > 1:
        return send_stream(
            lambda: write_index(_list_parts(others, parts)), XML, "sitemap", repr(others), cost=Cost.ROWS
        )
    return send_stream(lambda: write_places(_list_part(others, 1)), XML, "sitemap", repr(others), cost=Cost.ROWS)


@blueprint.get("/sitemap-<int:part>.xml")
def show_part(part: int) -> Response:
    """A part of the site map: first the pages of the site, publishers and schemas, then the datasets by id."""
    others = _list_others()
    if not 1 <= part <= _count_parts(others):
        raise NotFoundError(N_("The site map has no such part"))
    return send_stream(
        lambda: write_places(_list_part(others, part)), XML, "sitemap", str(part), repr(others), cost=Cost.ROWS
    )


@blueprint.get("/llms.txt")
@cost_class("light")
def show_llms() -> Response:
    """What the portal is and where its data, catalogue and calls are."""
    entries = services().entries
    counts = (entries.count(), len(entries.list_agencies()))
    text = write_document(addresses(), portal(), choose_language(), counts=counts, has=_has_path)
    response = send(describe_bytes(text.encode(), f"{LLMS}; charset=utf-8", "no-cache"))
    open_to_origins(response)
    vary_by_reader(response)
    return response


@blueprint.get("/opensearch.xml")
def show_opensearch() -> Response:
    """How a browser searches the catalogue."""
    name = name_portal()
    text = gettext("Search the datasets of %(portal)s", portal=name)
    data = write_description(addresses(), name, text, absolute_url(asset("icon.svg")), choose_language())
    response = send(describe_bytes(data, OPENSEARCH, "public, max-age=3600"))
    vary_by_reader(response)
    return response


def _has_path(path: str) -> bool:
    """Whether the portal has a view for a path; parts in braces stand for ids."""
    path = path.partition("?")[0]
    adapter = current_app.url_map.bind("localhost")
    try:
        rule, _ = adapter.match(re.sub(r"\{\w+\}", "example", path), method="GET", return_rule=True)
    except RequestRedirect:
        return True
    except MethodNotAllowed:  # it takes messages
        return True
    except NotFound:
        return False
    literal = re.split(r"[/}]", path)[-1]
    return all(part in rule.rule for part in literal.split("."))


def _send(write: Callable[[], Iterator[bytes]], *parts: str) -> Response:
    return send_stream(write, XML, "sitemap", *parts, cost=Cost.ROWS)


def _count_parts(others: Sequence[Place]) -> int:
    """Of how many files the site map is. The pages that aren't datasets are in the first."""
    left = services().entries.count() - (MOST_ADDRESSES - len(others))
    return 1 + max(0, -(-left // MOST_ADDRESSES))


def _find_range(others: Sequence[Place], part: int) -> tuple[int, int]:
    """Which datasets are in a part, by their place in the order: the first one, and how many."""
    room = MOST_ADDRESSES - len(others)
    return (0, room) if part == 1 else (room + (part - 2) * MOST_ADDRESSES, MOST_ADDRESSES)


def _list_parts(others: Sequence[Place], parts: int) -> Iterator[Place]:
    for part in range(1, parts + 1):
        changes = [services().entries.find_latest(*_find_range(others, part))]
        changes += [place.changed for place in others] if part == 1 else []
        changed = max((item for item in changes if item is not None), default=None)
        yield Place(addresses().at(f"/sitemap-{part}.xml"), changed)


def _list_part(others: Sequence[Place], part: int) -> Iterator[Place]:
    own = addresses()
    if part == 1:
        yield from others
    for name, changed in services().entries.iterate_changes(*_find_range(others, part)):
        yield Place(own.dataset(name), changed)


def _list_others() -> Sequence[Place]:
    """The pages that aren't those of datasets, and when each was changed, where that is known."""
    return list(islice(_list_site(), MOST_ADDRESSES))


def _list_site() -> Iterator[Place]:
    own = addresses()
    for endpoint in _PAGES:
        yield Place(absolute_url(url_for(endpoint)))
    for part in PARTS:
        for page in services().pages.list(None, part):
            path = url_for("site_disclosure.show_page", part=part, page=page.id)
            yield Place(absolute_url(path), page.published)
    for kind, endpoint in ((PageKind.COLUMN, "site_topics.show_column"), (PageKind.CALL, "site_topics.show_call")):
        for page in services().pages.list(None, kind):
            yield Place(absolute_url(url_for(endpoint, page=page.id)), page.published)
    for agency in services().entries.list_agencies():
        yield Place(own.publisher(agency.id), agency.modified)
    cursor = None
    while True:
        schemas = services().schemas.list(cursor=cursor, limit=_MANY)
        for schema in schemas.items:
            yield Place(absolute_url(url_for("catalogue.show_schema", schema=schema.name)), schema.created)
        cursor = schemas.next
        if cursor is None:
            return
