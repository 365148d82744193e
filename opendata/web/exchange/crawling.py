"""What crawlers, agents and browsers ask a site for: site map, `robots.txt`, `llms.txt`, OpenSearch."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import chain, islice

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
from opendata.services.exchange.entries import SHELVES
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

_SITE = "site"
"""The part of the site map that has all but the datasets."""

_MOST_DIGITS = 2
MOST_IN_PART = 10_000
"""So many datasets are in a part called by one digit; with more, parts are called by two."""


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
    digits = _count_digits(len(others))
    if digits:
        return _send(lambda: write_index(_list_parts(others, digits)), repr(others))
    return _send(lambda: write_places(chain(others, _list_part(""))), repr(others))


@blueprint.get("/sitemap-<part>.xml")
def show_part(part: str) -> Response:
    """A part of the site map: the pages of the site, publishers and schemas, or the datasets of some shelves.

    A dataset is always in the same part, whatever else is published or withdrawn.
    """
    if part == _SITE:
        others = _list_others()
        return _send(lambda: write_places(others), part, repr(others))
    if len(part) > _MOST_DIGITS or not any(shelf.startswith(part) for shelf in SHELVES):
        raise NotFoundError(N_("The site map has no such part"))
    return _send(lambda: write_places(_list_part(part)), part)


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


def _count_digits(others: int) -> int:
    """How many digits of a shelf a part of the site map is called by: 0 where it is one file."""
    count = services().entries.count()
    if count + others <= MOST_ADDRESSES:
        return 0
    return 1 if count <= MOST_IN_PART * 16 else _MOST_DIGITS


def _list_parts(others: Sequence[Place], digits: int) -> Iterator[Place]:
    own = addresses()
    moments = [place.changed for place in others if place.changed is not None]
    yield Place(own.at(f"/sitemap-{_SITE}.xml"), max(moments, default=None))
    changes: dict[str, datetime] = {}
    for shelf, changed in services().entries.find_changes().items():
        part = shelf[:digits]
        changes[part] = max(changed, changes.get(part, changed))
    for part in sorted(changes):
        yield Place(own.at(f"/sitemap-{part}.xml"), changes[part])


def _list_part(part: str) -> Iterator[Place]:
    own = addresses()
    for name, changed in services().entries.list_changes(part):
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
